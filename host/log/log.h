/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: one line each, `time=... level=... program=... event=NAME key=value ...`, written by one write(2), so that lines of
 * several threads never mix. Keys and event names are stable: they are an interface. Secrets are never given to this module.
 */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include <stdatomic.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Set once before threads start, then only read. A line longer than 1024 bytes is cut. */
struct log {
    const char *program;
    int fd;
    atomic_int level; /* enum log_level: events above it are left out; may be changed at any time */
};

/* `event` is the name; `format` gives the keys, "peer=%s bytes=%u", and may be "". Any thread. */
void log_event(const struct log *log, enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for one text of any length, as in "json={...}"; it holds no newline. */
void log_long(const struct log *log, enum log_level level, const char *event, const char *key, const char *text);

/* Makes a value of what came from outside: quoted when it is not plain, every byte that is not printable as \xHH. Cut to `size`,
 * always terminated. Returns `out`. */
const char *log_quote(char *out, size_t size, const char *text);

/* "error", "warning", "info", "debug"; -EINVAL for another name. As a config_option has it: `level` is an enum log_level. */
int log_level_parse(const char *name, void *level);

#endif
