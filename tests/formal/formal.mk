# SPDX-License-Identifier: Apache-2.0
HELP += "formal|proofs of the FIFO, the transmit arbiter and the tag allocator by Yosys's SAT solver"

.PHONY: formal
formal: $(GENERATED)
	tests/formal/run $(BUILD)/formal $(GEN)/sluice_regs_pkg.sv
