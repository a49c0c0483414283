/* SPDX-License-Identifier: Apache-2.0 */
/* The vfio-user server: every command, right and wrong. Runs sluice-sim-fake, the simulation with a stand-in for the card. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "config.h"
#include "fake_card.h"
#include "sluice_regs.h"
#include "vfu_conn.h"

#define BASE 0x200000000ull

static struct sim sim;

static int memory(size_t bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
        exit(1);
    return fd;
}

static int version(int fd, uint16_t major, const char *json, size_t len)
{
    uint8_t body[4096] = {0};

    memcpy(body, &major, 2);
    memcpy(body + 4, json, len);
    return client_call(fd, VFU_VERSION, body, 4 + len, NULL, 0, NULL, 0);
}

static void test_version(void)
{
    static const char json[] = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,\"max_dma_maps\":65535,"
                               "\"pgsizes\":4096,\"migration\":{\"pgsize\":4096},\"write_multiple\":true}}";
    uint8_t body[512] = {0}, reply[512];
    struct vfu_info info = {.argsz = sizeof(info)};
    int fd = client_connect(&sim);

    tap_ok(client_call(fd, VFU_GET_INFO, &info, sizeof(info), NULL, 0, NULL, 0) == EINVAL, "a command before VERSION is refused");
    tap_ok(version(fd, 1, json, sizeof(json)) == EINVAL, "another major version is refused");
    tap_ok(version(fd, 0, json, sizeof(json) - 1) == EINVAL, "JSON without NUL is refused");
    tap_ok(version(fd, 0, "{\"capabilities\":", 17) == EINVAL, "broken JSON is refused");
    tap_ok(version(fd, 0, "[]", 3) == EINVAL, "JSON that is no object is refused");
    tap_ok(version(fd, 0, "{}\0{}", 6) == EINVAL, "text behind the NUL is refused");
    tap_ok(client_call(fd, VFU_VERSION, body, 3, NULL, 0, NULL, 0) == EINVAL, "a truncated version is refused");
    memcpy(body + 4, json, sizeof(json));
    tap_ok(client_call(fd, VFU_VERSION, body, 4 + sizeof(json), NULL, 0, reply, sizeof(reply)) == 0, "VERSION 0.0 is taken");
    tap_ok(client_reply_len <= 4 + sizeof(json) && reply[client_reply_len - 1] == 0 && strstr((char *)reply + 4, "max_msg_fds"),
           "the reply is no longer than the request, names capabilities, ends in NUL");
    tap_ok(version(fd, 0, json, sizeof(json)) == EINVAL, "a second VERSION is refused");
    close(fd);
    fd = client_connect(&sim);
    tap_ok(version(fd, 0, "{}", 3) == 0 && client_reply_len == 7, "a short request gets a short reply");
    close(fd);
    fd = client_connect(&sim);
    tap_ok(version(fd, 0, "", 0) == 0 && client_reply_len == 4, "VERSION without JSON is taken");
    close(fd);
}

static void test_information(int fd)
{
    struct vfu_info info = {.argsz = sizeof(info)};
    struct vfu_region_info region = {.argsz = sizeof(region)};
    struct vfu_irq_info irq = {.argsz = sizeof(irq), .index = VFU_IRQ_MSIX};
    bool ok = true;

    tap_ok(client_call(fd, VFU_GET_INFO, &info, sizeof(info), NULL, 0, &info, sizeof(info)) == 0 && info.flags == 3 &&
               info.regions == 9 && info.irqs == 5,
           "device information: PCI, resettable, 9 regions, 5 interrupts");
    tap_ok(client_call(fd, VFU_GET_INFO, &info, sizeof(info) - 1, NULL, 0, NULL, 0) == EINVAL, "truncated: refused");
    for (region.index = 0; region.index < 9; region.index++) {
        struct vfu_region_info r = region;

        ok &= client_call(fd, VFU_GET_REGION_INFO, &r, sizeof(r), NULL, 0, &r, sizeof(r)) == 0;
        ok &= r.size == (r.index == 0 ? 65536 : r.index == 7 ? 4096 : 0) && r.flags == (r.size ? 3 : 0);
    }
    tap_ok(ok, "regions: BAR 0 of 64 KiB, configuration of 4 KiB, no others");
    tap_ok(client_call(fd, VFU_GET_REGION_INFO, &region, sizeof(region), NULL, 0, NULL, 0) == EINVAL, "region 9 is refused");
    tap_ok(client_call(fd, VFU_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0, &irq, sizeof(irq)) == 0 && irq.count == 9 &&
               irq.flags & 1,
           "9 MSI-X vectors with eventfds");
    irq.index = 5;
    tap_ok(client_call(fd, VFU_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0, NULL, 0) == EINVAL, "interrupt index 5 is refused");
    irq.index = 0, irq.argsz = 15;
    tap_ok(client_call(fd, VFU_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0, NULL, 0) == EINVAL,
           "argsz below the structure is refused");
}

static void test_unknown(int fd)
{
    static const uint16_t commands[] = {0, 6, 11, 12, 14, 16, 17, 18, 19, 255, 65535};
    uint8_t garbage[64];
    struct vfu_header h;
    bool ok = true;

    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        ok &= client_call(fd, commands[i], garbage, 0, NULL, 0, NULL, 0) == ENOTSUP;
    tap_ok(ok, "unknown commands are answered ENOTSUP");
    client_send(fd, VFU_RESET, 3, NULL, 0, NULL, 0);
    tap_ok(client_take(fd, &h, garbage, sizeof(garbage)) == 0 && h.flags & VFU_ERROR && h.error == EINVAL,
           "a message that is neither command nor reply is refused");
    client_send(fd, VFU_DMA_READ, VFU_TYPE_REPLY, garbage, 20, NULL, 0);
    client_send(fd, VFU_DMA_WRITE, VFU_TYPE_REPLY, NULL, 0, NULL, 0);
    client_send(fd, 999, VFU_NO_REPLY, NULL, 0, NULL, 0);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC,
           "replies that nothing waits for, and commands without reply, are passed over");
}

static int access_region(int fd, uint16_t command, uint64_t offset, uint32_t region, uint32_t count, size_t data)
{
    struct vfu_region_access a = {offset, region, count};
    uint8_t body[sizeof(a) + 8192] = {0};

    memcpy(body, &a, sizeof(a));
    return client_call(fd, command, body, sizeof(a) + data, NULL, 0, NULL, 0);
}

static void test_bad_regions(int fd)
{
    tap_ok(access_region(fd, VFU_REGION_READ, 65535, 0, 2, 0) == EINVAL, "a read over the end of the BAR is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, UINT64_MAX, 0, 2, 0) == EINVAL, "an offset that wraps round is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 0, 0, UINT32_MAX, 0) == EINVAL, "a count of 4 GiB is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 0, 0, 4097, 0) == EINVAL, "a read beyond max_data_xfer_size is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 0, 0, 0, 0) == EINVAL, "a read of nothing is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 0, 1, 4, 0) == EINVAL, "a read of an empty region is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 0, 9, 4, 0) == EINVAL, "a read of region 9 is refused");
    tap_ok(access_region(fd, VFU_REGION_READ, 4093, 7, 4, 0) == EINVAL, "a read over the end of configuration space is refused");
    tap_ok(access_region(fd, VFU_REGION_WRITE, 0x8000, 0, 8, 4) == EINVAL, "a write with less data than it says is refused");
    tap_ok(access_region(fd, VFU_REGION_WRITE, 0x8000, 0, 4, 8) == EINVAL, "a write with more data than it says is refused");
    tap_ok(access_region(fd, VFU_REGION_WRITE, 65534, 0, 4, 4) == EINVAL, "a write over the end is refused");
}

static void test_regions(int fd)
{
    uint8_t there[4096], back[4096];
    bool ok = true;

    for (unsigned i = 0; i < sizeof(there); i++)
        there[i] = (uint8_t)(i * 7 + 3);
    tap_ok(client_write(fd, 0, FAKE_BUFFER, there, 4096) == 0 && client_read(fd, 0, FAKE_BUFFER, back, 4096) == 0 &&
               memcmp(there, back, 4096) == 0,
           "4 KiB go to the BAR and back");
    for (unsigned offset = 0; offset < 8; offset++) {
        for (unsigned count = 1; count < 18; count++) {
            uint8_t bytes[32];

            for (unsigned i = 0; i < count; i++)
                bytes[i] = (uint8_t)(offset * 31 + count * 17 + i);
            memcpy(there + 64 + offset, bytes, count);
            ok &= client_write(fd, 0, FAKE_BUFFER + 64 + offset, bytes, count) == 0;
            ok &= client_read(fd, 0, FAKE_BUFFER + 64 + offset, back, count) == 0 && memcmp(bytes, back, count) == 0;
            ok &= client_read(fd, 0, FAKE_BUFFER, back, 128) == 0 && memcmp(there, back, 128) == 0;
        }
    }
    tap_ok(ok, "bytes of every offset and length go to the BAR and back, and no others change");
    client_write32(fd, 0, SLUICE_REG_MSIX_TABLE(0), 0x12345678);
    tap_ok(client_read32(fd, 0, SLUICE_REG_MSIX_TABLE(0)) != 0x12345678, "the MSI-X table is the model's");
}

static void test_multi(int fd)
{
    struct {
        uint64_t n;
        struct vfu_write_entry e[3];
    } m = {3,
           {{FAKE_BUFFER, 0, 4, {1, 0, 0, 0}}, {FAKE_BUFFER + 8, 0, 8, {2, 0, 0, 0, 3, 0, 0, 0}}, {FAKE_BUFFER + 4, 0, 1, {9}}}};
    uint64_t n = 0;

    client_write32(fd, 0, FAKE_BUFFER + 4, 0);
    tap_ok(client_call(fd, VFU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0, &n, 8) == 0 && n == 3 &&
               client_read32(fd, 0, FAKE_BUFFER) == 1 && client_read32(fd, 0, FAKE_BUFFER + 12) == 3 &&
               client_read32(fd, 0, FAKE_BUFFER + 4) == 9,
           "REGION_WRITE_MULTI writes each entry");
    m.n = 4;
    tap_ok(client_call(fd, VFU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0, NULL, 0) == EINVAL,
           "more entries said than sent: refused");
    m.n = UINT64_MAX / 24 + 4;
    tap_ok(client_call(fd, VFU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0, NULL, 0) == EINVAL, "a count that overflows: refused");
    m.n = 3, m.e[0].data[0] = 77, m.e[2].count = 9;
    tap_ok(client_call(fd, VFU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0, NULL, 0) == EINVAL &&
               client_read32(fd, 0, FAKE_BUFFER) == 1,
           "one bad entry: none is written");
}

static void test_dma_maps(int fd)
{
    int mem = memory(65536), pipes[2] = {-1, -1}, two[2];
    struct vfu_dma_map m = {sizeof(m), 3, 0, BASE, 65536};

    if (pipe(pipes) < 0)
        exit(1);
    tap_ok(client_map(fd, BASE, 65536, 3, mem, 0) == 0, "DMA_MAP of a memfd");
    tap_ok(client_map(fd, BASE, 65536, 3, mem, 0) == EEXIST, "the same again: EEXIST");
    tap_ok(client_map(fd, BASE + 61440, 8192, 3, mem, 0) == EEXIST, "overlapping: EEXIST");
    tap_ok(client_map(fd, BASE - 4096, 1ull << 40, 3, -1, 0) == EEXIST, "one around it: EEXIST");
    tap_ok(client_map(fd, BASE * 2, 131072, 3, mem, 0) == EINVAL, "longer than its file: refused");
    tap_ok(client_map(fd, BASE * 2, 4096, 3, mem, 65536) == EINVAL, "behind the end of its file: refused");
    tap_ok(client_map(fd, BASE * 2, 4096, 3, mem, UINT64_MAX - 4095) == EINVAL, "offset and size that wrap round: refused");
    tap_ok(client_map(fd, UINT64_MAX - 4095, 8192, 3, -1, 0) == EINVAL, "address and size that wrap round: refused");
    tap_ok(client_map(fd, BASE * 2, 0, 3, mem, 0) == EINVAL, "empty: refused");
    tap_ok(client_map(fd, BASE * 2 + 1, 4096, 3, mem, 0) == EINVAL, "not aligned: refused");
    tap_ok(client_map(fd, BASE * 2, 4096, 0, mem, 0) == EINVAL, "neither readable nor writable: refused");
    tap_ok(client_map(fd, BASE * 2, 4096, 3, pipes[0], 0) == EINVAL, "an fd that is no file: refused");
    m.address = BASE * 2, m.size = 4096, two[0] = two[1] = mem;
    tap_ok(client_call(fd, VFU_DMA_MAP, &m, sizeof(m), two, 2, NULL, 0) == EINVAL, "two fds: refused");
    tap_ok(client_call(fd, VFU_DMA_MAP, &m, sizeof(m) - 8, &mem, 1, NULL, 0) == EINVAL, "truncated: refused");
    tap_ok(client_unmap(fd, BASE + 4096, 4096, 0) == EINVAL, "an unmap that would cut a map: refused");
    tap_ok(client_unmap(fd, BASE, 0, 0) == EINVAL, "an empty unmap: refused");
    tap_ok(client_unmap(fd, BASE - (1ull << 20), 1ull << 22, 0) == 0 && client_reply_len == 24,
           "an unmap of more than is mapped");
    tap_ok(client_unmap(fd, BASE, 65536, 0) == 0, "an unmap of nothing");
    tap_ok(client_map(fd, BASE, 65536, 3, mem, 0) == 0 && client_unmap(fd, 0, 0, 2) == 0 &&
               client_map(fd, BASE, 65536, 3, mem, 0) == 0,
           "unmap of all");
    client_unmap(fd, 0, 0, 2);
    close(mem), close(pipes[0]), close(pipes[1]);
}

static void bus_master(int fd, bool on)
{
    uint16_t command = on ? 6 : 2;

    client_write(fd, 7, 4, &command, 2);
}

static void command(int fd, uint64_t address, uint32_t length, uint32_t tag, uint32_t be, uint32_t what)
{
    client_write(fd, 0, FAKE_ADDRESS, &address, 8);
    client_write32(fd, 0, FAKE_LENGTH, length);
    client_write32(fd, 0, FAKE_TAG, tag);
    client_write32(fd, 0, FAKE_BE, be);
    client_write32(fd, 0, FAKE_COMMAND, what);
}

static uint32_t read_status(int fd)
{
    uint32_t status = FAKE_PENDING;

    for (int i = 0; i < 10000 && status == FAKE_PENDING; i++)
        status = client_read32(fd, 0, FAKE_STATUS);
    return status;
}

static void test_dma(int fd)
{
    int mem = memory(65536);
    uint8_t *at = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0), back[512];

    for (unsigned i = 0; i < 65536; i++)
        at[i] = (uint8_t)(i * 13 + (i >> 8));
    bus_master(fd, true);
    client_map(fd, BASE, 32768, 3, mem, 0);
    client_map(fd, BASE + 32768, 4096, 1, mem, 32768);
    client_map(fd, BASE + 36864, 4096, 2, mem, 36864);
    command(fd, BASE + 64, 128, 3, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 0 && client_read(fd, 0, FAKE_BUFFER, back, 512) == 0 && memcmp(back, at + 64, 512) == 0,
           "the card reads mapped memory above 4 GiB");
    tap_ok(client_read32(fd, 0, FAKE_PIECES) == 5, "a read of 512 bytes from 64 on comes in 5 completions of 128 bytes and less");
    command(fd, BASE + 8192, 32, 0, 0xff, FAKE_WRITE);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC && memcmp(back, at + 8192, 128) == 0,
           "after a BAR read, DMA writes sent before are in memory");
    command(fd, BASE + 8192 + 256, 3, 0, 0x3e, FAKE_WRITE);
    client_read32(fd, 0, 0);
    tap_ok(at[8192 + 256] != back[0] && memcmp(at + 8192 + 257, back + 1, 9) == 0 && at[8192 + 266] != back[10],
           "byte enables of a write are kept");
    command(fd, BASE + 32768, 8, 0, 0xff, FAKE_WRITE);
    client_read32(fd, 0, 0);
    tap_ok(at[32768] == (uint8_t)(32768 * 13 + 128), "a write to a map that is read-only is dropped");
    command(fd, BASE + 36864, 8, 5, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 1, "a read of a map that is write-only is answered UR");
    command(fd, BASE * 4, 8, 5, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 1, "a read of memory that is not mapped is answered UR");
    if (ftruncate(mem, 4096) < 0)
        exit(1);
    command(fd, BASE + 8192, 8, 5, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 1, "a file that shrank under its map gives UR");
    command(fd, BASE + 8192, 8, 5, 0xff, FAKE_WRITE);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC, "and drops writes");
    client_unmap(fd, 0, 0, 2);
    munmap(at, 65536);
    close(mem);
}

static void test_remote_dma(int fd)
{
    uint8_t back[256];

    client_memory_at = BASE;
    for (unsigned i = 0; i < CLIENT_MEMORY_BYTES; i++)
        client_memory[i] = (uint8_t)(i * 11 + 5);
    client_map(fd, BASE, CLIENT_MEMORY_BYTES, 3, -1, 0);
    command(fd, BASE + 4, 64, 7, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 0 && client_read(fd, 0, FAKE_BUFFER, back, 256) == 0 && memcmp(back, client_memory + 4, 256) == 0 &&
               client_reads > 0,
           "memory without fd is read by message, and a BAR access in between is answered");
    for (unsigned i = 0; i < 4; i++)
        command(fd, BASE + 4096 + 64 * i, 16, 0, 0xff, FAKE_WRITE);
    client_serve(fd, 200);
    tap_ok(memcmp(client_memory + 4096, back, 64) == 0 && memcmp(client_memory + 4096 + 192, back, 64) == 0 && client_writes == 4,
           "and written by message");
    client_refuses = true;
    command(fd, BASE + 4, 64, 7, 0xff, FAKE_READ);
    tap_ok(read_status(fd) == 1, "an error reply to DMA_READ gives UR");
    client_refuses = false;
    client_unmap(fd, 0, 0, 2);
}

static bool signalled(int fd)
{
    uint64_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 300) == 1 && read(fd, &n, 8) == 8;
}

static void test_interrupts(int fd)
{
    int e[9], one = eventfd(0, EFD_CLOEXEC);

    for (unsigned i = 0; i < 9; i++)
        e[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bus_master(fd, true);
    command(fd, 0, 0, 2, 0, FAKE_INTERRUPT);
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 9, e, 9) == 0, "SET_IRQS takes 9 eventfds");
    command(fd, 0, 0, 2, 0, FAKE_INTERRUPT);
    tap_ok(signalled(e[2]) && !signalled(e[1]), "an interrupt signals the eventfd of its vector, and no other");
    tap_ok(client_set_irqs(fd, 0x09, VFU_IRQ_MSIX, 2, 1, NULL, 0) == 0, "mask of a vector");
    command(fd, 0, 0, 2, 0, FAKE_INTERRUPT);
    tap_ok(!signalled(e[2]), "a masked vector is silent");
    tap_ok(client_set_irqs(fd, 0x11, VFU_IRQ_MSIX, 2, 1, NULL, 0) == 0, "unmask");
    command(fd, 0, 0, 2, 0, FAKE_INTERRUPT);
    tap_ok(signalled(e[2]), "and heard again");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 3, 1, NULL, 0) == 0, "an eventfd is taken away");
    command(fd, 0, 0, 3, 0, FAKE_INTERRUPT);
    tap_ok(!signalled(e[3]), "its vector is silent");
    tap_ok(client_set_irqs(fd, 0x21, VFU_IRQ_MSIX, 4, 1, NULL, 0) == 0 && signalled(e[4]), "a client triggers a vector itself");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_ERR, 0, 1, &one, 1) == 0, "an eventfd for errors");
    client_write32(fd, 7, 0x68, 0x000f);
    command(fd, 0, 0, 0, 0, FAKE_ERROR);
    tap_ok(signalled(one) && client_read32(fd, 7, 0x104) & 1u << 20, "an error that the card reports is in AER and signals it");
    tap_ok(client_set_irqs(fd, 0x21, VFU_IRQ_MSIX, 0, 0, NULL, 0) == 0, "all vectors off");
    command(fd, 0, 0, 2, 0, FAKE_INTERRUPT);
    tap_ok(!signalled(e[2]), "and silent");
    for (unsigned i = 0; i < 9; i++)
        close(e[i]);
    close(one);
}

static void test_bad_irqs(int fd)
{
    struct vfu_irq_set s = {sizeof(s), 0x22, VFU_IRQ_MSIX, 0, 9};
    int e[20];

    for (unsigned i = 0; i < 20; i++)
        e[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 10, e, 10) == EINVAL, "10 vectors are refused");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, UINT32_MAX, 2, e, 2) == EINVAL, "a start that wraps round is refused");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 9, e, 8) == EINVAL, "fewer fds than vectors are refused");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 1, e, 2) == EINVAL, "surplus fds are refused");
    tap_ok(client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 9, e, 20) == EINVAL, "more fds than a message may have are refused");
    tap_ok(client_set_irqs(fd, 0x21, VFU_IRQ_MSIX, 0, 1, e, 1) == EINVAL, "fds where none belong are refused");
    tap_ok(client_set_irqs(fd, 0x24, 0, 0, 1, e, 1) == EINVAL, "INTx is refused");
    tap_ok(client_set_irqs(fd, 0x0c, VFU_IRQ_MSIX, 0, 1, e, 1) == EINVAL, "mask by eventfd is refused");
    tap_ok(client_set_irqs(fd, 0x27, VFU_IRQ_MSIX, 0, 1, NULL, 0) == EINVAL, "two kinds of data are refused");
    tap_ok(client_set_irqs(fd, 0x39, VFU_IRQ_MSIX, 0, 1, NULL, 0) == EINVAL, "two actions are refused");
    tap_ok(client_call(fd, VFU_SET_IRQS, &s, sizeof(s), NULL, 0, NULL, 0) == EINVAL, "bools that are not there are refused");
    for (unsigned i = 0; i < 20; i++)
        close(e[i]);
}

static void test_reset(int fd)
{
    uint8_t back[4096], ones[4096];

    memset(ones, 0xff, sizeof(ones));
    client_write32(fd, 0, FAKE_BUFFER, 42);
    bus_master(fd, true);
    tap_ok(client_call(fd, VFU_RESET, NULL, 0, NULL, 0, NULL, 0) == 0 && client_read32(fd, 0, FAKE_BUFFER) == 0 &&
               (client_read32(fd, 7, 4) & 7) == 2,
           "DEVICE_RESET resets the function and turns bus mastering off");
    client_write32(fd, 0, FAKE_BUFFER, 42);
    client_write32(fd, 7, 0x68, 0x8000);
    tap_ok(client_read32(fd, 0, FAKE_BUFFER) == 0 && !(client_read32(fd, 7, 0x68) & 0x8000), "so does FLR by device control");
    tap_ok(client_call(fd, VFU_RESET, "x", 1, NULL, 0, NULL, 0) == EINVAL, "DEVICE_RESET with a body is refused");
    client_write32(fd, 0, FAKE_COMMAND, FAKE_DEAF);
    tap_ok(client_read(fd, 0, 0, back, sizeof(back)) == 0 && memcmp(back, ones, sizeof(back)) == 0,
           "a BAR read that is not answered gives all ones");
    client_call(fd, VFU_RESET, NULL, 0, NULL, 0, NULL, 0);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC, "and a reset cures the card");
    client_write32(fd, 7, 4, 0);
    client_write32(fd, 0, FAKE_BUFFER, 1);
    tap_ok(client_read32(fd, 0, 0) == UINT32_MAX, "with memory decoding off the BAR reads as all ones");
    client_write32(fd, 7, 4, 2);
    tap_ok(client_read32(fd, 0, FAKE_BUFFER) == 0, "and takes no writes");
}

static void test_next_client(void)
{
    int fd = client_open(&sim), mem = memory(4096), e = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), second = -1;
    struct vfu_header h = {.command = VFU_REGION_WRITE, .size = 64};
    struct pollfd p;

    bus_master(fd, true);
    client_map(fd, BASE, 4096, 3, mem, 0);
    client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 1, 1, &e, 1);
    client_write32(fd, 0, FAKE_BUFFER, 42);
    second = client_connect(&sim);
    p = (struct pollfd){.fd = second, .events = POLLIN};
    client_send(second, VFU_VERSION, 0, "\0\0\0\0", 4, NULL, 0);
    tap_ok(poll(&p, 1, 200) == 0, "a second client waits for the first to go");
    client_send_raw(fd, &h, sizeof(h) + 0, &mem, 1);
    close(fd);
    tap_ok(client_take(second, &h, &p, sizeof(p)) == 4,
           "a client that leaves in the middle of a message makes room for the next");
    tap_ok(client_read32(second, 0, FAKE_BUFFER) == 0 && (client_read32(second, 7, 4) & 7) == 2,
           "which finds the function reset");
    command(second, 0, 0, 1, 0, FAKE_INTERRUPT);
    tap_ok(!signalled(e) && client_map(second, BASE, 4096, 3, mem, 0) == 0, "and no map or eventfd of the former");
    close(second), close(mem), close(e);
}

/* Does the server hang up on this, and then serve the next client? */
static bool hangs_up(const void *bytes, size_t len)
{
    int fd = client_open(&sim);
    struct vfu_header h;
    bool gone = false;

    client_send_raw(fd, bytes, len, NULL, 0);
    gone = client_take(fd, &h, &h, 0) < 0;
    close(fd);
    fd = client_open(&sim);
    gone &= client_read32(fd, 0, 0) == SLUICE_MAGIC;
    close(fd);
    return gone;
}

