/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: what is closed without any, what each condition matches, that the first match decides; the users file and its groups. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/options.h"
#include "sluiced/rules.h"
#include "sluiced/users.h"
#include "tap.h"

#define LISTENERS "listeners = ( { address = \"127.0.0.1:1\"; tls = false; } );\n"

static struct options options;
static struct rules *rules;
static struct users *users;

static void with(const char *text)
{
    char all[2048];
    struct config_error error = {""};
    rules_free(rules);
    options_free(&options);
    rules = NULL;
    snprintf(all, sizeof all, LISTENERS "rules = ( %s );", text);
    if (options_load_text(all, &options, &error) || rules_new(&options.rules, &rules)) {
        printf("Bail out! %s\n", error.text);
        exit(EXIT_FAILURE);
    }
}

static struct rules_request request_of(const char *user, const char *name, enum rules_protocol protocol)
{
    return (struct rules_request){.user = user, .users = users, .name = name, .protocol = protocol};
}

/* "allowed", "rule N" or "private" */
static void expect(const char *to, const struct rules_request *request, const char *from, const char *verdict)
{
    struct net_addr source, target;
    struct rules_request full = *request;
    char got[32];
    unsigned number;
    net_addr_parse_port(from, &source);
    if (net_addr_parse_port(to, &target))
        printf("# no address: %s\n", to);
    full.source = &source;
    full.target = &target;
    enum rules_verdict answer = rules_check(rules, &full, &number);
    if (answer == RULES_REFUSED)
        snprintf(got, sizeof got, "rule %u", number);
    else
        snprintf(got, sizeof got, "%s", answer == RULES_ALLOWED ? "allowed" : rules_verdict_name(answer));
    ok(!strcmp(got, verdict), "%s asks for %s%s%s from %s: %s", request->user ? request->user : "nobody", to,
       request->name ? " as " : "", request->name ? request->name : "", from, got);
}

static void target(const char *to, const char *verdict)
{
    struct rules_request request = request_of(NULL, NULL, RULES_CONNECT);
    expect(to, &request, "192.0.2.9:1", verdict);
}

static void named(const char *to, const char *name, const char *verdict)
{
    struct rules_request request = request_of(NULL, name, RULES_CONNECT);
    expect(to, &request, "192.0.2.9:1", verdict);
}

static void by_user(const char *user, const char *verdict)
{
    struct rules_request request = request_of(user, NULL, RULES_CONNECT);
    expect("192.0.2.1:80", &request, "192.0.2.9:1", verdict);
}

static void test_private(void)
{
    static const char *const closed[] = {
        "0.0.0.0:80",         "10.1.2.3:80",        "100.64.0.1:80",       "127.0.0.1:80",
        "127.255.255.255:80", "169.254.169.254:80", "172.16.0.1:80",       "172.31.9.9:80",
        "192.0.0.1:80",       "192.168.1.1:80",     "198.19.0.1:80",       "[::]:80",
        "[::1]:80",           "[::7f00:1]:80",      "[::ffff:8.8.8.8]:80", "[fc00::1]:80",
        "[fdff::1]:80",       "[fe80::1]:80",       "[fec0::1]:80",        "[64:ff9b::7f00:1]:80",
        "[64:ff9b:1::1]:80",  "[2002:a00:1::1]:80",
    };
    static const char *const open[] = {
        "8.8.8.8:80",       "9.255.255.255:80", "11.0.0.1:80",           "100.63.255.255:80",    "100.128.0.1:80",
        "172.15.0.1:80",    "172.32.0.1:80",    "192.0.1.1:80",          "192.169.0.1:80",       "198.20.0.1:80",
        "[2001:db8::1]:80", "[fe00::1]:80",     "[64:ff9b::808:808]:80", "[2002:808:808::1]:80",
    };
    with("");
    for (unsigned i = 0; i < sizeof closed / sizeof *closed; i++)
        target(closed[i], "private");
    for (unsigned i = 0; i < sizeof open / sizeof *open; i++)
        target(open[i], "allowed");
    with("{ action = \"allow\"; }");
    target("127.0.0.1:80", "private");
    with("{ action = \"allow\"; to = [ \"0.0.0.0/0\", \"::/0\", \"*.example\" ]; }");
    target("127.0.0.1:80", "private");
    target("[::1]:80", "private");
    named("127.0.0.1:80", "a.example", "private");
    with("{ action = \"allow\"; to = [ \"127.0.0.1\", \"10.1.0.0/16\" ]; ports = [ \"80\" ]; }");
    target("127.0.0.1:80", "allowed");
    target("127.0.0.2:80", "private");
    target("127.0.0.1:81", "private");
    target("10.1.255.1:80", "allowed");
    target("10.2.0.1:80", "private");
    named("10.1.0.1:80", "a.example", "allowed");
    with("{ action = \"allow\"; }, { action = \"allow\"; to = [ \"127.0.0.0/8\" ]; }");
    target("127.0.0.1:80", "allowed");
}

static void test_targets(void)
{
    with("{ action = \"deny\"; to = [ \"192.0.2.128/25\", \"2001:db8:1::/48\" ]; }");
    target("192.0.2.127:80", "allowed");
    target("192.0.2.128:80", "rule 1");
    target("[2001:db8:1::9]:80", "rule 1");
    target("[2001:db8:2::9]:80", "allowed");
    with("{ action = \"deny\"; to = [ \"*.Example.org\", \"bad.test\" ]; }");
    named("192.0.2.1:80", "www.example.ORG", "rule 1");
    named("192.0.2.1:80", "a.b.example.org.", "rule 1");
    named("192.0.2.1:80", "example.org", "allowed");
    named("192.0.2.1:80", "notexample.org", "allowed");
    named("192.0.2.1:80", "BAD.test.", "rule 1");
    named("192.0.2.1:80", "x.bad.test", "allowed");
    target("192.0.2.1:80", "allowed");
    with("{ action = \"allow\"; ports = [ \"443\", \"8000-8999\" ]; }, { action = \"deny\"; }");
    target("192.0.2.1:443", "allowed");
    target("192.0.2.1:8999", "allowed");
    target("192.0.2.1:9000", "rule 2");
    target("127.0.0.1:443", "rule 2");
}

