/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration of sluiced, and its rules asked for a few targets. Lines that include other files are left out: they are the
 * administrator's, and the fuzzer's would open any. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sluiced/options.h"
#include "sluiced/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses what it was reading when it meets a syntax error; the program ends then. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

static void ask(const struct options *options)
{
    static const char *const targets[] = {"127.0.0.1:80", "192.0.2.1:443", "[::1]:80", "[64:ff9b::7f00:1]:80", "[2001:db8::1]:0"};
    struct net_addr source, target;
    struct rules *rules;
    unsigned number;
    if (rules_new(&options->rules, &rules))
        return;
    net_addr_parse("192.0.2.9", 1, &source);
    for (unsigned i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct rules_request request = {
            .user = "anna", .source = &source, .target = &target, .name = i & 1 ? "a.example." : NULL};
        net_addr_parse_port(targets[i], &target);
        enum rules_verdict verdict = rules_check(rules, &request, &number);
        assert(number <= options->rules.count && (number || verdict != RULES_REFUSED));
    }
    rules_free(rules);
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
        if (!rc)
            ask(&options);
        options_free(&options);
    }
    free(text);
    return 0;
}
