/* SPDX-License-Identifier: Apache-2.0 */
/* SOCKS5 messages, parameters, records and control messages, right and wrong in every way. Expected bytes are written out by RFC
 * 1928, RFC 1929 and PROTOCOL.md. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"
#include "socks/server.h"
#include "tap.h"
#include "udp/control.h"
#include "udp/record.h"
#include "udp/refusal.h"
#include "udp/suite.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* ---- SOCKS5 messages */

static int decode_request(const uint8_t *data, size_t len)
{
    struct socks_message message;
    return socks_message_decode(data, len, &message);
}

static void test_message(void)
{
    static const uint8_t ip4[] = "\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50", name[] = "\x05\x83\x00\x03\x03"
                                                                                      "a.b\x01\xbb";
    struct socks_message m;
    uint8_t out[SOCKS_REQUEST_MAX];
    char text[300];
    int n = socks_message_decode(ip4, 10, &m);
    ok(n == 10 && m.code == SOCKS_CONNECT && !strcmp(socks_address_format(&m.address, text, sizeof text), "192.0.2.7:80"),
       "a CONNECT to an IPv4 address is read");
    ok(socks_message_encode(&m, out) == 10 && !memcmp(out, ip4, 10), "and written the same");
    n = socks_message_decode(name, 10, &m);
    ok(n == 10 && m.code == 0x83 && m.address.type == SOCKS_NAME && !strcmp(m.address.name, "a.b") && m.address.port == 443,
       "a secure request with a name is read");
    ok(socks_message_encode(&m, out) == 10 && !memcmp(out, name, 10), "and written the same");
    bool more = true;
    for (size_t i = 0; i < 10; i++)
        more &= decode_request(ip4, i) == 0 && decode_request(name, i) == 0;
    ok(more, "a request cut short anywhere asks for more");
    ok(decode_request(BYTES("\x04\x01")) == -EPROTO, "version 4 is refused");
    ok(decode_request(BYTES("\x05\x01\x01")) == -EPROTO, "RSV other than 0 is refused");
    ok(decode_request(BYTES("\x05\x01\x00\x02....")) == -EAFNOSUPPORT, "an unknown address type is told apart");
    ok(decode_request(BYTES("\x05\x01\x00\x03\x00\x00\x50")) == -EPROTO, "an empty name is refused");
    ok(decode_request(BYTES("\x05\x01\x00\x03\x03"
                            "a\0b\x00\x50")) == -EPROTO,
       "a name with a zero byte is refused");
}

static void test_small_messages(void)
{
    struct socks_greeting greeting;
    struct socks_auth auth;
    uint8_t byte, out[SOCKS_AUTH_MAX];
    ok(socks_greeting_decode(BYTES("\x05\x02\x00\x02"), &greeting) == 4 && greeting.none && greeting.password,
       "a greeting with both methods");
    ok(socks_greeting_decode(BYTES("\x05\x03\x00\x02"), &greeting) == 0, "a greeting with a method missing asks for more");
    ok(socks_greeting_decode(BYTES("\x05\x00"), &greeting) == 2 && !greeting.none, "a greeting may offer nothing");
    ok(socks_greeting_decode(BYTES("G"), &greeting) == -EPROTO, "HTTP is no greeting");
    ok(socks_auth_decode(BYTES("\x01\x02me\x03pwd"), &auth) == 8 && !strcmp(auth.user, "me") && !strcmp(auth.password, "pwd"),
       "user and password are read");
    ok(socks_auth_encode(&auth, out) == 8 && !memcmp(out, "\x01\x02me\x03pwd", 8), "and written the same");
    ok(socks_auth_decode(BYTES("\x01\x00"), &auth) == -EPROTO, "an empty user is refused");
    ok(socks_auth_decode(BYTES("\x01\x02m\0\x03pwd"), &auth) == -EPROTO, "a user with a zero byte is refused");
    ok(socks_auth_decode(BYTES("\x05"), &auth) == -EPROTO, "another version of it is refused");
    ok(socks_method_decode(BYTES("\x05\xff"), &byte) == 2 && byte == 0xff, "a method selection");
    ok(socks_auth_reply_decode(BYTES("\x01"), &byte) == 0, "half of a status asks for more");
}

