# SPDX-License-Identifier: Apache-2.0
#
# sluice-sim. LANES and IO_QUEUES are parameters of the card. For the tests: SIM_OBJS, all of it but main and the RTL; SLUICE_SIM.

LANES ?= 2
IO_QUEUES ?= 2

SLUICE_SIM := $(BUILD)/sim/sluice-sim
SIM_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out sim/main.c,$(wildcard sim/*.c)))
SIM_LIBS := -ljansson

VERILATOR ?= verilator
VERILATOR_ROOT := $(shell $(VERILATOR) --getenv VERILATOR_ROOT 2>/dev/null)
# Parts of the object files' names, so that a change of parameters builds anew.
SIM_KIND := $(LANES)-$(IO_QUEUES)
SIM_RTL := $(BUILD)/sim/rtl-$(SIM_KIND)
SIM_VFLAGS = --cc -O3 --assert --x-assign unique --x-initial unique -Wno-fatal --top-module sluice_card --prefix Vsluice_card \
	-GLanes=$(LANES) -GIoQueues=$(IO_QUEUES)
# Assertions do not end the process themselves: dut.cpp reports them. OPT_SLOW is for code that runs once. Tried with 2 lanes
# at work, in clocks a CPU-second: 430,000 as it is; -O3, --x-assign fast and no assertions the same within 3 %, -O1 380,000.
SIM_VMAKE := OPT_FAST=-O2 OPT_SLOW=-O0 CXX=$(CXX)
SIM_CXXFLAGS := -std=c++17 -O2 -Wall -Wextra -fPIE $(SANFLAGS) -Isim \
	-isystem $(VERILATOR_ROOT)/include -isystem $(VERILATOR_ROOT)/include/vltstd

# $(call sim_rtl,folder,Verilator flags): the library of the Verilated card and of Verilator's own run time.
define sim_rtl
$(1)/Vsluice_card__ALL.a: $(GEN)/sluice_regs_pkg.sv $$(RTL_SV) sim/hang.vlt
	@mkdir -p $(1)
	$$(VERILATOR) $$(SIM_VFLAGS) $(2) -Mdir $(1) sim/hang.vlt $$(RTL_SV)
	+$$(MAKE) -C $(1) -f Vsluice_card.mk $$(SIM_VMAKE) Vsluice_card__ALL.a $(3)

$(1)/dut.o: sim/dut.cpp sim/dut.h $(1)/Vsluice_card__ALL.a
	$$(CXX) $$(SIM_CXXFLAGS) -I$(1) $(4) -c $$< -o $$@
endef
SIM_RUNTIME := verilated.o verilated_threads.o
$(eval $(call sim_rtl,$(SIM_RTL),,$(SIM_RUNTIME),))
$(eval $(call sim_rtl,$(SIM_RTL)-trace,--trace-fst --trace-structs,$(SIM_RUNTIME) verilated_fst_c.o,-DSIM_TRACE))

$(SLUICE_SIM)-$(SIM_KIND): $(SIM_RTL)/dut.o $(SIM_OBJS) $(BUILD)/sim/main.o
	$(CXX) $(LDFLAGS) $^ $(SIM_RTL)/Vsluice_card__ALL.a $(addprefix $(SIM_RTL)/,$(SIM_RUNTIME)) $(SIM_LIBS) -pthread -o $@

$(SLUICE_SIM)-trace-$(SIM_KIND): $(SIM_RTL)-trace/dut.o $(SIM_OBJS) $(BUILD)/sim/main.o
	$(CXX) $(LDFLAGS) $^ $(SIM_RTL)-trace/Vsluice_card__ALL.a \
		$(addprefix $(SIM_RTL)-trace/,$(SIM_RUNTIME) verilated_fst_c.o) $(SIM_LIBS) -lz -pthread -o $@

# The plain names are the kind that was asked for last.
.PHONY: $(SLUICE_SIM) $(SLUICE_SIM)-trace
$(SLUICE_SIM) $(SLUICE_SIM)-trace: %: %-$(SIM_KIND)
	@ln -sf $(notdir $<) $@

.PHONY: sim-trace
sim-trace: $(SLUICE_SIM)-trace
HELP += "sim-trace|builds $(SLUICE_SIM)-trace, which can write FST traces (--trace FILE)"

ALL += $(SLUICE_SIM)
