/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of sluiced: what is right is taken, and every wrong option is named with its line and what was expected. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/options.h"
#include "tap.h"

#define GOOD                                                                                                                     \
    "listeners = ( { address = \"127.0.0.1:1080\"; tls = false; }, { address = \"[::1]:1081\"; } );\n"                           \
    "tls = { certificate = \"c\"; key = \"k\"; };\n"

static void bad(const char *text, const char *message)
{
    struct options options;
    struct config_error error = {""};
    int rc = options_load_text(text, &options, &error);
    bool right = rc == -EINVAL && strstr(error.text, message);
    ok(right, "refused: %s", message);
    if (!right)
        printf("# %d: %s\n", rc, error.text);
    options_free(&options);
}

static void test_good(void)
{
    struct options options;
    struct config_error error;
    int rc = options_load_text(
        GOOD "workers = 3; replay = \"warn\"; suites = [ \"aes128-sha1-mte\" ]; idle_seconds = 7;"
             "udp = ( { address = \"0.0.0.0:1\"; }, { address = \"[::]:1\"; } ); naked = true;"
             "engine = \"sim:/x\"; balancers = [ \"10.0.0.0/8\" ]; nameservers = [ \"127.0.0.1:53\" ]; log_level = \"debug\";",
        &options, &error);
    const struct options_listener *listeners = options.listeners.items;
    ok(!rc && options.workers == 3 && options.replay == REPLAY_WARN && options.idle_seconds == 7 && options.naked &&
           !strcmp(options.engine, "sim:/x") && options.log_level == LOG_LEVEL_DEBUG,
       "options are taken");
    ok(!rc && options.listeners.count == 2 && !listeners[0].tls && listeners[1].tls &&
           net_addr_port(&listeners[1].address) == 1081,
       "lists are, with the defaults of their elements");
    ok(!rc && options.suite_allowed[5] && !options.suite_allowed[2], "only the suites named are allowed");
    options_free(&options);
    rc = options_load_text(GOOD, &options, &error);
    ok(!rc && options.workers == 1 && !strcmp(options.engine, "soft:") && options.suite_allowed[1] && options.suite_allowed[6] &&
           !options.suite_allowed[10] && options.replay == REPLAY_DROP,
       "what is absent has its default");
    options_free(&options);
}

/* The tests run at the top of the tree. */
static void test_example(void)
{
    struct options options;
    struct config_error error = {""};
    int rc = options_load("host/sluiced.conf.example", &options, &error);
    ok(!rc && options.max_connections == 4096, "the example is a good configuration %s", error.text);
    options_free(&options);
}

static void test_file(void)
{
    char path[] = "/tmp/sluice-config.XXXXXX", expected[128];
    struct options options;
    struct config_error error;
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fputs(GOOD "\n\nworkers = 0;\n", file);
    fclose(file);
    int rc = options_load(path, &options, &error);
    snprintf(expected, sizeof expected, "%s:5: option `workers': expected a number from 1 to 64, found 0", path);
    ok(rc == -EINVAL && !strcmp(error.text, expected), "a message is FILE:LINE: option, what was expected, what was found");
    options_free(&options);
    unlink(path);
    ok(options_load(path, &options, &error) == -ENOENT && strstr(error.text, path), "a file that is not there is named");
    options_free(&options);
}

