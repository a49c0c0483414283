/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of path checks, heartbeats and alerts, and control messages: what decodes must encode to something that says the same.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "udp/control.h"
#include "udp/signal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void path(const uint8_t *data, uint32_t len)
{
    struct signal signal;
    uint8_t out[SIGNAL_PATH_BYTES];
    if (signal_path_decode(data, len, &signal))
        return;
    signal_path_encode(&signal, out);
    assert(len == sizeof out && !memcmp(out, data, len));
}

static bool same(const struct signal *a, const struct signal *b)
{
    return a->kind == b->kind && a->size == b->size && !memcmp(a->cookie, b->cookie, SIGNAL_COOKIE);
}

static void heartbeat(const uint8_t *data, uint32_t len)
{
    struct signal first, second;
    uint8_t out[2048];
    if (signal_heartbeat_decode(data, len, &first) || len > sizeof out)
        return;
    signal_heartbeat_encode(&first, out, len);
    int rc = signal_heartbeat_decode(out, len, &second);
    assert(!rc && same(&first, &second) && !memcmp(out, data, 3 + SIGNAL_COOKIE));
}

static void alert(const uint8_t *data, uint32_t len)
{
    uint8_t out[SIGNAL_ALERT_BYTES];
    int found = signal_alert_decode(data, len);
    if (found < 0)
        return;
    signal_alert_encode((enum signal_alert)found, out);
    assert(len == sizeof out && !memcmp(out, data, len));
}

static void message(const struct control_message *m)
{
    struct control_rekey rekey;
    uint8_t out[CONTROL_OUT_MAX];
    bool is_rekey = m->type == CONTROL_REKEY || m->type == CONTROL_REKEYED || m->type == CONTROL_REKEY_DONE;
    if (is_rekey && !control_rekey_decode(m, &rekey)) {
        unsigned n = control_rekey(m->type, &rekey, out);
        assert(n == CONTROL_HEADER + m->length && !memcmp(out + CONTROL_HEADER, m->body, m->length));
    }
    int transport = m->type == CONTROL_TRANSPORT ? control_transport_decode(m) : -1;
    if (transport >= 0) {
        unsigned n = control_transport((enum control_transport)transport, out);
        assert(n == CONTROL_HEADER + m->length && out[CONTROL_HEADER] == m->body[0]);
    }
    (void)control_close_reason(m);
    (void)control_is_rekey_wanted(m);
}

/* In two parts, as TCP may bring it. */
static void control(const uint8_t *data, size_t len)
{
    struct control_message m;
    struct evbuffer *in = evbuffer_new();
    int rc = 0;
    for (unsigned part = 0; in && part < 2 && rc >= 0; part++) {
        size_t half = len / 2;
        evbuffer_add(in, part ? data + half : data, part ? len - half : half);
        while ((rc = control_take(in, &m)) > 0)
            message(&m);
    }
    if (in)
        evbuffer_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    path(data, (uint32_t)len);
    heartbeat(data, (uint32_t)len);
    alert(data, (uint32_t)len);
    control(data, len);
    return 0;
}