static void test_udp_header(void)
{
    struct socks_address address;
    struct net_addr addr;
    uint8_t frag, out[SOCKS_UDP_MAX], fast[SOCKS_UDP_IP_MAX];
    ok(socks_udp_decode(BYTES("\0\0\0\x01\x7f\0\0\x01\0\x35payload"), &frag, &address) == 10 && !frag && address.port == 53,
       "a datagram's header is read");
    ok(socks_udp_decode(BYTES("\0\0\x02\x01\x7f\0\0\x01\0\x35"), &frag, &address) == 10 && frag == 2, "with its FRAG");
    ok(socks_udp_decode(BYTES("\0\x01\0\x01\x7f\0\0\x01\0\x35"), &frag, &address) == -EPROTO, "RSV other than 0 is refused");
    ok(socks_udp_decode(BYTES("\0\0\0\x01\x7f\0\0\x01\0"), &frag, &address) == -EPROTO, "a header cut short is refused");
    ok(socks_udp_decode(BYTES(""), &frag, &address) == -EPROTO, "so is none");
    bool same = true;
    static const char *const hosts[] = {"192.0.2.1", "2001:db8::5"};
    for (unsigned i = 0; i < 2; i++) {
        net_addr_parse(hosts[i], 4711, &addr);
        socks_address_from_addr(&addr, &address);
        size_t n = socks_udp_encode(&address, out);
        same &= n == socks_udp_encode_addr(&addr, fast) && !memcmp(out, fast, n);
    }
    ok(same, "both ways of writing it agree");
}

/* ---- parameters */

static int decode_params(const uint8_t *body, size_t len, enum socks_params_side side)
{
    struct socks_params params;
    return socks_params_decode(body, len, side, &params);
}

#define REQUEST_BODY                                                                                                             \
    "\x01\x01\x01\x02\x02\x02\x01\x03\x01\x01\x04\x08"                                                                           \
    "cidcidci"
#define REPLY_BODY                                                                                                               \
    "\x01\x01\x01\x02\x01\x02\x03\x01\x01\x04\x08"                                                                               \
    "cidcidci\x06\x04\0\0\0\x07"

static void test_params(void)
{
    struct socks_params p;
    uint8_t out[2 + SOCKS_PARAMS_MAX];
    const enum socks_params_side request = SOCKS_PARAMS_REQUEST, reply = SOCKS_PARAMS_REPLY;
    int rc = socks_params_decode(BYTES(REQUEST_BODY), request, &p);
    ok(!rc && p.suite_count == 2 && p.suites[0] == 2 && !memcmp(p.cid, "cidcidci", 8), "a request's parameters are read");
    ok(socks_params_encode(&p, request, out) == 2 + sizeof REQUEST_BODY - 1 && out[1] == sizeof REQUEST_BODY - 1 &&
           !memcmp(out + 2, REQUEST_BODY, sizeof REQUEST_BODY - 1),
       "and written the same, with their length");
    rc = socks_params_decode(BYTES(REPLY_BODY), reply, &p);
    ok(!rc && p.epoch == 7 && p.suites[0] == 2, "a reply's parameters are read");
    ok(socks_params_encode(&p, reply, out) == 2 + sizeof REPLY_BODY - 1 && !memcmp(out + 2, REPLY_BODY, sizeof REPLY_BODY - 1),
       "and written the same");
    ok(!decode_params(BYTES(REQUEST_BODY "\xc8\x02??"), request), "an unknown id is passed over");
    ok(decode_params(BYTES(REQUEST_BODY "\xc8\x02??\xc8\x00"), request) == -EPROTO, "but not twice");
    ok(decode_params(BYTES(REQUEST_BODY "\x01\x01\x01"), request) == -EPROTO, "a repeated id is refused");
    ok(decode_params(BYTES(REQUEST_BODY "\x09"), request) == -EPROTO, "an id without a length is refused");
    ok(decode_params(BYTES(REQUEST_BODY "\x09\x05four"), request) == -EPROTO, "a value cut short is refused");
    ok(decode_params(BYTES(REQUEST_BODY "\x05\x08"
                                        "deadbeef"),
                     request) == -EPROTO,
       "a take-up without its proof is refused");
    ok(decode_params(BYTES("\x01\x01\x01"), request) == -EPROTO, "missing ones are refused");
    ok(decode_params(BYTES(REQUEST_BODY), reply) == -EPROTO, "a reply with two suites is refused");
    ok(!decode_params(BYTES(REQUEST_BODY "\x06\x01?"), request), "those of the other side are passed over");
    bool all = true;
    for (size_t i = 0; i + 1 < sizeof REQUEST_BODY - 1; i++)
        all &= decode_params((const uint8_t *)REQUEST_BODY, i, request) == -EPROTO;
    ok(all, "a block cut short anywhere is refused");
}

