/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *name; /* of the file, when libconfig knows none */
    struct config_error *error;
};

static void *field_of(void *out, const struct config_option *option)
{
    return (char *)out + option->offset;
}

/* ---- messages */

/* The option's path, "listeners[1].port". */
static void put_path(const config_setting_t *setting, char *out, size_t size)
{
    const config_setting_t *parent = config_setting_parent(setting);
    if (!parent) {
        out[0] = 0;
        return;
    }
    put_path(parent, out, size);
    size_t used = strlen(out);
    const char *name = config_setting_name(setting);
    if (name)
        snprintf(out + used, size - used, "%s%s", used ? "." : "", name);
    else
        snprintf(out + used, size - used, "[%d]", config_setting_index(setting));
}

static int complain(const struct reader *reader, const config_setting_t *setting, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(const struct reader *reader, const config_setting_t *setting, const char *format, ...)
{
    char path[128], what[256];
    const char *file = config_setting_source_file(setting);
    va_list args;
    put_path(setting, path, sizeof path);
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(reader->error->text, sizeof reader->error->text, "%.255s:%u: %s%s%s%s", file ? file : reader->name,
             (unsigned)config_setting_source_line(setting), *path ? "option `" : "", path, *path ? "': " : "", what);
    return -EINVAL;
}

static const char *found(const config_setting_t *setting, char *out, size_t size)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(out, size, "%lld", config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        snprintf(out, size, "%g", config_setting_get_float(setting));
        break;
    case CONFIG_TYPE_BOOL:
        snprintf(out, size, "%s", config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_STRING:
        snprintf(out, size, "\"%s\"", config_setting_get_string(setting));
        break;
    case CONFIG_TYPE_GROUP:
        snprintf(out, size, "a group { }");
        break;
    case CONFIG_TYPE_ARRAY:
        snprintf(out, size, "an array [ ]");
        break;
    default:
        snprintf(out, size, "a list ( )");
        break;
    }
    return out;
}

static int unexpected(const struct reader *reader, const config_setting_t *setting, const char *expected)
{
    char value[96];
    return complain(reader, setting, "expected %s, found %s", expected, found(setting, value, sizeof value));
}

/* ---- values */

static int read_group(const struct reader *reader, const config_setting_t *group, const struct config_option *options, void *out);
static void free_options(const struct config_option *options, void *out);

static int read_bool(const struct reader *reader, const config_setting_t *setting, bool *out)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return unexpected(reader, setting, "true or false");
    *out = config_setting_get_bool(setting);
    return 0;
}

static int read_uint(const struct reader *reader, const config_setting_t *setting, const struct config_option *option,
                     unsigned *out)
{
    char range[96];
    snprintf(range, sizeof range, "a number from %u to %u", option->min, option->max);
    int type = config_setting_type(setting);
    long long value = config_setting_get_int64(setting);
    if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || value < option->min || value > option->max)
        return unexpected(reader, setting, option->expected ? option->expected : range);
    *out = (unsigned)value;
    return 0;
}

static int read_string(const struct reader *reader, const config_setting_t *setting, const char *expected, char **out)
{
    const char *text = config_setting_get_string(setting);
    if (!text || !*text)
        return unexpected(reader, setting, expected ? expected : "a string that is not empty");
    *out = strdup(text);
    return *out ? 0 : -ENOMEM;
}

static int read_parsed(const struct reader *reader, const config_setting_t *setting, const struct config_option *option,
                       void *out)
{
    const char *text = config_setting_get_string(setting);
    if (!text || option->parse(text, out))
        return unexpected(reader, setting, option->expected);
    return 0;
}

static int check_count(const struct reader *reader, const config_setting_t *setting, const struct config_option *option)
{
    int count = config_setting_length(setting);
    if (count >= (int)option->min && count <= (int)option->max)
        return 0;
    return complain(reader, setting, "expected %u to %u elements, found %d", option->min, option->max, count);
}

static int read_strings(const struct reader *reader, const config_setting_t *setting, const struct config_option *option,
                        struct config_list *out)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return unexpected(reader, setting, "an array of strings [ \"...\" ]");
    int rc = check_count(reader, setting, option);
    int count = config_setting_length(setting);
    if (rc || !count)
        return rc;
    char **items = calloc((size_t)count, sizeof *items);
    if (!items)
        return -ENOMEM;
    out->items = (void *)items;
    for (int i = 0; i < count && !rc; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        rc = read_string(reader, item, option->expected, &items[i]);
        if (!rc && option->parse && option->parse(items[i], NULL))
            rc = unexpected(reader, item, option->expected);
        out->count++;
    }
    return rc;
}

static int read_list(const struct reader *reader, const config_setting_t *setting, const struct config_option *option,
                     struct config_list *out)
{
    if (config_setting_type(setting) != CONFIG_TYPE_LIST)
        return unexpected(reader, setting, "a list of groups ( { ... } )");
    int rc = check_count(reader, setting, option);
    int count = config_setting_length(setting);
    if (rc || !count)
        return rc;
    out->items = calloc((size_t)count, option->element);
    if (!out->items)
        return -ENOMEM;
    for (int i = 0; i < count && !rc; i++) {
        char *element = (char *)out->items + (size_t)i * option->element;
        if (option->defaults)
            option->defaults(element);
        out->count++;
        rc = read_group(reader, config_setting_get_elem(setting, (unsigned)i), option->options, element);
    }
    return rc;
}

