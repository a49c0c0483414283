#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The simulated card dies under load and comes back, twice: associations go on through all of it, and back to the card.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$BUILD/sim/sluice-sim" ] || skip_all "sluice-sim is not built"
begin 18

certificates
need_ports tcp udp socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

on_the_card() { # records that it has sealed since it was asked the first time
    local now
    now=$(proxy_stat '.card.content_bytes') && [ "$(proxy_stat .card.engine)" = sim ] && [ "$now" -gt "${sealed:=$now}" ]
}
dies_and_returns() { # how often it has
    crash card
    check "death $1: the software engine takes over" within 15 counted engine_replaced "$1"
    is "and is what the status shows" "$(proxy_stat .card.engine)" soft
    check "the card is started again" card --seed "$SEED"
    check "the proxy has it back" within 40 counted engine_returned "$1"
    check "the association has new keys on it" within 20 counted rekeys "$1"
    sealed=
    check "and its records go through it" within 20 on_the_card
}

path() {
    card --seed "$SEED" && proxy && client --listen "127.0.0.1:$socks"
}

check "a card, a proxy and a client start" path
start talk "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" --timeout 1500 \
    --count 100000 --rate 100
check "datagrams come and go" within 20 counted datagrams_up 100
dies_and_returns 1
dies_and_returns 2
stop talk >/dev/null
is "nothing comes twice" "$(jq -c '[.duplicates, .corrupt]' "$work/talk.log")" "[0,0]"
holds "little is lost" "$(jq .missing "$work/talk.log") <= 80"
check "all end cleanly" stop_all client proxy card
is "nothing was refused" "$(jq "$refused" "$work/proxy.json")" 0