/* ---- server's machine */

static enum socks_server_event feed(struct socks_server *server, const uint8_t *data, size_t len, size_t step)
{
    enum socks_server_event event = SOCKS_SERVER_MORE;
    while (len && event == SOCKS_SERVER_MORE) {
        size_t used;
        event = socks_server_input(server, data, len < step ? len : step, &used);
        server->out_len = 0;
        data += used;
        len -= used;
    }
    return event;
}

static void test_server(void)
{
    struct socks_server s;
    bool all = true;
    for (size_t step = 1; step < 40; step++) {
        socks_server_init(&s, false, true);
        all &= feed(&s, BYTES("\x05\x01\x00\x05\x83\0\x01\0\0\0\0\0\0\x00\x14" REQUEST_BODY), step) == SOCKS_SERVER_REQUEST &&
               s.request.code == 0x83 && s.params.suite_count == 2;
    }
    ok(all, "a secure request is taken whole, whatever pieces it comes in");
    socks_server_init(&s, true, false);
    ok(feed(&s, BYTES("\x05\x02\x00\x02\x01\x02me\x03pwd"), 100) == SOCKS_SERVER_AUTHENTICATE && !strcmp(s.auth.user, "me"),
       "user and password come out of it");
    ok(socks_server_authenticated(&s, false) == SOCKS_SERVER_FAILED && !memcmp(s.out, "\x01\x01", 2) && !s.auth.password[0],
       "refusing them ends it, and the password is wiped");
    socks_server_init(&s, true, false);
    ok(feed(&s, BYTES("\x05\x01\x00"), 1) == SOCKS_SERVER_FAILED && !memcmp(s.out, "\x05\xff", 2),
       "no acceptable method is said and ends it");
    socks_server_init(&s, false, false);
    ok(feed(&s, BYTES("\x05\x01\x00\x05\x83\0\x01\0\0\0\0\0\0"), 1) == SOCKS_SERVER_FAILED && s.out[1] == SOCKS_BAD_COMMAND,
       "a secure request where it is not allowed is `command not supported'");
    socks_server_init(&s, false, true);
    ok(feed(&s, BYTES("\x05\x01\x00\x05\x83\0\x01\0\0\0\0\0\0\xff\xff"), 1) == SOCKS_SERVER_FAILED,
       "a block of parameters that is too long ends it");
    socks_server_init(&s, false, true);
    size_t used;
    socks_server_input(&s, BYTES("\x05\x01\x00rest"), &used);
    ok(used == 3, "it takes no byte beyond the message that it waits for");
}

/* ---- records and control messages */

