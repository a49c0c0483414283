#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A proxy with a simulated card is taken over: the former process gives the card up, the new one has it after a while.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ -x "$BUILD/sim/sluice-sim" ] || skip_all "sluice-sim is not built"
begin 11

certificates
need_ports tcp udp socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

new=''
ended() { # the new process, which is no child of ours
    [ -n "$new" ] && ! kill -0 "$new" 2>/dev/null
}
path() {
    card --seed "$SEED" && proxy "upgrade_socket = \"$work/upgrade\";" && client --listen "127.0.0.1:$socks"
}

check "a card, a proxy and a client start" path
start talk "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" --timeout 1500 \
    --count 100000 --rate 50
check "datagrams come and go" within 20 counted datagrams_up 50
check "another process takes over" "$BUILD/bin/sluiced" --config "$work/proxy.conf" --upgrade
new=$(sed -n 's/.*event=taken pid=\([0-9]*\) associations=1$/\1/p' "$work/proxy.log")
holds "with the association" "${new:-0} > 0"
check "the former one ends: it has nothing left" within 10 gone proxy
check "the new one has the card" within 20 counted engine_returned 1
is "and shows it" "$(proxy_stat .card.engine)" sim
check "the association has new keys on it" within 20 counted rekeys 1
stop talk >/dev/null
is "nothing is lost or comes twice" "$(jq -c '[.missing, .duplicates, .corrupt]' "$work/talk.log")" "[0,0,0]"
is "nothing was refused" "$(proxy_stat "$refused")" 0
check "all end cleanly" stop_all client
kill -TERM "${new:-0}"
within 10 ended || kill -KILL "$new"
