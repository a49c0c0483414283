/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned count, failed;

bool ok(bool holds, const char *format, ...)
{
    va_list args;
    printf("%sok %u - ", holds ? "" : "not ", ++count);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    failed += !holds;
    return holds;
}

void skip(const char *what, const char *why)
{
    printf("ok %u - %s # SKIP %s\n", ++count, what, why);
}

int done(void)
{
    printf("1..%u\n", count);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

unsigned seed(int argc, char **argv)
{
    const char *given = argc > 1 ? argv[1] : getenv("SEED");
    unsigned value = given && *given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
    printf("# SEED=%u\n", value);
    srandom(value);
    return value;
}
