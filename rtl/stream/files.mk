# SPDX-License-Identifier: Apache-2.0
#
# Sources of the stream lane in the order in which they must be read, behind the packages and the cores (rtl/crypto).
ifndef STREAM_SV
STREAM_SV := $(addprefix rtl/stream/sluice_stream,_jobs.sv _sa.sv _ring.sv _store.sv _plan.sv _record.sv _cbc.sv _hash.sv \
               _control.sv _bytes.sv .sv)
endif
