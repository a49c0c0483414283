/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 1024

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static size_t put_head(char *line, size_t size, const struct log *log, enum log_level level, const char *event)
{
    static thread_local time_t second;
    static thread_local char stamp[32]; /* of that second */
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second && gmtime_r(&now.tv_sec, &tm)) {
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        second = now.tv_sec;
    }
    int n = snprintf(line, size, "time=%s.%03ldZ level=%s program=%s event=%s", stamp, now.tv_nsec / 1000000, level_names[level],
                     log->program, event);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

void log_event(const struct log *log, enum log_level level, const char *event, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&log->level, memory_order_relaxed))
        return;
    char line[LINE_BYTES];
    size_t room = sizeof line - 1; /* the newline */
    size_t used = put_head(line, room, log, level, event);
    if (*format && used + 1 < room) {
        va_list args;
        line[used++] = ' ';
        va_start(args, format);
        int n = vsnprintf(line + used, room - used, format, args);
        va_end(args);
        if (n > 0)
            used += (size_t)n < room - used ? (size_t)n : room - used - 1;
    }
    line[used++] = '\n';
    /* A log that cannot be written must not stop the program. */
    ssize_t written = write(log->fd, line, used);
    (void)written;
}

void log_long(const struct log *log, enum log_level level, const char *event, const char *key, const char *text)
{
    if ((int)level > atomic_load_explicit(&log->level, memory_order_relaxed))
        return;
    char head[LINE_BYTES];
    put_head(head, sizeof head, log, level, event);
    char *line = NULL;
    int n = asprintf(&line, "%s %s=%s\n", head, key, text);
    if (n < 0)
        return;
    ssize_t written = write(log->fd, line, (size_t)n);
    (void)written;
    free(line);
}

static int is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

const char *log_quote(char *out, size_t size, const char *text)
{
    size_t plain = 0;
    while (is_plain((unsigned char)text[plain]))
        plain++;
    if (!text[plain] && plain && plain < size) {
        memcpy(out, text, plain + 1);
        return out;
    }
    size_t n = 0;
    if (size < 8) {
        out[0] = 0;
        return out;
    }
    out[n++] = '"';
    for (; *text && n + 6 <= size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == ' ' || c == '=' || is_plain(c))
            out[n++] = (char)c;
        else
            n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
    }
    out[n++] = '"';
    out[n] = 0;
    return out;
}

int log_level_parse(const char *name, void *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (!strcmp(name, level_names[i])) {
            *(enum log_level *)level = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}
