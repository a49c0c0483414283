/* SPDX-License-Identifier: Apache-2.0 */
/* The server's SOCKS5 machine, fed in pieces (the first byte says how), and every message decoder; what decodes must encode to
 * the same. */
#include <assert.h>
#include <string.h>

#include "socks/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void machine(const uint8_t *data, size_t len, size_t step, bool password)
{
    struct socks_server server;
    socks_server_init(&server, password, true);
    while (len) {
        size_t used = 0, piece = len < step ? len : step;
        enum socks_server_event event = socks_server_input(&server, data, piece, &used);
        assert(used <= piece && server.out_len <= sizeof server.out);
        if (event == SOCKS_SERVER_FAILED || event == SOCKS_SERVER_REQUEST)
            break;
        if (event == SOCKS_SERVER_AUTHENTICATE) {
            assert(server.auth.user[0]);
            socks_server_authenticated(&server, len & 1);
        }
        assert(used || server.out_len || event == SOCKS_SERVER_AUTHENTICATE);
        server.out_len = 0;
        data += used;
        len -= used;
    }
    socks_server_clear(&server);
}

static void messages(const uint8_t *data, size_t len)
{
    struct socks_message message;
    struct socks_greeting greeting;
    struct socks_auth auth;
    struct socks_address address;
    struct net_addr addr;
    char text[300];
    uint8_t out[SOCKS_AUTH_MAX], byte;
    int n = socks_message_decode(data, len, &message);
    if (n > 0) {
        assert(socks_message_encode(&message, out) == (size_t)n && !memcmp(out, data, (size_t)n));
        socks_address_format(&message.address, text, sizeof text);
    }
    n = socks_auth_decode(data, len, &auth);
    assert(n <= 0 || (socks_auth_encode(&auth, out) == n && !memcmp(out, data, (size_t)n)));
    n = socks_udp_decode(data, len, &byte, &address);
    assert(n && n <= (int)len);
    if (n > 0 && !socks_address_to_addr(&address, &addr))
        assert(socks_udp_encode_addr(&addr, out) == (size_t)n && !memcmp(out + 3, data + 3, (size_t)n - 3));
    socks_greeting_decode(data, len, &greeting);
    socks_method_decode(data, len, &byte);
    socks_auth_reply_decode(data, len, &byte);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!len)
        return 0;
    machine(data + 1, len - 1, 1u + (data[0] & 63), data[0] & 64);
    messages(data + 1, len - 1);
    return 0;
}
