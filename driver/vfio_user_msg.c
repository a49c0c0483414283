/* SPDX-License-Identifier: Apache-2.0 */
#include "vfio_user_msg.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#define MAJOR           0u
#define MINOR           0u
/* What the specification gives a server that does not say. */
#define DEFAULT_MAX_FDS 1u
#define MOST_FDS        64u
#define MOST_ERRNO      4095u

static const char our_capabilities[] = "{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":1048576}}";

size_t vu_version_body(uint8_t body[VU_BODY_MAX])
{
    const uint16_t version[2] = {MAJOR, MINOR};

    memcpy(body, version, sizeof version);
    memcpy(body + sizeof version, our_capabilities, sizeof our_capabilities);
    return sizeof version + sizeof our_capabilities;
}

/* `text` ends in NUL. */
static int parse_capabilities(const char *text, size_t len, struct vu_capabilities *capabilities)
{
    json_t *root = json_loadb(text, len - 1, JSON_REJECT_DUPLICATES, NULL);
    json_t *fds = json_object_get(json_object_get(root, "capabilities"), "max_msg_fds");
    json_int_t value = json_integer_value(fds);
    int err = json_is_object(root) && (!fds || (json_is_integer(fds) && value > 0)) ? 0 : -EPROTO;

    if (!err && fds) {
        capabilities->max_fds = value < (json_int_t)MOST_FDS ? (uint32_t)value : MOST_FDS;
    }
    json_decref(root);
    return err;
}

int vu_parse_version(const uint8_t *body, size_t len, struct vu_capabilities *capabilities)
{
    uint16_t version[2];

    capabilities->max_fds = DEFAULT_MAX_FDS;
    if (len < sizeof version) {
        return -EPROTO;
    }
    memcpy(version, body, sizeof version);
    body += sizeof version;
    len -= sizeof version;
    if (version[0] != MAJOR) {
        return -EPROTO;
    }
    if (len == 0) {
        return 0;
    }
    if (len > VU_VERSION_MAX || body[len - 1] != '\0') {
        return -EPROTO;
    }
    return parse_capabilities((const char *)body, len, capabilities);
}

int vu_check_reply(const struct vu_header *h, uint16_t id, uint16_t command, size_t least, size_t most, size_t *body)
{
    *body = 0;
    if (h->id != id || h->command != command || (h->flags & VU_FLAG_TYPE) != VU_FLAG_REPLY || h->size < sizeof *h) {
        return -EPROTO;
    }
    if (h->flags & VU_FLAG_ERROR) {
        return h->size == sizeof *h && h->error > 0 && h->error <= MOST_ERRNO ? -(int)h->error : -EPROTO;
    }
    if (h->size - sizeof *h < least || h->size - sizeof *h > most) {
        return -EPROTO;
    }
    *body = h->size - sizeof *h;
    return 0;
}

static int proto(bool good)
{
    return good ? 0 : -EPROTO;
}

int vu_check_device(const struct vu_device_info *info)
{
    return proto(info->flags & VU_DEVICE_PCI && info->regions > VU_REGION_CONFIG && info->irqs > VU_IRQ_MSIX);
}

int vu_check_region(const struct vu_region_info *info, uint32_t index, uint64_t least)
{
    return proto(info->index == index && (info->flags & VU_REGION_RW) == VU_REGION_RW && info->size >= least);
}

int vu_check_msix(const struct vu_irq_info *info)
{
    return proto(info->index == VU_IRQ_MSIX && info->flags & VU_IRQ_EVENTFD && info->count > 0);
}

int vu_check_access(const struct vu_region_access *said, const struct vu_region_access *asked)
{
    return proto(said->offset == asked->offset && said->region == asked->region && said->count == asked->count);
}
