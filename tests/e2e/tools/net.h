/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the end-to-end tools share: socket addresses as "HOST:PORT" with a numeric host ("[::1]:53" for IPv6), sockets, a clock, a
 * random generator that a seed repeats. These are test programs: what goes wrong ends them with status 2 and a line on stderr.
 */
#ifndef E2E_NET_H
#define E2E_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_addr {
    struct sockaddr_storage sa;
    socklen_t len;
};

enum { NET_TEXT = 64, NET_DATAGRAM = 65536 };

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Decimal number between `low` and `high`, else die. */
uint64_t number(const char *what, const char *text, uint64_t low, uint64_t high);

struct net_addr net_parse(const char *text);
const char *net_format(const struct net_addr *addr, char text[NET_TEXT]);
bool net_same(const struct net_addr *a, const struct net_addr *b);
uint16_t net_port(const struct net_addr *addr);
/* `type` is SOCK_DGRAM or SOCK_STREAM (which then listens). Port 0 takes a free one. */
int net_bind(int type, const struct net_addr *addr);
int net_connect(int type, const struct net_addr *addr);
struct net_addr net_local(int fd);
/* The line that a harness waits for. */
void net_announce(int fd);

/* Milliseconds of a clock that only goes forward. */
uint64_t net_now(void);

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/* True in `permille` of 1000 cases. */
bool rng_chance(struct rng *rng, unsigned permille);
void rng_fill(struct rng *rng, uint8_t *out, size_t len);

#endif
