# SPDX-License-Identifier: Apache-2.0
#
# Tests of the legacy cores (DES and 3DES, MD5), each as RTL and as Yosys netlist.
LEGACY_BUILD := $(BUILD)/tests/rtl/legacy
LEGACY_CORES := des md5
LEGACY_des_SV := rtl/crypto/sluice_des_pkg.sv rtl/crypto/sluice_des.sv
LEGACY_md5_SV := rtl/crypto/sluice_md5.sv

TESTS += $(foreach core,$(LEGACY_CORES),$(LEGACY_BUILD)/sluice_$(core)-rtl $(LEGACY_BUILD)/$(core)-netlist)

# $(1): a core.
define LEGACY_RULES
$(LEGACY_BUILD)/sluice_$(1)-rtl $(LEGACY_BUILD)/sluice_$(1)-netlist &: $(LEGACY_$(1)_SV) tests/rtl/netlist/build \
  tests/rtl/legacy/bench.cpp tests/rtl/legacy/$(1)_bench.cpp $(wildcard tests/rtl/legacy/*.h)
	@mkdir -p $(LEGACY_BUILD)
	tests/rtl/netlist/build $(LEGACY_BUILD) sluice_$(1) $(LEGACY_$(1)_SV) -- tests/rtl/legacy/bench.cpp \
	  tests/rtl/legacy/$(1)_bench.cpp >$(LEGACY_BUILD)/$(1).log 2>&1 || { tail -n 40 $(LEGACY_BUILD)/$(1).log; false; }

$(LEGACY_BUILD)/$(1)-netlist: $(LEGACY_BUILD)/sluice_$(1)-netlist $(LEGACY_BUILD)/sluice_$(1)-rtl
	printf '#!/bin/sh\nexec tests/rtl/netlist/check %s sluice_$(1)\n' $(LEGACY_BUILD) >$$@
	chmod +x $$@
endef
$(foreach core,$(LEGACY_CORES),$(eval $(call LEGACY_RULES,$(core))))

HELP += "cavp|long tests of the single cores, of the sizes of NIST's validation suites, against OpenSSL (SEED=)"
.PHONY: cavp
cavp: $(LANE_BUILD)/crypto/crypto_top-rtl $(foreach core,$(LEGACY_CORES),$(LEGACY_BUILD)/sluice_$(core)-rtl)
	for core in $^; do CAVP=1 $$core || exit 1; done
