/* SPDX-License-Identifier: Apache-2.0 */
/* sluice-sim with the Verilated card: what it says of itself, a command through the admin queue, resets, and a quiet idle. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "sluice_regs.h"

#define BASE       0x300000000ull
#define RING_BYTES 4096u
#define DEPTH_LOG2 2u

/* Layout of the test's memory: submission ring, completion ring, what identify writes. */
enum { SQ = 0, CQ = RING_BYTES, DATA = 2 * RING_BYTES, ALL = 3 * RING_BYTES };

static void setup_admin(int fd)
{
    uint16_t command = 6;

    client_write(fd, 7, 4, &command, 2);
    client_write32(fd, 0, SLUICE_REG_AQ_SQ_LO, (uint32_t)(BASE + SQ));
    client_write32(fd, 0, SLUICE_REG_AQ_SQ_HI, (uint32_t)(BASE >> 32));
    client_write32(fd, 0, SLUICE_REG_AQ_CQ_LO, (uint32_t)(BASE + CQ));
    client_write32(fd, 0, SLUICE_REG_AQ_CQ_HI, (uint32_t)(BASE >> 32));
    client_write32(fd, 0, SLUICE_REG_AQ_CTRL, SLUICE_AQ_CTRL_ENABLE_MASK << SLUICE_AQ_CTRL_ENABLE_SHIFT | DEPTH_LOG2);
}

static void put_identify(uint8_t *memory)
{
    struct sluice_sqe e = {
        .op = SLUICE_OP_IDENTIFY, .cookie = 0x1122334455667788, .dst = BASE + DATA, .dst_len = {SLUICE_IDENTIFY_BYTES}};

    memcpy(memory + SQ, &e, sizeof(e));
    memset(memory + CQ, 0, RING_BYTES);
}

static bool identified(const uint8_t *memory)
{
    struct sluice_cqe c;
    struct sluice_identify id;

    memcpy(&c, memory + CQ, sizeof(c));
    memcpy(&id, memory + DATA, sizeof(id));
    return c.cookie == 0x1122334455667788 && c.status == SLUICE_STATUS_OK && c.phase == 1 && c.sq_head == 1 &&
           id.magic == SLUICE_MAGIC;
}

static bool ready(int fd)
{
    for (int i = 0; i < 10000; i++)
        if (client_read32(fd, 0, SLUICE_REG_STATUS) & SLUICE_STATUS_READY_MASK << SLUICE_STATUS_READY_SHIFT)
            return true;
    return false;
}

/* Until then the card has work of its own. */
static bool seeded(int fd)
{
    for (int i = 0; i < 600; i++) {
        if (client_read32(fd, 0, SLUICE_REG_HEALTH) & SLUICE_HEALTH_ENTROPY_SEEDED)
            return true;
        usleep(50000);
    }
    return false;
}

static void test_identify(const struct sim *sim)
{
    int fd = client_open(sim), memory = memfd_create("test", MFD_CLOEXEC), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct pollfd p = {.fd = event, .events = POLLIN};
    uint8_t *at = NULL;

    if (memory < 0 || ftruncate(memory, ALL) < 0)
        exit(1);
    at = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    tap_ok(ready(fd), "the card becomes ready");
    client_map(fd, BASE, ALL, 3, memory, 0);
    client_set_irqs(fd, 0x24, VFU_IRQ_MSIX, 0, 1, &event, 1);
    setup_admin(fd);
    put_identify(at);
    client_write32(fd, 0, SLUICE_REG_CQ_DOORBELL(0), 1u << 31);
    client_write32(fd, 0, SLUICE_REG_SQ_DOORBELL(0), 1);
    tap_ok(poll(&p, 1, 20000) == 1, "a command on the admin queue ends in an interrupt");
    tap_ok(identified(at), "and its data and completion are in memory by then");
    client_call(fd, VFU_RESET, NULL, 0, NULL, 0, NULL, 0);
    tap_ok(ready(fd) && client_read32(fd, 0, SLUICE_REG_AQ_CTRL) == 0 && client_read32(fd, 0, SLUICE_REG_AQ_SQ_LO) == 0,
           "a reset takes the admin queue away");
    munmap(at, ALL);
    close(fd), close(memory), close(event);
}

static void test_remote(const struct sim *sim)
{
    int fd = client_open(sim);

    client_memory_at = BASE;
    client_map(fd, BASE, ALL, 3, -1, 0);
    if (!ready(fd))
        exit(1);
    setup_admin(fd);
    put_identify(client_memory);
    client_write32(fd, 0, SLUICE_REG_SQ_DOORBELL(0), 1);
    client_serve(fd, 1000);
    tap_ok(identified(client_memory), "the same with memory that the client serves by messages");
    close(fd);
}