static void test_record(void)
{
    static const uint8_t record[] = "\x97\x03\x03\x00\x0a"
                                    "12345678ab";
    struct record_header header;
    ok(record_detect(record, 15) == RECORD_KIND_RECORD && !record_header_decode(record, 15, &header) && header.length == 10 &&
           !memcmp(header.cid, "12345678", 8),
       "a record's header is read");
    ok(record_header_decode(record, 14, &header) == -EMSGSIZE, "a length that is not the datagram's is told apart");
    ok(record_detect(record, 12) == RECORD_KIND_NOISE && record_detect(record, 0) == RECORD_KIND_NOISE,
       "a header cut short is noise");
    ok(record_detect(BYTES("\x17\x03\x03\x00\x0a"
                           "12345678ab")) == RECORD_KIND_NOISE,
       "a TLS record without bit 7 is noise");
    ok(record_detect(BYTES("\x97\x03\x01\x00\x0a"
                           "12345678ab")) == RECORD_KIND_NOISE,
       "so is another version");
    ok(record_detect(BYTES("\0\0\0\x01....")) == RECORD_KIND_NAKED, "a SOCKS5 datagram is naked UDP");
    ok(record_detect(BYTES("\0\0\0\x02....")) == RECORD_KIND_NOISE, "but not with an unknown address type");
}

static void test_control(void)
{
    struct control_message m;
    struct evbuffer *in = evbuffer_new();
    uint8_t out[8];
    evbuffer_add(in, out, control_keep_alive(out));
    evbuffer_add(in, out, control_close(CONTROL_CLOSE_IDLE, out));
    evbuffer_add(in, "\x63\x00\x01?\x02", 5);
    ok(control_take(in, &m) == 1 && m.type == CONTROL_KEEP_ALIVE && !m.length && control_close_reason(&m) == -ENOENT,
       "a keep-alive");
    ok(control_take(in, &m) == 1 && control_close_reason(&m) == CONTROL_CLOSE_IDLE, "a close notice and its reason");
    ok(control_take(in, &m) == 1 && m.type == 0x63 && control_take(in, &m) == 0, "an unknown one; then more is needed");
    evbuffer_add(in, "\xff\xff", 2);
    ok(control_take(in, &m) == -EPROTO, "one that is too long is refused");
    evbuffer_free(in);
}

/* ---- addresses, names of reasons */

static void test_addr(void)
{
    struct net_addr addr;
    char text[NET_ADDR_TEXT];
    ok(!net_addr_parse_port("[2001:db8::1]:53", &addr) && !strcmp(net_addr_format(&addr, text), "[2001:db8::1]:53"),
       "an IPv6 address with its port");
    static const char *const bad[] = {"1.2.3.4",  ":80",         "1.2.3.4:",    "1.2.3.4:x",  "1.2.3.4:65536", "::1:80",
                                      "[::1]80",  "[::1:80",     "1.2.3.4:-1",  "host:80",    "[::1]:",        "",
                                      "1.2.3:80", "[1::2::3]:1", "1.2.3.4:80 ", "1.2.3.4: 80"};
    bool all = true;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        all &= net_addr_parse_port(bad[i], &addr) == -EINVAL;
    ok(all, "what is no numeric address with a port is refused");
    static const char *const nowhere[] = {"0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1",   "127.0.0.1:0",
                                          "[::]:1",    "[ff02::1]:1", "[::ffff:127.0.0.1]:1"};
    all = true;
    for (unsigned i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        all &= !net_addr_parse_port(nowhere[i], &addr) && !net_addr_is_destination(&addr);
    ok(all, "multicast, broadcast, unspecified and mapped addresses are no destinations");
    ok(!strcmp(refusal_name(REFUSAL_NOISE), "noise") && !strcmp(refusal_name(REFUSAL_CLOSED), "closed"), "reasons have names");
    all = true;
    for (uint8_t id = 0; id < 16; id++)
        all &= (suite_by_id(id) != NULL) == (id >= 1 && id <= SUITE_COUNT);
    ok(all && suite_by_name("aes128-sha1-mte")->id == 5 && !suite_by_name("null"), "only the six suites are known");
}

int main(void)
{
    test_message();
    test_small_messages();
    test_udp_header();
    test_params();
    test_server();
    test_record();
    test_control();
    test_addr();
    return done();
}
