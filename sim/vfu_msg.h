/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfio-user messages, version 0.0 (docs/interop/vfio-user.rst of QEMU). Everything is in host byte order and naturally aligned.
 * Numbers that VFIO has too are those of linux/vfio.h.
 */
#ifndef SIM_VFU_MSG_H
#define SIM_VFU_MSG_H

#include <stdint.h>

enum vfu_command {
    VFU_VERSION = 1,
    VFU_DMA_MAP = 2,
    VFU_DMA_UNMAP = 3,
    VFU_GET_INFO = 4,
    VFU_GET_REGION_INFO = 5,
    VFU_GET_IRQ_INFO = 7,
    VFU_SET_IRQS = 8,
    VFU_REGION_READ = 9,
    VFU_REGION_WRITE = 10,
    VFU_DMA_READ = 11,
    VFU_DMA_WRITE = 12,
    VFU_RESET = 13,
    VFU_REGION_WRITE_MULTI = 15,
};

#define VFU_TYPE_MASK    0x0fu
#define VFU_TYPE_COMMAND 0x00u
#define VFU_TYPE_REPLY   0x01u
#define VFU_NO_REPLY     0x10u
#define VFU_ERROR        0x20u

struct vfu_header {
    uint16_t id, command;
    uint32_t size; /* of the whole message */
    uint32_t flags;
    uint32_t error; /* errno, with VFU_ERROR */
};

struct vfu_version {
    uint16_t major, minor; /* then JSON, NUL at its end */
};

#define VFU_DMA_READABLE 1u
#define VFU_DMA_WRITABLE 2u
#define VFU_DMA_KNOWN    0xfu /* the other two say how an fd may be used; it is always mapped */
struct vfu_dma_map {
    uint32_t argsz, flags;
    uint64_t offset, address, size;
};

#define VFU_UNMAP_ALL 2u
struct vfu_dma_unmap {
    uint32_t argsz, flags;
    uint64_t address, size;
};

#define VFU_INFO_RESET 1u
#define VFU_INFO_PCI   2u
struct vfu_info {
    uint32_t argsz, flags, regions, irqs;
};

#define VFU_REGION_READABLE 1u
#define VFU_REGION_WRITABLE 2u
enum { VFU_REGION_BAR0 = 0, VFU_REGION_CONFIG = 7, VFU_REGIONS = 9 };
struct vfu_region_info {
    uint32_t argsz, flags, index, cap_offset;
    uint64_t size, offset;
};

#define VFU_IRQ_EVENTFD  1u
#define VFU_IRQ_MASKABLE 2u
#define VFU_IRQ_NORESIZE 8u
enum { VFU_IRQ_MSIX = 2, VFU_IRQ_ERR = 3, VFU_IRQ_REQ = 4, VFU_IRQS = 5 };
struct vfu_irq_info {
    uint32_t argsz, flags, index, count;
};

#define VFU_SET_NONE    0x01u
#define VFU_SET_BOOL    0x02u
#define VFU_SET_EVENTFD 0x04u
#define VFU_SET_MASK    0x08u
#define VFU_SET_UNMASK  0x10u
#define VFU_SET_TRIGGER 0x20u
struct vfu_irq_set {
    uint32_t argsz, flags, index, start, count; /* then `count` bytes with VFU_SET_BOOL */
};

struct vfu_region_access {
    uint64_t offset;
    uint32_t region, count; /* then the data */
};

struct vfu_dma_access {
    uint64_t address, count; /* then the data */
};

struct vfu_write_entry { /* after a 64-bit count of them */
    uint64_t offset;
    uint32_t region, count;
    uint8_t data[8];
};

#endif
