#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TCP connections that break under an association: datagrams go on, and a new connection takes the association up, by whichever
# worker it comes; or it ends, when none does in time.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 24

certificates
need_ports tcp udp socks echo front
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() {
    start talk "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" --count 1000000 --rate 100 \
        --timeout 1000
}
road() { # TCP toward the proxy
    start road socat "TCP-LISTEN:$front,bind=127.0.0.1,reuseaddr,fork" "TCP:127.0.0.1:$tcp"
    within 5 socat -u OPEN:/dev/null "TCP:127.0.0.1:$front"
}
a_client() {
    start client "$BUILD/bin/sluice" client --proxy "localhost:$front" --ca-file "$work/ca.pem" --stats-file "$work/client.json" \
        --listen "127.0.0.1:$socks"
    wait_for client event=ready
}
proxy_count() { # key, value
    [ "$(proxy_stat ".total.$1")" -ge "$2" ]
}

check "the proxy starts, with two workers" proxy "workers = 2; grace_seconds = 20;"
check "the road is open" road
check "the client starts" a_client
talk
check "an association is open" within 20 proxy_count associations 1
for i in 1 2 3 4; do
    crash road
    check "the connection breaks: the client has noticed ($i)" wait_for client event=connection_lost
    road
    check "and another one takes the association up ($i)" wait_for client event=association_taken_up
    : >"$work/client.log"
done
check "datagrams have gone on all the time" stop talk
is "it was one association" "$(proxy_stat .total.associations)" 1
is "nothing was delivered twice" "$(field "$work/talk.log" .duplicates)" 0
is "the client counts as many take-ups" "$(client_stat .take_ups)" 4
is "no take-up was refused" "$(proxy_stat .total.take_ups_refused)" 0
check "both stop" stop_all client proxy

check "a proxy that keeps associations for 2 seconds" proxy "grace_seconds = 2;"
check "the client starts" a_client
talk
within 20 proxy_count associations 1
crash road
check "nobody takes it up: the proxy ends it" wait_for proxy "association_close .*why=not_taken_up"
check "and the client knows" wait_for client "event=association_lost"
crash talk
check "both stop" stop_all client proxy
is "nothing is left" "$(jq .total.associations_open "$work/proxy.json")" 0
