/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS and sluice records on one connection, cut anywhere. The first byte of the input says into what parts it is cut and how much
 * is read at a time. What comes out, both ways together and in order, is the beginning of what went in.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/mux.h"

#define INPUT_MAX 60000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct sink {
    uint8_t bytes[INPUT_MAX];
    size_t len;
};

static void take(void *arg, const uint8_t *record, uint32_t len)
{
    struct sink *sink = arg;
    assert(len >= 5 + 8 && len <= MUX_RECORD_MAX && record[0] & 0x80 && len == 5u + ((unsigned)record[3] << 8 | record[4]));
    assert(sink->len + len <= sizeof sink->bytes);
    memcpy(sink->bytes + sink->len, record, len);
    sink->len += len;
}

static bool drain(BIO *bio, struct sink *sink, int most)
{
    uint8_t part[256];
    for (int n; (n = BIO_read(bio, part, most)) > 0;) {
        assert(sink->len + (size_t)n <= sizeof sink->bytes);
        memcpy(sink->bytes + sink->len, part, (size_t)n);
        sink->len += (size_t)n;
    }
    return BIO_should_retry(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sink sink;
    int fds[2];
    if (len < 1 || len > INPUT_MAX || socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
        return 0;
    size_t cut = 1 + (size_t)(data[0] & 15) * 97;
    int most = 5 + (data[0] >> 4) * 15;
    sink.len = 0;
    data++;
    len--;
    struct mux *mux = mux_new(fds[0]);
    BIO *bio = mux_bio(mux);
    mux_take_records(mux, take, &sink);
    bool going = true;
    for (size_t at = 0; going && at < len; at += cut) {
        size_t n = len - at < cut ? len - at : cut;
        going = send(fds[1], data + at, n, MSG_DONTWAIT) == (ssize_t)n && drain(bio, &sink, most);
    }
    assert(sink.len <= len && !memcmp(sink.bytes, data, sink.len));
    BIO_free(bio);
    mux_free(mux);
    close(fds[0]);
    close(fds[1]);
    return 0;
}
