/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a libconfig file into a struct, by a table of the options that there are. Whatever the table does not name, or names
 * otherwise, is an error that says file, line, option and what was expected; nothing is ignored.
 */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum config_type {
    CONFIG_BOOL,    /* bool */
    CONFIG_UINT,    /* unsigned, from min to max */
    CONFIG_STRING,  /* char *, allocated; not empty */
    CONFIG_PARSED,  /* a string given to `parse` */
    CONFIG_GROUP,   /* { ... }: a nested struct, described by `options` */
    CONFIG_STRINGS, /* [ "a", "b" ]: struct config_list of char *; at most `max` of them */
    CONFIG_LIST, /* ( { ... }, ... ): struct config_list of structs of `element` bytes, described by `options`; at most `max` */
};

struct config_list {
    void *items;
    unsigned count;
};

/* A table of these ends with a row whose name is NULL. A field whose option is absent keeps what the caller put there. */
struct config_option {
    const char *name;
    enum config_type type;
    size_t offset; /* of the field in its struct */
    bool required;
    unsigned min, max;                           /* CONFIG_UINT: range; CONFIG_STRINGS and CONFIG_LIST: number of elements */
    const char *expected;                        /* said when the value is wrong, as in "a port from 0 to 65535" */
    int (*parse)(const char *text, void *field); /* CONFIG_PARSED: 0 or -EINVAL. CONFIG_STRINGS: checks an element, field NULL */
    const struct config_option *options;         /* CONFIG_GROUP, CONFIG_LIST */
    size_t element;                              /* CONFIG_LIST */
    void (*defaults)(void *element);             /* CONFIG_LIST: fills an element before it is read; may be NULL */
};

struct config_error {
    char text[768]; /* "FILE:LINE: option `a.b': expected ..., found ..." */
};

/* `out` holds the defaults. On an error what was allocated is freed again. -ENOENT or another -errno when the file cannot be
 * read; -EINVAL for everything wrong in it. Strings among the defaults must be NULL. */
int config_load(const char *path, const struct config_option *options, void *out, struct config_error *error);

/* The same from text; `name` stands for the file in messages. */
int config_load_text(const char *text, const char *name, const struct config_option *options, void *out,
                     struct config_error *error);

/* For a `parse`: the place of `text` in `names`, which end with NULL, becomes the enum at `field`. -EINVAL: it is not there. */
int config_choose(const char *text, const char *const *names, void *field);

/* Frees strings and lists inside `out` and leaves them NULL. */
void config_free(const struct config_option *options, void *out);

#endif
