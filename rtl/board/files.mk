# SPDX-License-Identifier: Apache-2.0
#
# What an FPGA board adds to the card.
BOARD_SV := $(addprefix rtl/board/board_,ring.sv sampler.sv noise.sv)