static void test_streams(void)
{
    struct vfu_header h = {.command = VFU_GET_INFO, .size = 15};
    struct vfu_info info = {.argsz = sizeof(info)};
    uint8_t bytes[32];
    int fd = -1;

    tap_ok(hangs_up(&h, sizeof(h)), "a message shorter than its header ends the connection");
    h.size = VFU_MAX_MESSAGE + 1;
    tap_ok(hangs_up(&h, sizeof(h)), "one longer than any ends it");
    h.size = UINT32_MAX;
    tap_ok(hangs_up(&h, sizeof(h)), "and so does one of 4 GiB");
    fd = client_open(&sim);
    h.size = sizeof(h) + sizeof(info);
    memcpy(bytes, &h, sizeof(h));
    memcpy(bytes + sizeof(h), &info, sizeof(info));
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        client_send_raw(fd, bytes + i, 1, NULL, 0);
        usleep(500);
    }
    tap_ok(client_take(fd, &h, &info, sizeof(info)) == sizeof(info) && info.regions == 9, "a message may come byte by byte");
    for (unsigned i = 0; i < 20000; i++)
        client_send(fd, VFU_REGION_READ, VFU_NO_REPLY, &(struct vfu_region_access){0, 7, 64}, 16, NULL, 0);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC, "20,000 messages without reply are taken");
    close(fd);
}

