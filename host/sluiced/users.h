/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The users file: lines NAME:HASH with a hash of crypt(3), empty lines and lines that begin with # aside. Read once, then only
 * read from: any thread.
 */
#ifndef SLUICED_USERS_H
#define SLUICED_USERS_H

#include <stdbool.h>

#include "config/config.h"

struct users;

/* -EINVAL with FILE:LINE in `error`, or -errno of reading. */
int users_load(const char *path, struct users **users, struct config_error *error);
void users_free(struct users *users);
/* Slow, by the design of the hashes. As slow for a name that does not exist. */
bool users_check(const struct users *users, const char *name, const char *password);

#endif
