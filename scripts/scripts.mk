# SPDX-License-Identifier: Apache-2.0
#
# Synthesis, for figures of area and clock.
SYNTH_SV := $(RTL_SV) $(filter-out $(RTL_SV),$(sort $(wildcard rtl/crypto/*_pkg.sv)) $(sort $(wildcard rtl/crypto/*.sv)))

HELP += "synth|area and clock of cores, lane and card on Artix-7 by Yosys (SYNTH=\"lane md5\": these alone)"

.PHONY: synth
synth: $(SYNTH_SV)
	@SYNTH="$(SYNTH)" scripts/synth $(BUILD)/synth $(SYNTH_SV)

include scripts/install.mk
