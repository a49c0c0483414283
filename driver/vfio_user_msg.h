/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the vfio-user protocol (QEMU, docs/interop/vfio-user.rst), as far as a client needs them, and the checks of what a
 * server answers. Integers are in host order. No input or output here.
 */
#ifndef SLUICE_VFIO_USER_MSG_H
#define SLUICE_VFIO_USER_MSG_H

#include <stddef.h>
#include <stdint.h>

enum vu_command {
    VU_VERSION = 1,
    VU_DMA_MAP = 2,
    VU_DEVICE_GET_INFO = 4,
    VU_DEVICE_GET_REGION_INFO = 5,
    VU_DEVICE_GET_IRQ_INFO = 7,
    VU_DEVICE_SET_IRQS = 8,
    VU_REGION_READ = 9,
    VU_REGION_WRITE = 10,
    VU_DEVICE_RESET = 13,
};

#define VU_FLAG_TYPE     0x0fu
#define VU_FLAG_REPLY    0x01u
#define VU_FLAG_NO_REPLY 0x10u
#define VU_FLAG_ERROR    0x20u

struct vu_header {
    uint16_t id, command;
    uint32_t size; /* of the whole message */
    uint32_t flags, error;
};

#define VU_DMA_READ  1u
#define VU_DMA_WRITE 2u
#define VU_DMA_MMAP  4u

struct vu_dma_map {
    uint32_t argsz, flags;
    uint64_t offset, address, size;
};

#define VU_DEVICE_PCI 2u

struct vu_device_info {
    uint32_t argsz, flags, regions, irqs;
};

#define VU_REGION_BAR0   0u
#define VU_REGION_CONFIG 7u
#define VU_REGION_RW     3u

struct vu_region_info {
    uint32_t argsz, flags, index, cap_offset;
    uint64_t size, offset;
};

#define VU_IRQ_MSIX    2u
#define VU_IRQ_EVENTFD 1u

struct vu_irq_info {
    uint32_t argsz, flags, index, count;
};

#define VU_IRQ_DATA_EVENTFD   4u
#define VU_IRQ_ACTION_TRIGGER 0x20u

struct vu_irq_set {
    uint32_t argsz, flags, index, start, count;
};

struct vu_region_access {
    uint64_t offset;
    uint32_t region, count;
};

/* Longest JSON text of a VERSION message that is looked at. */
#define VU_VERSION_MAX 4096u
/* Longest body of a reply that this client asks for. */
#define VU_BODY_MAX    (2 * sizeof(uint16_t) + VU_VERSION_MAX)

/* What a server says of itself. */
struct vu_capabilities {
    uint32_t max_fds; /* in one message, at least 1 */
};

/* Writes the body of our VERSION message; returns its length. */
size_t vu_version_body(uint8_t body[VU_BODY_MAX]);
/* -EPROTO: malformed, or a version that this client does not speak. */
int vu_parse_version(const uint8_t *body, size_t len, struct vu_capabilities *capabilities);

/*
 * Checks the header of an answer to a command `id`, whose body may have `least` to `most` bytes, and tells the body's length.
 * -EPROTO: not an answer to it. An error that the server reports comes back as -errno, and the message ends with the header.
 */
int vu_check_reply(const struct vu_header *h, uint16_t id, uint16_t command, size_t least, size_t most, size_t *body);

/* Is this a device that the driver can use? -EPROTO: not. */
int vu_check_device(const struct vu_device_info *info);
int vu_check_region(const struct vu_region_info *info, uint32_t index, uint64_t least);
int vu_check_msix(const struct vu_irq_info *info);
/* The reply to a read of `count` bytes at `offset` of `region` repeats its request. */
int vu_check_access(const struct vu_region_access *said, const struct vu_region_access *asked);

#endif
