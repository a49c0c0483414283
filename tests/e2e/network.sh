#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A bad network, and an attacker in it: what is lost, reordered, doubled, replayed, damaged or invented between client and proxy.
# Nothing is delivered twice or damaged, each refusal is counted under its reason, and the association goes on.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 42

certificates
need_ports tcp udp advertise socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

bad_network() { # options of impair
    start impair "$tools/impair" --listen "127.0.0.1:$advertise" --to "127.0.0.1:$udp" --seed "$SEED" "$@"
    wait_for impair "listening on" && proxy && client --listen "127.0.0.1:$socks"
}
all_stop() {
    stop_all client proxy impair
}
talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" "$@" | tee "$work/talk.json"
    return "${PIPESTATUS[0]}"
}
got() {
    field "$work/talk.json" "$1"
}
did() {
    field "$work/impair.log" "$1"
}
refused_by_proxy() {
    jq ".total.refused.$1" "$work/proxy.json"
}
refused_by_client() {
    jq ".refused.$1" "$work/client.json"
}

check "loss, reordering and doubling begin" bad_network --loss 100 --reorder 150 --dup 100
talk --count 3000 --size 20-1400 --timeout 300 --window 32 >/dev/null
check "all stop" all_stop
holds "most of it arrives" "$(got .received) > 3000 * 6 / 10"
is "nothing is delivered twice" "$(got .duplicates)" 0
is "nothing arrives damaged" "$(got .corrupt)" 0
holds "some is out of order, as it came" "$(got .late) > 0"
is "the proxy refused each second copy as replayed" "$(refused_by_proxy replayed)" "$(did .up.doubled)"
is "so did the client" "$(refused_by_client replayed)" "$(did .down.doubled)"
is "and the proxy nothing else" "$(jq '.total.refused | add' "$work/proxy.json")" "$(did .up.doubled)"

check "a capture of 1500 records each way is replayed" bad_network --replay 1500
check "everything comes back once" talk --count 2000 --size 20-300 --linger 500
check "all stop" all_stop
is "the proxy refused the replayed ones" "$(refused_by_proxy replayed)" 1500
is "the client too" "$(refused_by_client replayed)" 1500
is "the server saw no datagram twice" "$(jq .total.datagrams_up "$work/proxy.json")" 2000

check "the same from another address" bad_network --replay 1000 --dir up --foreign
check "everything comes back once" talk --count 1500 --size 20-300 --linger 500
check "all stop" all_stop
is "each is refused as replayed" "$(refused_by_proxy replayed)" 1000
is "and moves nothing" "$(jq '.total | .paths_changed + .path_checks' "$work/proxy.json")" 0
is "the server saw no datagram twice" "$(jq .total.datagrams_up "$work/proxy.json")" 1500

check "each bit of a record is flipped in turn, on its way up" bad_network --sweep 1 --dir up
check "the association goes on" talk --count 50 --size 40
check "all stop" all_stop
flipped=$(did .up.flipped)
holds "every bit was flipped" "$flipped >= 8 * (13 + 50 + 16)"
is "the proxy refused each one" "$(jq '.total.refused | add' "$work/proxy.json")" "$flipped"
is "and answered none" "$(jq '.total | .records_out - .heartbeats' "$work/proxy.json")" 50
reasons='[.auth_failed, .forged_nonce, .bad_length, .forged_cid, .noise] | map(. > 0) | all'
is "padding and MAC are one reason, the nonce and the header have theirs" \
    "$(jq ".total.refused | $reasons" "$work/proxy.json")" true

check "the same on its way down" bad_network --sweep 1 --dir down
check "the association goes on" talk --count 50 --size 40 --linger 500
check "all stop" all_stop
is "the client refused each one" "$(jq '.refused | add' "$work/client.json")" "$(did .down.flipped)"

check "damage, unknown cids and noise, both ways" bad_network --flip 300 --unknown 300 --noise 300
check "everything comes back once and whole" talk --count 2000 --size 4-1400 --linger 300
check "all stop" all_stop
is "the proxy counted all of it" "$(jq '.total.refused | add' "$work/proxy.json")" \
    "$(did '.up | .flipped + .unknown + .noise')"
is "the client too" "$(jq '.refused | add' "$work/client.json")" "$(did '.down | .flipped + .unknown + .noise')"
holds "cids that nobody gave out are told apart" "$(refused_by_proxy forged_cid) >= $(did .up.unknown)"

check "the same from another address" bad_network --flip 300 --unknown 300 --noise 300 --dir up --foreign
check "everything comes back once and whole" talk --count 1000 --size 4-1400 --linger 300
check "all stop" all_stop
is "the proxy counted all of it" "$(jq '.total.refused | add' "$work/proxy.json")" \
    "$(did '.up | .flipped + .unknown + .noise')"
