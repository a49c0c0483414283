/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/users.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS_MAX 100000u

struct user {
    char *name, *hash;
};

struct users {
    struct user *list;
    size_t count, room;
};

void users_free(struct users *users)
{
    if (!users)
        return;
    for (size_t i = 0; i < users->count; i++) {
        free(users->list[i].name);
        OPENSSL_cleanse(users->list[i].hash, strlen(users->list[i].hash));
        free(users->list[i].hash);
    }
    free(users->list);
    free(users);
}

static int add(struct users *users, const char *name, const char *hash)
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
    struct user user = {strdup(name), strdup(hash)};
    if (!user.name || !user.hash) {
        free(user.name);
        free(user.hash);
        return -ENOMEM;
    }
    users->list[users->count++] = user;
    return 0;
}

static const struct user *find(const struct users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (!strcmp(users->list[i].name, name))
            return &users->list[i];
    }
    return NULL;
}

/* NULL, or what was expected of the line. */
static const char *read_line(struct users *users, char *line)
{
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#')
        return NULL;
    char *colon = strchr(line, ':');
    if (!colon || colon == line || colon - line > 255)
        return "expected NAME:HASH, with a name of 1 to 255 bytes";
    *colon = 0;
    if (crypt_checksalt(colon + 1) != CRYPT_SALT_OK)
        return "expected a current hash of crypt(3), as `mkpasswd -m yescrypt' or `openssl passwd -6' makes them";
    if (find(users, line))
        return "expected each name once";
    return add(users, line, colon + 1) ? "too many users, or out of memory" : NULL;
}

int users_load(const char *path, struct users **out, struct config_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        int rc = -errno;
        snprintf(error->text, sizeof error->text, "%.255s: %s", path, strerror(-rc));
        return rc;
    }
    struct users *users = calloc(1, sizeof *users);
    const char *wrong = users ? NULL : "out of memory";
    char line[1024];
    unsigned number = 0;
    while (!wrong && fgets(line, sizeof line, file)) {
        number++;
        wrong = read_line(users, line);
    }
    explicit_bzero(line, sizeof line);
    fclose(file);
    if (!wrong) {
        *out = users;
        return 0;
    }
    snprintf(error->text, sizeof error->text, "%.255s:%u: %s", path, number, wrong);
    users_free(users);
    return -EINVAL;
}

bool users_check(const struct users *users, const char *name, const char *password)
{
    const struct user *user = find(users, name);
    /* A name that does not exist costs what the first one costs. */
    const struct user *measure = user ? user : users->count ? &users->list[0] : NULL;
    if (!measure)
        return false;
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data)
        return false;
    const char *hash = crypt_r(password, measure->hash, data);
    size_t len = strlen(measure->hash);
    bool same = hash && strlen(hash) == len && !CRYPTO_memcmp(hash, measure->hash, len);
    explicit_bzero(data, sizeof *data);
    free(data);
    return user && same;
}
