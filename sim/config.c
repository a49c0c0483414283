/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "sluice_regs.h"

/* Where everything is, and the bits used here. Names are those of the specification. */
enum {
    COMMAND = 0x04,
    COMMAND_MEMORY = 1 << 1,
    COMMAND_MASTER = 1 << 2,
    COMMAND_WRITABLE = 0x0546, /* memory, master, parity, SERR#, INTx disable */
    STATUS = 0x06,
    STATUS_CAPABILITIES = 0x10,
    STATUS_CLEARING = 0xf900,
    REVISION_CLASS = 0x08,
    CACHE_LINE = 0x0c,
    BAR0 = 0x10,
    SUBSYSTEM = 0x2c,
    CAPABILITIES = 0x34,
    INTERRUPT_LINE = 0x3c,

    PM = 0x40,
    PM_CONTROL = PM + 4,
    PM_NO_SOFT_RESET = 1 << 3,

    MSIX = 0x50,
    MSIX_CONTROL = MSIX + 2,
    MSIX_ENABLE = 1 << 15,
    MSIX_MASK = 1 << 14,

    PCIE = 0x60,
    DEVICE_CAP = PCIE + 0x04,
    DEVICE_CONTROL = PCIE + 0x08,
    DEVICE_STATUS = PCIE + 0x0a,
    LINK_CAP = PCIE + 0x0c,
    LINK_CONTROL = PCIE + 0x10,
    LINK_STATUS = PCIE + 0x12,
    DEVICE_CAP2 = PCIE + 0x24,
    DEVICE_CONTROL2 = PCIE + 0x28,
    LINK_CAP2 = PCIE + 0x2c,
    LINK_CONTROL2 = PCIE + 0x30,
    CONTROL_FLR = 1 << 15,
    CONTROL_NONFATAL = 1 << 1,
    CONTROL_UNSUPPORTED = 1 << 3,
    DEVICE_STATUS_NONFATAL = 1 << 1,
    DEVICE_STATUS_UNSUPPORTED = 1 << 3,
    RCB_128 = 1 << 3,
    MPS_CODE_MAX = 2, /* 512 bytes */

    AER = 0x100,
    AER_STATUS = AER + 0x04,
    AER_MASK = AER + 0x08,
    AER_SEVERITY = AER + 0x0c,
    AER_CORRECTABLE_STATUS = AER + 0x10,
    AER_CORRECTABLE_MASK = AER + 0x14,
    AER_CONTROL = AER + 0x18,
    DSN = 0x150,
};
#define AER_BITS                 0x0017f010u /* errors 4, 12 to 18 and 20 */
#define AER_SEVERITY_DEFAULT     0x00062010u
#define AER_CORRECTABLE_BITS     0x000031c1u
#define AER_CORRECTABLE_ADVISORY 0x00002000u
#define BAR0_AT_FIRST            0xe0000000u /* where the model's firmware put it */

static uint32_t get(const uint8_t *space, unsigned at, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = bytes; i-- > 0;)
        v = v << 8 | space[at + i];
    return v;
}

static void put(uint8_t *space, unsigned at, unsigned bytes, uint32_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        space[at + i] = (uint8_t)(v >> (8 * i));
}

static uint32_t code(unsigned bytes)
{
    uint32_t n = 0;

    while (128u << n < bytes)
        n++;
    return n;
}

static void init_header(struct config *c)
{
    put(c->value, 0x00, 4, SLUICE_DEVICE_ID << 16 | SLUICE_VENDOR_ID);
    put(c->writable, COMMAND, 2, COMMAND_WRITABLE);
    put(c->value, STATUS, 2, STATUS_CAPABILITIES);
    put(c->clearing, STATUS, 2, STATUS_CLEARING);
    put(c->value, REVISION_CLASS, 4, SLUICE_CLASS_CODE << 8 | SLUICE_MAJOR);
    put(c->writable, CACHE_LINE, 1, 0xff);
    put(c->value, BAR0, 4, BAR0_AT_FIRST);
    put(c->writable, BAR0, 4, ~(SLUICE_BAR_BYTES - 1u));
    put(c->value, SUBSYSTEM, 4, SLUICE_SUBSYSTEM_ID << 16 | SLUICE_SUBSYSTEM_VENDOR_ID);
    put(c->value, CAPABILITIES, 1, PM);
    put(c->writable, INTERRUPT_LINE, 1, 0xff);
}

