# SPDX-License-Identifier: Apache-2.0
#
# The long random campaign, on the small card and the full one, SECONDS= for each of them; and the sweep of every size, on
# the card
# of LANES and IO_QUEUES. SEED= repeats the choices.
CAMPAIGN := $(BUILD)/tests/campaign/campaign
CAMPAIGN_KIT := $(patsubst %,$(BUILD)/tests/driver/%.o,kit layout mix mix_plan mix_sa reference sim_child tap)
CAMPAIGN_SECONDS := $(if $(SECONDS),$(SECONDS),120)

$(BUILD)/tests/campaign/%.o: CPPFLAGS += -Itests/driver

$(CAMPAIGN): $(CAMPAIGN).o $(CAMPAIGN_KIT) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

FAULTS := $(BUILD)/tests/campaign/faults

$(FAULTS): $(FAULTS).o $(patsubst %,$(BUILD)/tests/driver/%.o,kit sim_child tap) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

# 20 seconds of each.
TESTS += $(CAMPAIGN) $(FAULTS)

.PHONY: faults
faults: $(FAULTS) $(SLUICE_SIM)-$(SIM_KIND)
	SLUICE_SIM=$(SLUICE_SIM)-$(SIM_KIND) SECONDS=$(CAMPAIGN_SECONDS) $(FAULTS)
HELP += "faults|lost doorbells and interrupts, hung lanes, resets on the simulated card: no completion twice (SECONDS=120 SEED=)"

.PHONY: campaign campaign-on
campaign: $(CAMPAIGN)
	+$(MAKE) campaign-on LANES=2 IO_QUEUES=2
	+$(MAKE) campaign-on LANES=16 IO_QUEUES=8

campaign-on: $(CAMPAIGN) $(SLUICE_SIM)-$(SIM_KIND)
	SLUICE_SIM=$(SLUICE_SIM)-$(SIM_KIND) SECONDS=$(CAMPAIGN_SECONDS) $(CAMPAIGN)

SWEEP := $(BUILD)/tests/driver/pairs_test

.PHONY: sweep
sweep: $(SWEEP) $(SLUICE_SIM)-$(SIM_KIND)
	SLUICE_SIM=$(SLUICE_SIM)-$(SIM_KIND) $(SWEEP) sim

# Far more SAs than slots, small card.
SWAP_CAMPAIGN := $(BUILD)/tests/campaign/swap_campaign

$(SWAP_CAMPAIGN): $(SWAP_CAMPAIGN).o $(patsubst %,$(BUILD)/tests/driver/%.o,kit sim_child tap twins) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

.PHONY: swap-campaign
swap-campaign: $(SWAP_CAMPAIGN) $(SLUICE_SIM)-$(SIM_KIND)
	SLUICE_SIM=$(SLUICE_SIM)-$(SIM_KIND) SAS=$(or $(SAS),10000) $(SWAP_CAMPAIGN)

HELP += "swap-campaign|10,000 SAs on a card with 256 slots, record for record as in software; some minutes (SAS= OPS= SEED=)"
HELP += "sweep|every pairing and form on the simulated card, sizes 0 to 300 each and random to 16 KiB, against OpenSSL"
HELP += "campaign|random operations of every sort with faults, small and full card against software (SECONDS=120 SEED=)"
