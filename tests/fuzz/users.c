/* SPDX-License-Identifier: Apache-2.0 */
/* A users file, whose names and groups are then asked for; and what comes from outside as a value in the log. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "log/log.h"
#include "sluiced/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void quote(const char *text, size_t size)
{
    char out[300];
    memset(out, 'x', sizeof out);
    log_quote(out, size, text);
    assert(strlen(out) < size);
    for (const char *p = out; *p; p++)
        assert(isprint((unsigned char)*p) && (*p != ' ' || *out == '"'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct config_error error = {""};
    struct users *users = NULL;
    char name[256];
    if (!len)
        return 0;
    FILE *file = fmemopen((void *)data, len, "r");
    int rc = users_read(file, "users", &users, &error);
    fclose(file);
    size_t n = len < sizeof name - 1 ? len : sizeof name - 1;
    memcpy(name, data, n);
    name[n] = 0;
    quote(name, 8 + data[0]);
    assert(rc ? strlen(error.text) > 0 : users != NULL);
    if (rc)
        return 0;
    name[strcspn(name, ":\r\n")] = 0;
    if (*name && *name != '#')
        assert(users_exists(users, name));
    users_in_group(users, name, "staff");
    users_free(users);
    return 0;
}
