/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI function as a whole: configuration writes, function level reset, the MSI-X table. */
#include "root.h"

#include <string.h>

#define QUIET_CLOCKS 20000u
#define FLR_CLOCKS   100000u /* the card has 16,384 to overwrite its keys, and some for the rest */

static void put32(uint8_t *to, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void write_card(struct root *r, uint32_t offset, uint32_t low, uint32_t high)
{
    uint8_t bytes[8];
    struct tlp t;

    put32(bytes, low);
    put32(bytes + 4, high);
    tlp_make_write(&t, 0, config_bar0(&r->config) + offset, bytes, 8);
    root_send(r, &t);
}

void root_update_vectors(struct root *r)
{
    for (unsigned v = 0; v < MSIX_VECTORS; v++) {
        write_card(r, SLUICE_REG_MSIX_TABLE(v), MSIX_ADDRESS, 0);
        write_card(r, SLUICE_REG_MSIX_TABLE(v) + 8, v, msix_open(&r->msix, v) ? 0 : 1);
    }
}

static void step_until_quiet(struct root *r)
{
    for (unsigned i = 0; i < QUIET_CLOCKS && !r->fault[0]; i++) {
        if (r->reads.count == 0 && r->down_count == 0 && !link_busy(&r->down))
            break;
        root_step(r);
    }
    reads_forget(&r->reads);
}

static void pulse_reset(struct root *r)
{
    unsigned clocks = 0;

    r->in.flr = true;
    root_step(r);
    r->in.flr = false;
    while (!r->out.flr_done && !r->fault[0] && clocks++ < FLR_CLOCKS)
        root_step(r);
    if (!r->out.flr_done)
        root_fail(r, "function level reset does not end");
}

void root_reset_function(struct root *r)
{
    static const uint8_t no_command[2] = {0x02, 0x00}; /* memory stays decoded, bus mastering off */

    if (r->pulled)
        return;
    (void)config_write(&r->config, 0x04, no_command, 2);
    root_apply_config(r);
    root_unmapped(r);
    root_remote_lost(r);
    step_until_quiet(r);
    root_drop_held(r);
    pulse_reset(r);
    config_reset(&r->config);
    root_apply_config(r);
    root_update_vectors(r);
    r->stats.resets++;
}

void root_pull(struct root *r, bool pulled)
{
    r->pulled = pulled;
    if (!pulled)
        root_reset_function(r);
}

void root_config_read(const struct root *r, uint32_t offset, uint8_t *to, unsigned count)
{
    if (r->pulled)
        memset(to, 0xff, count);
    else
        config_read(&r->config, offset, to, count);
}

void root_config_write(struct root *r, uint32_t offset, const uint8_t *from, unsigned count)
{
    if (r->pulled)
        return;
    if (config_write(&r->config, offset, from, count))
        root_reset_function(r);
    else
        root_apply_config(r);
}