/* A client that sends and never reads must not make the server grow or stop. */
static void test_deaf_client(void)
{
    struct vfu_region_access a = {0, 7, 4096};
    uint8_t message[sizeof(struct vfu_header) + sizeof(a)];
    struct vfu_header h = {.command = VFU_REGION_READ, .size = sizeof(message)};
    int fd = client_open(&sim);

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), &a, sizeof(a));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 100000 && write(fd, message, sizeof(message)) == sizeof(message); i++)
        continue;
    usleep(200000);
    close(fd);
    fd = client_open(&sim);
    tap_ok(client_read32(fd, 0, 0) == SLUICE_MAGIC, "a client that never reads its replies makes room for the next");
    close(fd);
}

int main(void)
{
    int fd = -1;

    tap_plan(114);
    sim_start(&sim, SIM_FAKE, NULL);
    test_version();
    fd = client_open(&sim);
    test_information(fd);
    test_unknown(fd);
    test_bad_regions(fd);
    test_regions(fd);
    test_multi(fd);
    test_dma_maps(fd);
    test_dma(fd);
    test_remote_dma(fd);
    test_interrupts(fd);
    test_bad_irqs(fd);
    test_reset(fd);
    close(fd);
    test_next_client();
    test_streams();
    test_deaf_client();
    tap_ok(sim_stop(&sim) == 0, "SIGTERM ends it well");
    tap_ok(access(sim.path, F_OK) < 0, "and removes the socket");
    return tap_done();
}
