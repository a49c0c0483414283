/* SPDX-License-Identifier: Apache-2.0 */
#include "socks/params.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static bool is_of_side(unsigned id, enum socks_params_side side)
{
    if (id == SOCKS_PARAM_TAKE_UP)
        return side == SOCKS_PARAMS_REQUEST;
    if (id >= SOCKS_PARAM_EPOCH)
        return side == SOCKS_PARAMS_REPLY;
    return true;
}

/* A list of one-byte values in a request, exactly one in a reply. */
static int get_list(const uint8_t *value, unsigned len, enum socks_params_side side, uint8_t *out, unsigned max, unsigned *count)
{
    if (!len || (side == SOCKS_PARAMS_REPLY && len != 1))
        return -EPROTO;
    *count = len < max ? len : max;
    memcpy(out, value, *count);
    return 0;
}

static int get_fixed(const uint8_t *value, unsigned len, void *out, unsigned want)
{
    if (len != want)
        return -EPROTO;
    memcpy(out, value, want);
    return 0;
}

static int get_take_up(const uint8_t *value, unsigned len, struct socks_params *params)
{
    if (len != sizeof params->take_up_cid + sizeof params->take_up_proof)
        return -EPROTO;
    memcpy(params->take_up_cid, value, sizeof params->take_up_cid);
    memcpy(params->take_up_proof, value + sizeof params->take_up_cid, sizeof params->take_up_proof);
    return 0;
}

static int get_epoch(const uint8_t *value, unsigned len, uint32_t *epoch)
{
    if (len != 4)
        return -EPROTO;
    *epoch = (uint32_t)get16(value) << 16 | get16(value + 2);
    return 0;
}

static int get_16(const uint8_t *value, unsigned len, uint16_t *out)
{
    if (len != 2)
        return -EPROTO;
    *out = get16(value);
    return 0;
}

static int get_param(unsigned id, const uint8_t *value, unsigned len, enum socks_params_side side, struct socks_params *params)
{
    switch ((enum socks_param)id) {
    case SOCKS_PARAM_VERSION:
        return get_fixed(value, len, &params->version, 1);
    case SOCKS_PARAM_SUITES:
        return get_list(value, len, side, params->suites, sizeof params->suites, &params->suite_count);
    case SOCKS_PARAM_NONCE_MODES:
        return get_list(value, len, side, params->nonce_modes, sizeof params->nonce_modes, &params->nonce_mode_count);
    case SOCKS_PARAM_CID:
        return get_fixed(value, len, params->cid, sizeof params->cid);
    case SOCKS_PARAM_TAKE_UP:
        return get_take_up(value, len, params);
    case SOCKS_PARAM_EPOCH:
        return get_epoch(value, len, &params->epoch);
    case SOCKS_PARAM_GRACE:
        return get_16(value, len, &params->grace);
    case SOCKS_PARAM_MTU:
        return get_16(value, len, &params->mtu);
    }
    return 0;
}

static uint32_t required(enum socks_params_side side)
{
    uint32_t both = 1u << SOCKS_PARAM_VERSION | 1u << SOCKS_PARAM_SUITES | 1u << SOCKS_PARAM_NONCE_MODES | 1u << SOCKS_PARAM_CID;
    return side == SOCKS_PARAMS_REPLY ? both | 1u << SOCKS_PARAM_EPOCH : both;
}

int socks_params_decode(const uint8_t *body, size_t len, enum socks_params_side side, struct socks_params *params)
{
    uint8_t seen[256] = {0};
    memset(params, 0, sizeof *params);
    while (len) {
        if (len < 2 || len < 2u + body[1] || seen[body[0]])
            return -EPROTO;
        unsigned id = body[0], value_len = body[1];
        seen[id] = 1;
        if (id >= SOCKS_PARAM_VERSION && id <= SOCKS_PARAM_MTU && is_of_side(id, side)) {
            int rc = get_param(id, body + 2, value_len, side, params);
            if (rc)
                return rc;
            params->present |= 1u << id;
        }
        body += 2 + value_len;
        len -= 2 + value_len;
    }
    return (params->present & required(side)) == required(side) ? 0 : -EPROTO;
}

static uint8_t *put(uint8_t *out, enum socks_param id, const void *value, size_t len)
{
    out[0] = (uint8_t)id;
    out[1] = (uint8_t)len;
    memcpy(out + 2, value, len);
    return out + 2 + len;
}

static uint8_t *put16(uint8_t *out, enum socks_param id, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    return put(out, id, bytes, sizeof bytes);
}

static uint8_t *put_request(const struct socks_params *params, uint8_t *out)
{
    if (!SOCKS_PARAMS_HAS(params, SOCKS_PARAM_TAKE_UP))
        return out;
    uint8_t value[sizeof params->take_up_cid + sizeof params->take_up_proof];
    memcpy(value, params->take_up_cid, sizeof params->take_up_cid);
    memcpy(value + sizeof params->take_up_cid, params->take_up_proof, sizeof params->take_up_proof);
    return put(out, SOCKS_PARAM_TAKE_UP, value, sizeof value);
}

static uint8_t *put_reply(const struct socks_params *params, uint8_t *out)
{
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_EPOCH)) {
        uint8_t epoch[4] = {(uint8_t)(params->epoch >> 24), (uint8_t)(params->epoch >> 16), (uint8_t)(params->epoch >> 8),
                            (uint8_t)params->epoch};
        out = put(out, SOCKS_PARAM_EPOCH, epoch, sizeof epoch);
    }
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_GRACE))
        out = put16(out, SOCKS_PARAM_GRACE, params->grace);
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_MTU))
        out = put16(out, SOCKS_PARAM_MTU, params->mtu);
    return out;
}

size_t socks_params_encode(const struct socks_params *params, enum socks_params_side side, uint8_t *out)
{
    uint8_t *p = out + 2;
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_VERSION))
        p = put(p, SOCKS_PARAM_VERSION, &params->version, 1);
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_SUITES))
        p = put(p, SOCKS_PARAM_SUITES, params->suites, params->suite_count);
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_NONCE_MODES))
        p = put(p, SOCKS_PARAM_NONCE_MODES, params->nonce_modes, params->nonce_mode_count);
    if (SOCKS_PARAMS_HAS(params, SOCKS_PARAM_CID))
        p = put(p, SOCKS_PARAM_CID, params->cid, sizeof params->cid);
    p = side == SOCKS_PARAMS_REQUEST ? put_request(params, p) : put_reply(params, p);
    size_t body = (size_t)(p - out) - 2;
    out[0] = (uint8_t)(body >> 8);
    out[1] = (uint8_t)body;
    return body + 2;
}
