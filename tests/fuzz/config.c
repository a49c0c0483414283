/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration of sluiced. Lines that include other files are left out: they are the administrator's, and the fuzzer's would
 * open any. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sluiced/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses what it was reading when it meets a syntax error; the program ends then. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct options options;
    struct config_error error = {""};
    char *text = malloc(len + 1);
    if (!text)
        return 0;
    memcpy(text, data, len);
    text[len] = 0;
    if (!strstr(text, "@include")) {
        int rc = options_load_text(text, &options, &error);
        assert(!rc || error.text[0]);
        options_free(&options);
    }
    free(text);
    return 0;
}
