# SPDX-License-Identifier: Apache-2.0
#
# How a test of RTL is built: the warnings are errors, assertions are on, what is not reset begins at random.
VERILATE = verilator --cc --exe --build -Wall --assert -O3 --x-initial unique --x-assign unique $(COVERAGE_FLAGS) \
           -CFLAGS "-std=c++17 -O2 -Wall -Wextra -Wno-deprecated-declarations -I$(abspath $(GEN))" -LDFLAGS -lcrypto \
           -MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0"
