#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Clients that are found elsewhere: a NAT that gives a flow another port again and again, and one that forgets it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 13

certificates
need_ports tcp udp advertise socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" "$@" | tee "$work/talk.json"
    return "${PIPESTATUS[0]}"
}
network() { # options of impair
    start impair "$tools/impair" --listen "127.0.0.1:$advertise" --to "127.0.0.1:$udp" --seed "$SEED" "$@"
    wait_for impair "listening on" && proxy
}
all_stop() {
    stop_all client proxy impair
}

check "a NAT that gives another port after every 300 datagrams" network --rebind 300
check "the client starts" client --listen "127.0.0.1:$socks"
talk --count 3000 --size 20-600 --rate 1000 --timeout 300 >/dev/null
check "all stop" all_stop
holds "the port changed" "$(field "$work/impair.log" .up.rebound) >= 8"
holds "the proxy has followed it each time" "$(jq .total.paths_changed "$work/proxy.json") >= 8"
holds "almost everything came back" "$(field "$work/talk.json" .received) >= 2900"
is "nothing twice" "$(field "$work/talk.json" .duplicates)" 0
is "it was one association" "$(jq .total.associations "$work/proxy.json")" 1

check "a network" network
check "a client that keeps the NAT's mapping alive every second" client --listen "127.0.0.1:$socks" --udp-keep-alive-seconds 1
start talk talk --count 5 --linger 5000
sleep 4
check "all stop" all_stop
holds "the client sent heartbeats" "$(jq .heartbeats "$work/client.json") >= 3"
is "the proxy answered each" "$(jq .total.heartbeats "$work/proxy.json")" "$(jq .heartbeats "$work/client.json")"
