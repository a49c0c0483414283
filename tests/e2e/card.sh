#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same way through the simulated card: every record of the proxy is sealed and opened by the RTL. And the card's death.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$BUILD/sim/sluice-sim" ] || skip_all "sluice-sim is not built"
begin 32

certificates
need_ports tcp udp relay socks forward echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" --timeout 5000 "$@" |
        tee "$work/talk.json"
    return "${PIPESTATUS[0]}"
}
path() { # options of the client
    client --listen "127.0.0.1:$socks" --forward "udp:$forward:127.0.0.1:$echo" "$@"
}
cores() { # name: its CPU time in clock ticks
    local stat
    read -r -a stat <"/proc/${pids[$1]}/stat"
    echo $((stat[13] + stat[14]))
}

check "the card starts, with split and reordered completions and stalls" card --seed "$SEED" --split random --reorder --stall 10
check "the proxy starts on it" proxy
for suite in aes256-sha256-128-etm aes128-sha256-128-etm aes256-sha256-mte aes128-sha256-mte aes256-sha1-mte aes128-sha1-mte; do
    path --suites $suite >/dev/null
    check "$suite: datagrams of 4 to 1400 bytes come back" talk --count 150 --size 4-1400
    stop client
done
check "a client starts" path
check "datagrams up to the largest content come back" talk --count 10 --size 15000-16362 --window 2
check "a forward works" "$tools/socks-udp" --direct --to "127.0.0.1:$forward" --count 100 --timeout 5000
is "the card did all of it" \
    "$(proxy_stat '.card | .engine == "sim" and .open_status.ok == .seal_status.ok and .open_status.ok >= 1010')" true
idle() { # for 3 s
    local before
    before=$(cores card)
    sleep 3
    [ $((100 * ($(cores card) - before))) -le $((3 * $(getconf CLK_TCK))) ]
}
# The client still looks how large its datagrams may be.
check "an idle card uses under 1 % of a core" within 10 idle
check "all stop" stop_all client proxy card

bad_network() { # options of impair
    advertise=$relay
    start impair "$tools/impair" --listen "127.0.0.1:$relay" --to "127.0.0.1:$udp" --seed "$SEED" "$@"
    wait_for impair "listening on" && card --seed "$SEED" && proxy && path
}
check "bits of a record are flipped on its way up, every seventh in turn" bad_network --sweep 7 --dir up
check "the association goes on" talk --count 30 --size 40 --rate 20
check "all stop" stop_all client proxy card impair
is "the proxy refused each one" "$(jq '.total.refused | add' "$work/proxy.json")" "$(field "$work/impair.log" .up.flipped)"
check "a capture is replayed" bad_network --replay 100 --dir up
check "everything comes back once" talk --count 150 --size 20-300 --linger 1000 --rate 100
check "all stop" stop_all client proxy card impair
is "the card refused the replayed ones" "$(jq .total.refused.replayed "$work/proxy.json")" 100

advertise=
card --seed "$SEED" >/dev/null && proxy >/dev/null && path >/dev/null
start talk talk --count 400 --rate 100 --timeout 1500
within 10 counted datagrams_up 100
crash card
within 15 gone talk
goes_on() { # why; what to stop
    check "$1: the proxy goes over to the software engine" wait_for proxy event=engine_replaced
    is "the association goes on, nothing comes twice" "$(jq -c '[.duplicates, .corrupt, .ended]' "$work/talk.log")" "[0,0,false]"
    holds "little is lost" "$(jq .missing "$work/talk.log") <= 40"
    is "nothing was refused" "$(proxy_stat "$refused")" 0
    check "all end cleanly" stop_all "${@:2}"
}
goes_on "the card is killed" client proxy
card --seed "$SEED" --hang-lanes 40 >/dev/null && proxy "operation_ms = 500;" >/dev/null && path >/dev/null
talk --count 400 --rate 100 --timeout 1500 >"$work/talk.log"
goes_on "a lane of the card stops" client proxy card
