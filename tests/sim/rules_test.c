/* SPDX-License-Identifier: Apache-2.0 */
/* A card that breaks a rule of PCI Express ends the simulation with status 3 and a message that names the rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fake_card.h"

#define BASE 0x200000000ull
#define ID   0x01000000u /* the card's id, where requests have it */

static void command(int fd, uint64_t address, uint32_t length, uint32_t tag, uint32_t be, uint32_t what)
{
    client_write(fd, 0, FAKE_ADDRESS, &address, 8);
    client_write32(fd, 0, FAKE_LENGTH, length);
    client_write32(fd, 0, FAKE_TAG, tag);
    client_write32(fd, 0, FAKE_BE, be);
    client_write32(fd, 0, FAKE_COMMAND, what);
}

static void bus_master(int fd, bool on)
{
    uint16_t value = on ? 6 : 2;

    client_write(fd, 7, 4, &value, 2);
}

/* Sends `n` double words as they are; `keep` 0: the right one. */
static void raw(int fd, const uint32_t *dw, unsigned n, uint32_t keep)
{
    client_write(fd, 0, FAKE_BUFFER, dw, 4 * n);
    client_write32(fd, 0, FAKE_KEEP, keep);
    command(fd, 0, n, 0, 0, FAKE_RAW);
}

static void slot(int fd)
{
    (void)client_read32(fd, 0, 0);
}

static void crosses(int fd)
{
    command(fd, BASE + 4096 - 64, 32, 0, 0xff, FAKE_WRITE);
}
static void long_write(int fd)
{
    command(fd, BASE, 33, 0, 0xff, FAKE_WRITE);
}
static void long_read(int fd)
{
    command(fd, BASE, 129, 0, 0xff, FAKE_READ);
}
static void bad_enables(int fd)
{
    command(fd, BASE, 4, 0, 0xf5, FAKE_WRITE);
}
static void bad_keep(int fd)
{
    raw(fd, (uint32_t[]){0x40000001, ID | 0xf, 0x1000, 7}, 4, 0xf00f);
}
static void bad_length(int fd)
{
    raw(fd, (uint32_t[]){0x40000002, ID | 0xff, 0x1000, 7}, 4, 0);
}
static void tag_in_use(int fd)
{
    command(fd, BASE, 4, 9, 0xff, FAKE_READ);
    command(fd, BASE, 4, 9, 0xff, FAKE_READ);
}
static void no_master(int fd)
{
    bus_master(fd, false);
    for (int i = 0; i < 40; i++)
        slot(fd);
    raw(fd, (uint32_t[]){0x40000001, ID | 0xf, 0x1000, 7}, 4, 0);
}
static void wide_low(int fd)
{
    raw(fd, (uint32_t[]){0x60000001, ID | 0xf, 0, 0x1000, 7}, 5, 0);
}
static void wrong_id(int fd)
{
    raw(fd, (uint32_t[]){0x40000001, 0x02000000 | 0xf, 0x1000, 7}, 4, 0);
}
static void relaxed(int fd)
{
    raw(fd, (uint32_t[]){0x40002001, ID | 0xf, 0x1000, 7}, 4, 0);
}
static void config_request(int fd)
{
    raw(fd, (uint32_t[]){0x04000001, ID | 0xf, 0}, 3, 0);
}
static void unasked(int fd)
{
    raw(fd, (uint32_t[]){0x4a000001, ID | 4, 0x00001f00, 0}, 4, 0);
}
static void masked_interrupt(int fd)
{
    for (int i = 0; i < 40; i++)
        slot(fd);
    raw(fd, (uint32_t[]){0x40000001, ID | 0xf, 0xfee00000, 0}, 4, 0);
}
static void fickle(int fd)
{
    client_write32(fd, 0, FAKE_COMMAND, FAKE_FICKLE);
}
static void fails(int fd)
{
    client_write32(fd, 0, FAKE_COMMAND, FAKE_FAIL);
}
static void greedy(int fd)
{
    for (uint32_t tag = 0; tag < 5; tag++)
        command(fd, BASE, 128, tag, 0xff, FAKE_READ);
}

static const struct rule {
    const char *name;
    void (*breaks)(int fd);
    const char *says;
} rules[] = {
    {"a write over a 4 KiB boundary", crosses, "crosses a 4 KiB boundary"},
    {"a write longer than MPS", long_write, "write longer than MPS"},
    {"a read longer than MRRS", long_read, "read longer than MRRS"},
    {"byte enables with a hole", bad_enables, "byte enables not contiguous"},
    {"a keep with a hole", bad_keep, "bad keep"},
    {"a length field that differs from the frame", bad_length, "length field and frame differ"},
    {"a tag that is in use", tag_in_use, "tag is in use"},
    {"a request while bus mastering is off", no_master, "bus mastering is off"},
    {"a long header for an address below 4 GiB", wide_low, "header size does not fit"},
    {"another's requester id", wrong_id, "requester id"},
    {"relaxed ordering", relaxed, "attributes"},
    {"a configuration request", config_request, "neither memory request nor completion"},
    {"a completion that was not asked for", unasked, "not asked for"},
    {"an interrupt while MSI-X is off", masked_interrupt, "MSI-X is off or masked"},
    {"a beat that goes away", fickle, "before it was taken"},
    {"reads beyond the completion credits", greedy, "receive buffer"},
    {"an assertion of the RTL", fails, "assertion failed"},
};

int main(void)
{
    /* Reads stay under way long enough for the next message to come, whatever else the machine does. */
    static const char *const options[] = {"--latency", "4000000", "--stall", "50", NULL};

    tap_plan(sizeof(rules) / sizeof(rules[0]));
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *r = &rules[i];
        struct sim sim;
        int fd = -1, status = 0;

        sim_start(&sim, SIM_FAKE, options);
        fd = client_open(&sim);
        bus_master(fd, true);
        client_map(fd, BASE, 1 << 20, 3, -1, 0);
        r->breaks(fd);
        client_send(fd, VFU_REGION_READ, 0, &(struct vfu_region_access){0, 0, 4}, 16, NULL, 0);
        status = sim_wait(&sim);
        tap_ok(status == 3 && sim_said(&sim, r->says), "%s ends the simulation: status %d, \"%s\"", r->name, status, r->says);
        unlink(sim.errors);
        close(fd);
    }
    return tap_done();
}
