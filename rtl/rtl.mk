# SPDX-License-Identifier: Apache-2.0
#
# The card's sources in the order in which they must be read, and their lint. RTL_SV is for whoever builds the card.
include rtl/lane/files.mk rtl/stream/files.mk rtl/mgmt/cpu/files.mk rtl/board/files.mk

CARD_CORES := $(filter-out $(LANE_SV),$(addprefix rtl/crypto/sluice_,des_pkg.sv des.sv md5.sv))

RTL_SV := $(GEN)/fw.vh $(GEN)/sluice_regs_pkg.sv $(addprefix rtl/pkg/,sluice_pkg.sv card_pkg.sv) \
          $(addprefix rtl/common/,sluice_fifo.sv sluice_mux.sv sluice_skid.sv) $(LANE_SV) $(CARD_CORES) $(STREAM_SV) \
          $(addprefix rtl/pcie/pcie_,rx_align.sv rx_route.sv completer.sv tags.sv rd_data.sv rd_split.sv rd_req.sv wr.sv \
            wr_small.sv msix.sv tx_arb.sv link.sv) \
          $(addprefix rtl/sa/sa_,store.sv window.sv) \
          $(addprefix rtl/queue/queue_,state.sv fetch.sv shape.sv sizes.sv check.sv lists.sv source.sv lane_room.sv \
            issue.sv table.sv result.sv writer.sv commit.sv engine.sv) \
          $(GEN)/mgmt_devices_pkg.sv $(CPU_SV) \
          $(addprefix rtl/mgmt/mgmt_,buffer.sv cpu.sv dma.sv queue_dev.sv sa_dev.sv blobs.sv wipe.sv event.sv entropy.sv sys.sv \
            lane_port.sv march.sv unit.sv bar.sv regs.sv counter_bank.sv counters.sv reset.sv) \
          rtl/sluice_card.sv

LINT += lint-rtl lint-yosys lint-board lint-regs
HELP += "lint-rtl|Verilator -Wall over the card, small and full" "lint-yosys|Yosys reads the card"
HELP += "lint-board|the noise source of a board, and its rings after synthesis"

.PHONY: lint-rtl lint-yosys lint-board lint-regs
lint-rtl: $(RTL_SV)
	verilator --lint-only -Wall --top-module sluice_card $(RTL_SV)
	verilator --lint-only -Wall --top-module sluice_card -GLanes=16 -GIoQueues=8 $(RTL_SV)
	verilator --lint-only -Wall --top-module cpu_core $(CPU_SV)
	for part in ram timer; do verilator --lint-only -Wall rtl/mgmt/cpu/cpu_$$part.sv || exit 1; done

lint-yosys: $(RTL_SV)
	yosys -q -p 'read_verilog -sv -noautowire $(RTL_SV); hierarchy -check -top sluice_card; proc; check'
	yosys -q -p 'read_verilog -sv -noautowire $(CPU_SV); hierarchy -check; proc; check -assert'

# 16 rings with 80 inverters, each a loop, are left after synthesis (without flip-flops there is no other loop).
lint-board: $(BOARD_SV)
	verilator --lint-only -Wall -Wno-DECLFILENAME --top-module board_noise rtl/board/xilinx.sv $(BOARD_SV)
	yosys -q -p 'read_verilog -sv -noautowire $(BOARD_SV)' \
	  -p 'synth_xilinx -family xc7 -noiopad -noclkbuf -flatten -top board_noise; select -assert-count 80 t:LUT1' \
	  -p 'delete t:FDRE; scc -all_cell_types -expect 16' >/dev/null

lint-regs: rtl/README.md rtl/regs.toml
	python3 scripts/regs.py rtl/regs.toml --check rtl/README.md
