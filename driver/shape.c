/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#define PART_BLOCK_REST 15u  /* of the block that an earlier part began */
#define PART_HEAD       21u  /* header and the longest IV */
#define PART_PADDING    256u /* and its length byte */

void shape_of(const struct sluice_sa_config *config, struct shape *shape)
{
    uint8_t nonce = (uint8_t)sluice_cipher_block(config->cipher);

    *shape = (struct shape){.padded = config->cipher != SLUICE_CIPHER_NULL,
                            .tls = form_is_tls(config->form),
                            .etm = form_is_etm(config->form),
                            .mac_len = config->mac_len};
    shape->block = shape->padded ? nonce : 1;
    shape->header = shape->tls ? TLS_HEADER_BYTES : SLUICE_UDP_HEADER_BYTES;
    shape->lead = shape->tls && shape->padded && config->form != SLUICE_FORM_TLS10 ? nonce : 0;
    shape->trail = shape->tls ? 0 : nonce;
}

/* Bytes of a record that are neither content nor padding_length nor padding. */
static uint32_t fixed_bytes(const struct shape *shape)
{
    return shape_body(shape) + shape->mac_len + shape->trail;
}

bool shape_seal(const struct shape *shape, uint32_t content, unsigned pad, struct seal_size *size)
{
    uint32_t plain = content + (shape->etm ? 0 : shape->mac_len);

    if (content > SLUICE_MAX_CONTENT) {
        return false;
    }
    size->padding = 0;
    size->encrypted = plain;
    if (shape->padded) {
        uint32_t over = (plain + 1) % shape->block;

        size->padding = (over ? shape->block - over : 0) + pad * shape->block;
        size->encrypted = plain + size->padding + 1;
    }
    size->record = fixed_bytes(shape) + (size->encrypted - (plain - content));
    return size->padding <= SLUICE_MAX_PADDING;
}

bool shape_open(const struct shape *shape, uint32_t record, struct open_size *size)
{
    uint32_t outside = shape_body(shape) + shape->trail + (shape->etm ? shape->mac_len : 0);
    uint32_t inside = (shape->etm ? 0u : shape->mac_len) + (shape->padded ? 1 : 0);

    if (record < outside + inside) {
        return false;
    }
    size->encrypted = record - outside;
    size->largest = size->encrypted - inside;
    size->write = size->largest < SLUICE_MAX_CONTENT ? size->largest : SLUICE_MAX_CONTENT;
    return size->encrypted % shape->block == 0 && size->largest <= SLUICE_MAX_CONTENT + SLUICE_MAX_PADDING;
}

uint32_t shape_part_room(enum sluice_direction direction, uint8_t mac_len, uint32_t src_len, unsigned part)
{
    uint32_t room = src_len + PART_BLOCK_REST;

    if (direction == SLUICE_DIRECTION_SEAL) {
        room += (part & SLUICE_PART_FIRST ? PART_HEAD : 0) + (part & SLUICE_PART_LAST ? mac_len + PART_PADDING : 0);
    }
    return room;
}
