# SPDX-License-Identifier: Apache-2.0
#
# Test of the noise source's sampler, alone in Verilator.
SAMPLER_TEST := $(BUILD)/tests/rtl/sampler_test

TESTS += $(SAMPLER_TEST)

$(SAMPLER_TEST): rtl/board/board_sampler.sv tests/rtl/board/sampler_test.cpp
	@mkdir -p $(@D)
	$(VERILATE) --top-module board_sampler --Mdir $@.obj -o $(abspath $@) $(filter %.sv,$^) $(abspath $(filter %.cpp,$^)) \
	  >$@.log 2>&1 || { tail -n 40 $@.log; false; }