static int read_option(const struct reader *reader, const config_setting_t *setting, const struct config_option *option,
                       void *out)
{
    void *field = field_of(out, option);
    switch (option->type) {
    case CONFIG_BOOL:
        return read_bool(reader, setting, field);
    case CONFIG_UINT:
        return read_uint(reader, setting, option, field);
    case CONFIG_STRING:
        return read_string(reader, setting, option->expected, field);
    case CONFIG_PARSED:
        return read_parsed(reader, setting, option, field);
    case CONFIG_GROUP:
        return read_group(reader, setting, option->options, field);
    case CONFIG_STRINGS:
        return read_strings(reader, setting, option, field);
    case CONFIG_LIST:
        return read_list(reader, setting, option, field);
    }
    return -EINVAL;
}

static const struct config_option *find(const struct config_option *options, const char *name)
{
    for (; options->name; options++) {
        if (!strcmp(options->name, name))
            return options;
    }
    return NULL;
}

static int unknown(const struct reader *reader, const config_setting_t *setting, const struct config_option *options)
{
    char names[192] = "";
    for (; options->name; options++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", options->name);
    }
    return complain(reader, setting, "unknown option; expected one of: %s", names);
}

static int check_required(const struct reader *reader, const config_setting_t *group, const struct config_option *options)
{
    for (; options->name; options++) {
        if (options->required && !config_setting_get_member(group, options->name))
            return complain(reader, group, "`%s' is missing; expected %s", options->name,
                            options->expected ? options->expected : "a value");
    }
    return 0;
}

static int read_group(const struct reader *reader, const config_setting_t *group, const struct config_option *options, void *out)
{
    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return unexpected(reader, group, "a group { ... }");
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const struct config_option *option = find(options, config_setting_name(setting));
        int rc = option ? read_option(reader, setting, option, out) : unknown(reader, setting, options);
        if (rc)
            return rc;
    }
    return check_required(reader, group, options);
}

/* ---- freeing */

static void free_list(struct config_list *list, const struct config_option *option)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (option->type == CONFIG_STRINGS)
            free(((char **)list->items)[i]);
        else
            free_options(option->options, (char *)list->items + (size_t)i * option->element);
    }
    free(list->items);
    *list = (struct config_list){0};
}

static void free_options(const struct config_option *options, void *out)
{
    for (; options->name; options++) {
        void *field = field_of(out, options);
        if (options->type == CONFIG_STRING) {
            free(*(char **)field);
            *(char **)field = NULL;
        } else if (options->type == CONFIG_GROUP) {
            free_options(options->options, field);
        } else if (options->type == CONFIG_STRINGS || options->type == CONFIG_LIST) {
            free_list(field, options);
        }
    }
}

int config_choose(const char *text, const char *const *names, void *field)
{
    for (unsigned i = 0; names[i]; i++) {
        if (!strcmp(text, names[i])) {
            *(unsigned *)field = i;
            return 0;
        }
    }
    return -EINVAL;
}

void config_free(const struct config_option *options, void *out)
{
    free_options(options, out);
}

/* ---- loading */

static int syntax_error(const struct reader *reader, const config_t *config)
{
    const char *file = config_error_file(config);
    snprintf(reader->error->text, sizeof reader->error->text, "%s:%d: %s", file ? file : reader->name, config_error_line(config),
             config_error_text(config));
    return -EINVAL;
}

static int take(const struct reader *reader, const config_t *config, const struct config_option *options, void *out)
{
    int rc = read_group(reader, config_root_setting(config), options, out);
    if (rc) {
        free_options(options, out);
        if (rc == -ENOMEM)
            snprintf(reader->error->text, sizeof reader->error->text, "%s: out of memory", reader->name);
    }
    return rc;
}

int config_load(const char *path, const struct config_option *options, void *out, struct config_error *error)
{
    struct reader reader = {.name = path, .error = error};
    FILE *file = fopen(path, "re");
    if (!file) {
        int rc = -errno;
        snprintf(error->text, sizeof error->text, "%s: %s", path, strerror(-rc));
        return rc;
    }
    config_t config;
    config_init(&config);
    int rc = config_read(&config, file) == CONFIG_TRUE ? take(&reader, &config, options, out) : syntax_error(&reader, &config);
    config_destroy(&config);
    fclose(file);
    return rc;
}

int config_load_text(const char *text, const char *name, const struct config_option *options, void *out,
                     struct config_error *error)
{
    struct reader reader = {.name = name, .error = error};
    config_t config;
    config_init(&config);
    int rc =
        config_read_string(&config, text) == CONFIG_TRUE ? take(&reader, &config, options, out) : syntax_error(&reader, &config);
    config_destroy(&config);
    return rc;
}