static void init_pm(struct config *c)
{
    put(c->value, PM, 4, 0x0003u << 16 | MSIX << 8 | 0x01);
    put(c->value, PM_CONTROL, 2, PM_NO_SOFT_RESET);
    put(c->writable, PM_CONTROL, 2, 3);
}

static void init_msix(struct config *c)
{
    put(c->value, MSIX, 4, (c->host.vectors - 1) << 16 | PCIE << 8 | 0x11);
    put(c->writable, MSIX_CONTROL, 2, MSIX_ENABLE | MSIX_MASK);
    put(c->value, MSIX + 4, 4, SLUICE_REG_MSIX_TABLE(0));
    put(c->value, MSIX + 8, 4, SLUICE_REG_MSIX_PBA);
}

static void init_pcie(struct config *c)
{
    put(c->value, PCIE, 4, 0x0002u << 16 | 0x10);
    put(c->value, DEVICE_CAP, 4, 1u << 28 | 1u << 15 | MPS_CODE_MAX); /* FLR, role-based error reporting */
    put(c->writable, DEVICE_CONTROL, 2, 0x70ff); /* not extended tags, phantom functions, aux power, no-snoop */
    put(c->clearing, DEVICE_STATUS, 2, 0x000f);
    put(c->value, LINK_CAP, 4, 4u << 4 | 2);    /* x4, 5 GT/s */
    put(c->writable, LINK_CONTROL, 2, 0x00c8);  /* RCB, common clock, extended synch */
    put(c->value, LINK_STATUS, 2, 4u << 4 | 2); /* x4, 5 GT/s */
    put(c->value, DEVICE_CAP2, 4, 1u << 4);     /* completion time-out can be disabled */
    put(c->writable, DEVICE_CONTROL2, 2, 1u << 4);
    put(c->value, LINK_CAP2, 4, 3u << 1); /* 2.5 and 5 GT/s */
    put(c->value, LINK_CONTROL2, 2, 2);
    put(c->writable, LINK_CONTROL2, 2, 0x0f);
}

static void init_extended(struct config *c)
{
    put(c->value, AER, 4, (uint32_t)DSN << 20 | 2u << 16 | 0x0001);
    put(c->clearing, AER_STATUS, 4, AER_BITS);
    put(c->writable, AER_MASK, 4, AER_BITS);
    put(c->value, AER_SEVERITY, 4, AER_SEVERITY_DEFAULT);
    put(c->writable, AER_SEVERITY, 4, AER_BITS);
    put(c->clearing, AER_CORRECTABLE_STATUS, 4, AER_CORRECTABLE_BITS);
    put(c->value, AER_CORRECTABLE_MASK, 4, AER_CORRECTABLE_ADVISORY);
    put(c->writable, AER_CORRECTABLE_MASK, 4, AER_CORRECTABLE_BITS);
    put(c->value, DSN, 4, 1u << 16 | 0x0003);
    put(c->value, DSN + 4, 4, 0x53494d00); /* "SIM" */
    put(c->value, DSN + 8, 4, SLUICE_MAGIC);
}

static void init_host(struct config *c)
{
    put(c->value, COMMAND, 2, COMMAND_MEMORY);
    put(c->value, DEVICE_CONTROL, 2, code(c->host.mrrs) << 12 | code(c->host.mps) << 5);
    put(c->value, LINK_CONTROL, 2, c->host.rcb == 128 ? RCB_128 : 0);
}

void config_init(struct config *c, const struct config_host *host)
{
    memset(c, 0, sizeof(*c));
    c->host = *host;
    init_header(c);
    init_pm(c);
    init_msix(c);
    init_pcie(c);
    init_extended(c);
    init_host(c);
}

void config_reset(struct config *c)
{
    struct config_host host = c->host;
    uint32_t bar = config_bar0(c);

    config_init(c, &host);
    put(c->value, BAR0, 4, bar);
}

