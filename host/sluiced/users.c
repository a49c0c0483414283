/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/users.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define USERS_MAX  100000u
#define LINE_BYTES 1024

struct user {
    char *name, *hash; /* hash: "-" for none */
    char *groups;      /* "a,b", or "" */
    unsigned line;
};

struct users {
    struct user *list; /* by name, once loaded */
    size_t count, room;
    const char *measure; /* a hash that a name which does not exist is measured with */
};

static void free_user(struct user *user)
{
    free(user->name);
    if (user->hash)
        OPENSSL_cleanse(user->hash, strlen(user->hash));
    free(user->hash);
    free(user->groups);
}

void users_free(struct users *users)
{
    if (!users)
        return;
    for (size_t i = 0; i < users->count; i++)
        free_user(&users->list[i]);
    free(users->list);
    free(users);
}

static int add(struct users *users, const char *name, const char *hash, const char *groups, unsigned line)
{
    if (users->count == USERS_MAX)
        return -E2BIG;
    if (users->count == users->room) {
        size_t room = users->room ? 2 * users->room : 16;
        struct user *list = realloc(users->list, room * sizeof *list);
        if (!list)
            return -ENOMEM;
        users->list = list;
        users->room = room;
    }
    struct user user = {strdup(name), strdup(hash), strdup(groups), line};
    if (!user.name || !user.hash || !user.groups) {
        free_user(&user);
        return -ENOMEM;
    }
    users->list[users->count++] = user;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static const struct user *find(const struct users *users, const char *name)
{
    struct user key = {.name = (char *)name};
    return users->count ? bsearch(&key, users->list, users->count, sizeof key, by_name) : NULL;
}

/* NULL, or what was expected of the line. */
static const char *read_line(struct users *users, char *line, unsigned number)
{
    if (!strchr(line, '\n'))
        return strlen(line) + 1 >= LINE_BYTES ? "expected a shorter line" : "expected an end of line: the file seems to be cut";
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#')
        return NULL;
    char *hash = strchr(line, ':');
    if (!hash || hash == line || hash - line > 255)
        return "expected NAME:HASH or NAME:HASH:GROUPS, with a name of 1 to 255 bytes";
    *hash++ = 0;
    char *groups = strchr(hash, ':');
    if (groups)
        *groups++ = 0;
    if (strcmp(hash, "-") != 0 && crypt_checksalt(hash) != CRYPT_SALT_OK)
        return "expected a current hash of crypt(3), as `mkpasswd -m yescrypt' or `openssl passwd -6' makes them, or `-'";
    return add(users, line, hash, groups ? groups : "", number) ? "too many users, or out of memory" : NULL;
}

/* Orders the list. NULL, or what was expected of line `*number`. */
static const char *sort(struct users *users, unsigned *number)
{
    if (users->count)
        qsort(users->list, users->count, sizeof *users->list, by_name);
    for (size_t i = 0; i < users->count; i++) {
        const struct user *user = &users->list[i];
        if (!users->measure && strcmp(user->hash, "-") != 0)
            users->measure = user->hash;
        if (i && !by_name(user, user - 1)) {
            *number = user->line > user[-1].line ? user->line : user[-1].line;
            return "expected each name once";
        }
    }
    return NULL;
}

int users_read(FILE *file, const char *name, struct users **out, struct config_error *error)
{
    struct users *users = calloc(1, sizeof *users);
    const char *wrong = users ? NULL : "out of memory";
    char line[LINE_BYTES];
    unsigned number = 0;
    while (!wrong && fgets(line, sizeof line, file)) {
        number++;
        wrong = read_line(users, line, number);
    }
    if (!wrong && ferror(file))
        wrong = "it could not be read";
    if (!wrong && !users->count)
        wrong = "expected a user: nobody could get in"; /* or somebody is just writing it */
    if (!wrong)
        wrong = sort(users, &number);
    explicit_bzero(line, sizeof line);
    if (!wrong) {
        *out = users;
        return 0;
    }
    snprintf(error->text, sizeof error->text, "%.255s:%u: %s", name, number, wrong);
    users_free(users);
    return -EINVAL;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int users_load(const char *path, struct users **out, struct config_error *error)
{
    struct stat before, after;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &before)) {
        int rc = -errno;
        snprintf(error->text, sizeof error->text, "%.255s: %s", path, strerror(-rc));
        if (file)
            fclose(file);
        return rc;
    }
    int rc = users_read(file, path, out, error);
    if (!rc && (fstat(fileno(file), &after) || !same_file(&before, &after))) {
        snprintf(error->text, sizeof error->text, "%.255s: it has changed while it was read", path);
        users_free(*out);
        *out = NULL;
        rc = -EINVAL;
    }
    fclose(file);
    return rc;
}

bool users_has_password(const struct users *users, const char *name)
{
    const struct user *user = find(users, name);
    return user && strcmp(user->hash, "-") != 0;
}

bool users_check(const struct users *users, const char *name, const char *password)
{
    const struct user *user = find(users, name);
    /* A name that does not exist, or has no password, costs what one that has one does. */
    bool usable = users_has_password(users, name);
    const char *measure = usable ? user->hash : users->measure;
    if (!measure)
        return false;
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data)
        return false;
    const char *hash = crypt_r(password, measure, data);
    size_t len = strlen(measure);
    bool same = hash && strlen(hash) == len && !CRYPTO_memcmp(hash, measure, len);
    explicit_bzero(data, sizeof *data);
    free(data);
    return usable && same;
}

bool users_exists(const struct users *users, const char *name)
{
    return find(users, name) != NULL;
}

bool users_in_group(const struct users *users, const char *name, const char *group)
{
    const struct user *user = find(users, name);
    size_t len = strlen(group);
    for (const char *at = user ? user->groups : ""; *at; at += strcspn(at, ","), at += *at == ',') {
        if (strcspn(at, ",") == len && !strncmp(at, group, len))
            return true;
    }
    return false;
}
