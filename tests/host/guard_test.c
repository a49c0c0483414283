/* SPDX-License-Identifier: Apache-2.0 */
/* Guessed passwords: how long a source and a user wait, who does not, and that the table stays bounded and fair. */
#include <stdio.h>
#include <stdlib.h>

#include "sluiced/guard.h"
#include "tap.h"

static struct guard *guard;
static time_t now = 1000;

static struct net_addr host(const char *text)
{
    struct net_addr addr;
    net_addr_parse(text, 1, &addr);
    return addr;
}

static bool may(const char *from, const char *user)
{
    struct net_addr source = host(from);
    return guard_may_try(guard, &source, user, now);
}

static void tell(const char *from, const char *user, bool right)
{
    struct net_addr source = host(from);
    guard_tell(guard, &source, user, right, now);
}

/* Seconds until that source may try again. */
static unsigned wait_of(const char *from, const char *user)
{
    time_t before = now;
    unsigned seconds = 0;
    while (!may(from, user) && seconds < 1000) {
        now++;
        seconds++;
    }
    now = before;
    return seconds;
}

static void test_source(void)
{
    for (unsigned i = 1; i < GUARD_SOURCE_FREE; i++)
        tell("192.0.2.1", "anna", false);
    ok(may("192.0.2.1", "anna"), "%d wrong passwords cost nothing", GUARD_SOURCE_FREE - 1);
    tell("192.0.2.1", "otto", false);
    ok(wait_of("192.0.2.1", "zoe") == 1, "the next one a second, for whatever user");
    tell("192.0.2.1", "otto", false);
    ok(wait_of("192.0.2.1", "zoe") == 2, "then two");
    for (unsigned i = 0; i < 100; i++)
        tell("192.0.2.1", "zoe9", false);
    ok(wait_of("192.0.2.1", "zoe") == GUARD_SOURCE_LONGEST, "and %d at most", GUARD_SOURCE_LONGEST);
    ok(may("192.0.2.2", "anna"), "another source does not wait");
    now += GUARD_FORGET_SECONDS + GUARD_SOURCE_LONGEST + 1;
    tell("192.0.2.1", "anna", false);
    ok(may("192.0.2.1", "anna"), "after a quarter of an hour it is forgotten");
    for (unsigned i = 0; i < GUARD_SOURCE_FREE; i++)
        tell(i % 2 ? "2001:db8::1" : "2001:db8::ffff:2", "anna", false);
    ok(!may("2001:db8::77", "anna") && may("2001:db8:0:1::1", "anna"), "an IPv6 source is its /64");
    for (unsigned i = 1; i < GUARD_SOURCE_FREE; i++)
        tell("192.0.2.3", "carl", false);
    tell("192.0.2.3", "carl", true);
    tell("192.0.2.3", "carl", false);
    ok(may("192.0.2.3", "carl"), "a right password starts the count again");
}

static void test_user(void)
{
    char from[32];
    tell("198.51.100.1", "vera", true);
    for (unsigned i = 0; i < GUARD_USER_FREE + 50; i++) {
        snprintf(from, sizeof from, "203.0.113.%u", i);
        tell(from, "vera", false);
    }
    ok(wait_of("203.0.113.200", "vera") == GUARD_USER_LONGEST,
       "many wrong ones for a user from everywhere: new sources wait %d s", GUARD_USER_LONGEST);
    ok(may("203.0.113.200", "anna"), "for that user");
    ok(may("198.51.100.1", "vera"), "but not where the user has come in before");
}

static void test_bounded(void)
{
    char from[32];
    for (unsigned i = 0; i < GUARD_SOURCE_FREE; i++)
        tell("192.0.2.9", "ben", false);
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(from, sizeof from, "10.%u.%u.1", i >> 8, i & 255);
        tell(from, "flood", false);
    }
    ok(!may("192.0.2.9", "ben"), "a flood of 2000 sources does not make it forget one");
    for (unsigned i = 0; i < 200000; i++) {
        snprintf(from, sizeof from, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        tell(from, "flood", false);
    }
    ok(may("10.200.0.1", "new"), "and one of 200000 takes no more memory");
}

int main(void)
{
    guard = guard_new();
    if (!guard)
        return EXIT_FAILURE;
    test_source();
    test_user();
    test_bounded();
    guard_free(guard);
    return done();
}
