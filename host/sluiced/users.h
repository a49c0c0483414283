/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The users file: lines NAME:HASH or NAME:HASH:GROUP,GROUP with a hash of crypt(3), or `-' for a user who has no password (and
 * comes in by a client certificate); empty lines and lines that begin with # aside. Read once, then only read from: any thread.
 */
#ifndef SLUICED_USERS_H
#define SLUICED_USERS_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

struct users;

/* -EINVAL with FILE:LINE in `error`, or -errno of reading. A file without users, one whose last line has no end, and one that
 * changes meanwhile are wrong: somebody is writing it. */
int users_load(const char *path, struct users **users, struct config_error *error);
/* The same of an open file; `name` is for messages. */
int users_read(FILE *file, const char *name, struct users **users, struct config_error *error);
void users_free(struct users *users);
/* Slow, by the design of the hashes. As slow for a name that does not exist. */
bool users_check(const struct users *users, const char *name, const char *password);
bool users_has_password(const struct users *users, const char *name);
bool users_exists(const struct users *users, const char *name);
bool users_in_group(const struct users *users, const char *name, const char *group);

#endif
