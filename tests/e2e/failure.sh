#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What dies and what is stopped: clients, proxies, workers' records on the wrong socket.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 23

certificates
need_ports tcp udp socks forward echo tcp_echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"
start tcp-echo "$tools/peer" tcp-echo "127.0.0.1:$tcp_echo"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" "$@"
}
direct() {
    "$tools/socks-udp" --direct --to "127.0.0.1:$forward" --seed "$SEED" "$@"
}
a_client() {
    client --listen "127.0.0.1:$socks" --forward "udp:$forward:127.0.0.1:$echo"
}
open_associations() {
    [ "$(proxy_stat .total.associations_open)" = "$1" ]
}

# ---- a killed client

check "the proxy starts" proxy "drain_seconds = 2;" "grace_seconds = 1;"
check "the client starts" a_client
start talk talk --count 100000 --rate 200 --timeout 1000
check "an association is open" within 5 open_associations 1
crash client
check "its client is killed: the proxy frees it" within 5 open_associations 0
crash talk

# ---- a killed proxy, and one that is stopped

check "a client starts" a_client
check "a forward works" direct --count 50
crash proxy
check "the proxy is killed: the client sees it" wait_for client "event=association_lost"
check "the proxy starts again" proxy "drain_seconds = 2;" "grace_seconds = 1;"
check "the forward comes back by itself" within 15 direct --count 5 --timeout 300

start talk talk --count 100000 --rate 200 --timeout 1000
within 5 counted datagrams_up 100
kill -TERM "${pids[proxy]}"
check "SIGTERM: it says so" wait_for proxy event=stopping
refuse "takes no new connection" timeout 3 openssl s_client -connect "127.0.0.1:$tcp" </dev/null
sleep 0.5
is "lets associations go on for drain_seconds" "$(gone talk && echo ended || echo running)" running
check "then ends" within 8 gone proxy
check "with status 0" wait "${pids[proxy]}"
unset "pids[proxy]"
check "after it has told the client" grep -q "association_lost error=ESHUTDOWN" "$work/client.log"
crash talk
stop client

# ---- two workers

check "a proxy with two workers starts" proxy "workers = 2;"
check "a client starts" a_client
for i in 1 2 3 4 5 6 7 8; do
    start "many$i" talk --count 500 --size 4-1400 --seed "$i"
done
wrong=0
for i in 1 2 3 4 5 6 7 8; do
    wait "${pids[many$i]}" || wrong=$((wrong + 1))
    unset "pids[many$i]"
done
is "eight associations at once: everything comes back" "$wrong" 0
is "both workers had records" "$(proxy_stat '.workers | map(.records_in > 0) | all')" true
is "nothing was refused" "$(proxy_stat "$refused")" 0
check "a stream runs beside them" "$tools/socks-tcp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$tcp_echo" --bytes 300000
check "the client ends cleanly" stop client
check "so does the proxy" stop proxy
