# SPDX-License-Identifier: Apache-2.0
#
# Tests of the simulation. sluice-sim-fake is sluice-sim with a stand-in for the Verilated card (fake_card.c).

SIM_FAKE := $(BUILD)/tests/sim/sluice-sim-fake
SIM_TESTS := $(addprefix $(BUILD)/tests/sim/,model_test vfu_test rules_test card_test)

$(BUILD)/tests/sim/%.o: CPPFLAGS += -Isim -Itests/sim
TIDY_CPPFLAGS += -Isim -Itests/sim

$(SIM_FAKE): $(SIM_OBJS) $(BUILD)/sim/main.o $(BUILD)/tests/sim/fake_card.o
	$(CC) $(LDFLAGS) $^ $(SIM_LIBS) -o $@

$(BUILD)/tests/sim/model_test: $(SIM_OBJS) $(BUILD)/tests/sim/fake_card.o
$(BUILD)/tests/sim/card_test: | $(SLUICE_SIM)
$(SIM_TESTS): $(BUILD)/tests/sim/%: $(BUILD)/tests/sim/%.o $(BUILD)/tests/sim/client.o $(SIM_FAKE)
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(SIM_LIBS) -o $@

TESTS += $(SIM_TESTS)
