# SPDX-License-Identifier: Apache-2.0
CPU_SV := $(addprefix rtl/mgmt/cpu/cpu_,pkg.sv decode.sv alu.sv csr.sv core.sv ram.sv timer.sv)