int main(void)
{
    test_good();
    test_file();
    test_example();
    bad(GOOD "colour = 1;", "text:3: option `colour': unknown option; expected one of: workers, engine,");
    bad(GOOD "\nnaked = 1;", "text:4: option `naked': expected true or false, found 1");
    bad(GOOD "workers = \"two\";", "option `workers': expected a number from 1 to 64, found \"two\"");
    bad(GOOD "workers = 1.5;", "found 1.5");
    bad(GOOD "workers = 65;", "found 65");
    bad(GOOD "workers = -1;", "found -1");
    bad(GOOD "max_connections = 99999999999L;", "expected a number from 1 to 1000000");
    bad(GOOD "idle_seconds = 0;", "option `idle_seconds': expected seconds, from 1 to 86400, found 0");
    bad(GOOD "pam_service = \"../x\";", "pam_service: expected a name");
    bad(GOOD "pam_directory = \"/x\";", "pam_directory is of no use without pam_service");
    bad(GOOD "upgrade_drain_seconds = 86401;", "option `upgrade_drain_seconds': expected seconds, from 0 to 86400, found 86401");
    bad(GOOD "upgrade_socket = \"\";", "option `upgrade_socket': expected a path");
    bad(GOOD "operation_ms = 19;", "option `operation_ms': expected milliseconds, from 20 to 3600000, found 19");
    bad(GOOD "replay = \"never\";", "option `replay': expected \"drop\", \"warn\", \"terminate\" or \"off\", found \"never\"");
    bad(GOOD "suites = [ \"aes256-sha1-mte\", \"des-sha1-mte\" ];", "option `suites[1]': expected one of aes128-sha256-128-etm");
    bad(GOOD "suites = [ ];", "expected 1 to 6 elements, found 0");
    bad(GOOD "suites = \"aes256-sha1-mte\";", "option `suites': expected an array of strings");
    bad(GOOD "engine = \"\";", "option `engine': expected \"soft:\", \"sim:SOCKET\" or \"pci:ADDRESS\", found \"\"");
    bad(GOOD "log_level = \"loud\";", "option `log_level': expected \"error\"");
    bad(GOOD "nameservers = [ \"dns.example\" ];", "option `nameservers[0]': expected \"address:port\"");
    bad(GOOD "balancers = [ \"10.0.0.1/8\" ];",
        "option `balancers[0]': expected a network, as in \"192.0.2.0/24\" or \"2001:db8::/32\"");
    bad(GOOD "udp = ( { address = \"0.0.0.0\"; } );", "option `udp[0].address': expected \"address:port\"");
    bad(GOOD "udp = ( 5 );", "option `udp[0]': expected a group");
    bad(GOOD "udp = ( { address = \"0.0.0.0:1\"; }, { address = \"0.0.0.0:2\"; } );", "two addresses of one family");
    bad("workers = 1;", "`listeners' is missing; expected a list of groups");
    bad("listeners = ( );", "option `listeners': expected 1 to 16 elements, found 0");
    bad("listeners = ( { tls = false; } );", "option `listeners[0]': `address' is missing");
    bad("listeners = ( { address = \"0.0.0.0:1\"; port = 3; } );", "option `listeners[0].port': unknown option");
    bad("listeners = ( { address = \"0.0.0.0:1\"; } );", "a listener has tls = true; expected a group tls");
    bad("listeners = ( { address = \"0.0.0.0:1\"; tls = false; } ); tls = { certificate = \"c\"; key = \"k\"; };", "of no use");
    bad("listeners = ( { address = \"0.0.0.0:1\"; tls = false; } ); udp = ( { address = \"0.0.0.0:1\"; } );",
        "list udp is of no use");
    bad("listeners = ( { address = \"0.0.0.0:1\"; } );\ntls = { key = \"k\"; };",
        "text:2: option `tls': `certificate' is missing");
    bad(GOOD "admin = \"localhost\";", "admin: expected \"address:port\" or \"unix:/PATH\"");
    bad(GOOD "limits = ( { connections = -1; } );", "option `limits[0].connections': expected a number from 0 to 1000000");
    bad(GOOD "limits = ( { from = [ \"10.0.0.1/8\" ]; } );", "option `limits[0].from[0]': expected a network");
    bad(GOOD "limits = ( { speed = 1; } );", "expected one of: users, groups, from, handshakes, connections,");
    bad(GOOD "workers = ;", "text:3: syntax error");
    bad(GOOD "workers = 1; workers = 2;", "text:3: duplicate setting name");
    return done();
}