void config_read(const struct config *c, uint32_t offset, uint8_t *to, unsigned count)
{
    assert(offset <= CONFIG_BYTES && count <= CONFIG_BYTES - offset);
    memcpy(to, c->value + offset, count);
}

bool config_write(struct config *c, uint32_t offset, const uint8_t *from, unsigned count)
{
    uint8_t power = c->value[PM_CONTROL] & 3, asked = 0;

    assert(offset <= CONFIG_BYTES && count <= CONFIG_BYTES - offset);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = offset + i;

        c->value[at] = (uint8_t)((c->value[at] & ~c->writable[at]) | (from[i] & c->writable[at]));
        c->value[at] &= (uint8_t) ~(from[i] & c->clearing[at]);
    }
    asked = c->value[PM_CONTROL] & 3;
    if (asked == 1 || asked == 2) /* D1 and D2 are not there: the write has no effect */
        c->value[PM_CONTROL] = (uint8_t)((c->value[PM_CONTROL] & ~3) | power);
    return offset <= DEVICE_CONTROL + 1 && offset + count > DEVICE_CONTROL + 1 &&
           from[DEVICE_CONTROL + 1 - offset] & CONTROL_FLR >> 8;
}

static bool in_d0(const struct config *c)
{
    return (c->value[PM_CONTROL] & 3) == 0;
}

bool config_bus_master(const struct config *c)
{
    return in_d0(c) && get(c->value, COMMAND, 2) & COMMAND_MASTER;
}

bool config_memory(const struct config *c)
{
    return in_d0(c) && get(c->value, COMMAND, 2) & COMMAND_MEMORY;
}

uint32_t config_bar0(const struct config *c)
{
    return get(c->value, BAR0, 4) & ~(SLUICE_BAR_BYTES - 1u);
}

uint8_t config_mps(const struct config *c)
{
    uint32_t n = get(c->value, DEVICE_CONTROL, 2) >> 5 & 7;

    return (uint8_t)(n > MPS_CODE_MAX ? MPS_CODE_MAX : n);
}

uint8_t config_mrrs(const struct config *c)
{
    uint32_t n = get(c->value, DEVICE_CONTROL, 2) >> 12 & 7;

    return (uint8_t)(n > 5 ? 0 : n);
}

bool config_rcb(const struct config *c)
{
    return get(c->value, LINK_CONTROL, 2) & RCB_128;
}

bool config_msix_enable(const struct config *c)
{
    return get(c->value, MSIX_CONTROL, 2) & MSIX_ENABLE;
}

bool config_msix_mask(const struct config *c)
{
    return get(c->value, MSIX_CONTROL, 2) & MSIX_MASK;
}

void config_set_msix_enable(struct config *c, bool on)
{
    uint32_t control = get(c->value, MSIX_CONTROL, 2) & ~(uint32_t)MSIX_ENABLE;

    put(c->value, MSIX_CONTROL, 2, control | (on ? MSIX_ENABLE : 0));
}

/* All four are non-fatal uncorrectable errors (section 6.2.7). */
bool config_report(struct config *c, enum config_error error)
{
    static const uint8_t bit[] = {
        [CONFIG_ERR_UNSUPPORTED] = 20, [CONFIG_ERR_POISONED] = 12, [CONFIG_ERR_TIMEOUT] = 14, [CONFIG_ERR_UNEXPECTED] = 16};
    uint32_t flag = 1u << bit[error];
    uint32_t control = get(c->value, DEVICE_CONTROL, 2);
    uint32_t enabling = CONTROL_NONFATAL | (error == CONFIG_ERR_UNSUPPORTED ? CONTROL_UNSUPPORTED : 0);

    c->value[DEVICE_STATUS] |= DEVICE_STATUS_NONFATAL | (error == CONFIG_ERR_UNSUPPORTED ? DEVICE_STATUS_UNSUPPORTED : 0);
    put(c->value, AER_STATUS, 4, get(c->value, AER_STATUS, 4) | flag);
    return (control & enabling) == enabling && !(get(c->value, AER_MASK, 4) & flag);
}
