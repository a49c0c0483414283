# SPDX-License-Identifier: Apache-2.0
HELP += "formal|proofs of FIFO, transmit arbiter, tag allocator with its credits and replay window by Yosys's SAT solver"

.PHONY: formal
formal: $(GENERATED)
	tests/formal/run $(BUILD)/formal $(GEN)/sluice_regs_pkg.sv