static void test_protocols(void)
{
    static const char *const verdicts[] = {"allowed", "rule 1", "rule 1"};
    with("{ action = \"deny\"; protocols = [ \"udp\", \"bind\" ]; }");
    for (int i = 0; i < 3; i++) {
        struct rules_request request = request_of(NULL, NULL, (enum rules_protocol)i);
        expect("192.0.2.1:80", &request, "192.0.2.9:1", verdicts[i]);
    }
    with("{ action = \"deny\"; from = [ \"198.51.100.0/24\", \"2001:db8::/32\" ]; }");
    struct rules_request request = request_of(NULL, NULL, RULES_CONNECT);
    expect("192.0.2.1:80", &request, "198.51.100.7:1000", "rule 1");
    expect("192.0.2.1:80", &request, "198.51.101.7:1000", "allowed");
    expect("192.0.2.1:80", &request, "[2001:db8::7]:1000", "rule 1");
}

static int write_users(const char *path, const char *text, struct config_error *error)
{
    struct users *loaded = NULL;
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
    int rc = users_load(path, &loaded, error);
    if (!rc) {
        users_free(users);
        users = loaded;
    }
    return rc;
}

#define HASH "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."

static void bad_users(const char *path, const char *text, const char *message)
{
    struct config_error error = {""};
    bool refused = write_users(path, text, &error) == -EINVAL && strstr(error.text, message);
    ok(refused, "users file refused: %s", message);
    if (!refused)
        printf("# %s\n", error.text);
}

static void test_users(void)
{
    char path[] = "/tmp/sluice-users.XXXXXX";
    struct config_error error = {""};
    close(mkstemp(path));
    int rc = write_users(path, "# staff\n\nzoe:-:staff,ops\nanna:-:ops2,staff\notto:" HASH "\nben:" HASH ":\n", &error);
    ok(!rc && users_exists(users, "zoe") && users_exists(users, "ben") && !users_exists(users, "carl"), "users are found %s",
       error.text);
    ok(users_in_group(users, "zoe", "ops") && users_in_group(users, "anna", "staff") && !users_in_group(users, "anna", "ops") &&
           !users_in_group(users, "otto", "") && !users_in_group(users, "carl", "staff"),
       "and their groups");
    ok(!users_check(users, "zoe", "-") && !users_check(users, "zoe", ""), "a user without a password has none that fits");
    with("{ action = \"allow\"; users = [ \"otto\" ]; groups = [ \"staff\" ]; }, { action = \"deny\"; }");
    by_user("otto", "allowed");
    by_user("anna", "allowed");
    by_user("ben", "rule 2");
    by_user(NULL, "rule 2");
    bad_users(path, "anna:-\nanna:-\n", ":2: expected each name once");
    bad_users(path, "\nanna\n", ":2: expected NAME:HASH");
    bad_users(path, ":x\n", ":1: expected NAME:HASH");
    bad_users(path, "anna:plain\n", ":1: expected a current hash");
    ok(users_exists(users, "zoe"), "after which the former ones are still there");
    unlink(path);
}

static void bad(const char *text, const char *message)
{
    char all[1024];
    struct options wrong;
    struct config_error error = {""};
    snprintf(all, sizeof all, LISTENERS "rules = ( %s );", text);
    bool refused = options_load_text(all, &wrong, &error) == -EINVAL && strstr(error.text, message);
    ok(refused, "refused: %s", message);
    if (!refused)
        printf("# %s\n", error.text);
    options_free(&wrong);
}

static void test_bad(void)
{
    bad("{ to = [ \"::1\" ]; }", "text:2: option `rules[0]': `action' is missing; expected \"allow\" or \"deny\"");
    bad("{ action = \"maybe\"; }", "option `rules[0].action': expected \"allow\" or \"deny\", found \"maybe\"");
    bad("{ action = \"deny\"; to = [ \"10.0.0.1/8\" ]; }", "option `rules[0].to[0]': expected a network");
    bad("{ action = \"deny\"; to = [ \"10.0.0.0/33\" ]; }", "found \"10.0.0.0/33\"");
    bad("{ action = \"deny\"; to = [ \"10.0.0.300\" ]; }", "found \"10.0.0.300\"");
    bad("{ action = \"deny\"; to = [ \"a.*.example\" ]; }", "found \"a.*.example\"");
    bad("{ action = \"deny\"; to = [ \"a.example:80\" ]; }", "found \"a.example:80\"");
    bad("{ action = \"deny\"; from = [ \"a.example\" ]; }", "option `rules[0].from[0]': expected a network");
    bad("{ action = \"deny\"; ports = [ \"9-8\" ]; }", "option `rules[0].ports[0]': expected a port");
    bad("{ action = \"deny\"; ports = [ \"65536\" ]; }", "found \"65536\"");
    bad("{ action = \"deny\"; ports = [ 80 ]; }", "found 80");
    bad("{ action = \"deny\"; protocols = [ \"tcp\" ]; }", "expected \"connect\", \"bind\" or \"udp\", found \"tcp\"");
    bad("{ action = \"deny\"; colour = 1; }", "option `rules[0].colour': unknown option");
}

int main(void)
{
    test_private();
    test_targets();
    test_protocols();
    test_users();
    test_bad();
    rules_free(rules);
    options_free(&options);
    users_free(users);
    return done();
}