static void test_registers(const struct sim *sim)
{
    uint32_t both[2] = {0}, features = 0;
    uint8_t one = 0;
    int fd = client_open(sim);

    client_read(fd, 0, SLUICE_REG_MAGIC, both, 8);
    tap_ok(both[0] == SLUICE_MAGIC && both[1] == (SLUICE_MAJOR << 16 | SLUICE_MINOR), "magic and version in one read of 8 bytes");
    features = client_read32(fd, 0, SLUICE_REG_FEATURES);
    client_read(fd, 0, SLUICE_REG_FEATURES + 1, &one, 1);
    tap_ok(one == (uint8_t)(features >> 8), "a read of one byte");
    tap_ok((client_read32(fd, 7, 0x70) >> 16 & 0x3ff) == 0x42, "the link status says 5 GT/s, four lanes");
    close(fd);
}

/* The mark: less than 1 % of a core. */
static void test_idle(const struct sim *sim)
{
    int fd = client_open(sim);
    double before = 0, used = 0;

    if (!ready(fd) || !seeded(fd))
        exit(1);
    usleep(300000);
    before = sim_cpu(sim);
    sleep(3);
    used = sim_cpu(sim) - before;
    tap_ok(used <= 0.03, "idle for 3 s with a client, it uses less than 1 %% of a core (%.2f s)", used);
    close(fd);
}

/* Signals it until configuration space reads as it should. */
static bool pull(const struct sim *sim, int fd, bool pulled)
{
    unsigned tries = 0;

    kill(sim->pid, SIGUSR1);
    while ((client_read32(fd, 7, 0) == UINT32_MAX) != pulled && tries++ < 500)
        usleep(10000);
    return (client_read32(fd, 7, 0) == UINT32_MAX) == pulled;
}

static void test_pulled(const struct sim *sim)
{
    int fd = client_open(sim);
    bool out = pull(sim, fd, true);

    client_write32(fd, 0, SLUICE_REG_PING, 1);
    tap_ok(out && client_read32(fd, 0, SLUICE_REG_MAGIC) == UINT32_MAX &&
               client_call(fd, VFU_RESET, NULL, 0, NULL, 0, NULL, 0) == 0,
           "SIGUSR1 pulls the card out: all reads give ones, and a reset does nothing");
    tap_ok(pull(sim, fd, false) && client_read32(fd, 0, SLUICE_REG_MAGIC) == SLUICE_MAGIC && ready(fd) &&
               client_read32(fd, 0, SLUICE_REG_PONG) == 0,
           "another puts it back, reset");
    close(fd);
}

/* Of the line "BAR ... reads (N clocks at worst) ..." of the statistics; 0: not there. */
static unsigned long worst_read(const struct sim *sim)
{
    char line[256];
    unsigned long worst = 0;
    FILE *f = fopen(sim->errors, "r");

    while (f && fgets(line, sizeof(line), f)) {
        const char *bracket = strchr(line, '(');

        if (strncmp(line, "BAR ", 4) == 0 && bracket)
            worst = strtoul(bracket + 1, NULL, 10);
    }
    if (f)
        fclose(f);
    return worst;
}

int main(void)
{
    static const char *const plain[] = {"--stats", NULL};
    static const char *const rough[] = {"--split", "random", "--reorder", "--stall", "40", NULL};
    struct sim sim;
    int status = 0;

    tap_plan(19);
    sim_start(&sim, SIM_CARD, plain);
    test_registers(&sim);
    test_identify(&sim);
    test_remote(&sim);
    test_idle(&sim);
    test_pulled(&sim);
    kill(sim.pid, SIGTERM);
    status = sim_wait(&sim);
    tap_ok(status == 0 && access(sim.path, F_OK) < 0, "SIGTERM ends it and removes the socket");
    tap_ok(worst_read(&sim) > 0 && worst_read(&sim) <= SLUICE_MMIO_ANSWER_CLOCKS,
           "no register read took more than %u clocks (%lu)", SLUICE_MMIO_ANSWER_CLOCKS, worst_read(&sim));
    unlink(sim.errors);
    sim_start(&sim, SIM_CARD, rough);
    test_identify(&sim);
    test_remote(&sim);
    tap_ok(sim_stop(&sim) == 0, "a rough host, and no complaint");
    return tap_done();
}
