/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device under test: the Verilated card behind plain C. Ports are those of rtl/sluice_card.sv without their suffixes.
 * dut.cpp owns the model; a test may put another implementation in its place.
 */
#ifndef SIM_DUT_H
#define SIM_DUT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dut;

/* Bits of rx_user (7-series PCIe block, 128-bit receive stream). */
#define DUT_RX_SOF       (1u << 14)
#define DUT_RX_SOF_DW(n) ((uint32_t)(n) << 12)
#define DUT_RX_EOF       (1u << 21)
#define DUT_RX_EOF_DW(n) ((uint32_t)(n) << 19 | 3u << 17)
#define DUT_RX_BAR0      (1u << 2)
#define DUT_RX_POISONED  (1u << 1)

/* What the card's noise source gives: a bit every 16 clocks while it is wanted. Biased: three ones to a zero. */
enum dut_noise { DUT_NOISE_GOOD, DUT_NOISE_BIASED, DUT_NOISE_STUCK, DUT_NOISE_OFF };

struct dut_config {
    uint16_t id; /* bus, device, function */
    bool bus_master;
    uint8_t mps, mrrs; /* codes of the device control register */
    bool rcb;
    bool msix_enable, msix_mask;
    bool link_up;
    uint8_t cpl_hdr;   /* completion header credits */
    uint16_t cpl_data; /* completion data credits, 16 bytes each */
    bool self_test;    /* strap: memories and lanes are tested after power on */
    enum dut_noise noise;
    unsigned hang_lanes; /* a lane stops within one of so many records, until the lanes are reset; 0: none */
};

struct dut_in {
    bool rst_n;
    bool flr; /* one clock */
    bool rx_valid;
    uint32_t rx_data[4];
    uint32_t rx_user;
    bool tx_ready;
};

struct dut_out {
    bool rx_ready;
    bool tx_valid, tx_last;
    uint32_t tx_data[4];
    uint16_t tx_keep;
    uint8_t tx_user;
    bool flr_done;
    bool err_ur, err_poisoned, err_cpl_timeout, err_cpl_unexpected;
    bool idle;
    bool lane_hung; /* a lane stopped in this clock */
    bool failed;    /* an assertion of the RTL; it has printed what */
};

/* NULL on failure. `seed` decides what registers and memories hold at first; `firmware` is a file, NULL that of the build. */
struct dut *dut_new(uint64_t seed, const char *firmware);
void dut_free(struct dut *d);
void dut_configure(struct dut *d, const struct dut_config *c);
/* One clock: `in` is applied, `out` is what the outputs show before the rising edge, then the edge comes. */
void dut_step(struct dut *d, const struct dut_in *in, struct dut_out *out);
/* True when this build can write a trace. Opens it; the file is complete after dut_free. 0 or -errno. */
bool dut_can_trace(void);
int dut_trace(struct dut *d, const char *path);

#ifdef __cplusplus
}
#endif

#endif
