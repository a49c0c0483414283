#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# UDP that is blocked and passes again: records go inside the TCP connection meanwhile, the client alone deciding. And clients of
# both kinds, with TLS and its records, at the same ports.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 36

certificates
need_ports tcp udp advertise socks echo front
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() { # name, proxy's port, options
    start "$1" "$tools/socks-udp" --proxy "127.0.0.1:$2" --to "127.0.0.1:$echo" --seed "$SEED" --timeout 500 "${@:3}"
}
ends_well() { # name
    wait "${pids[$1]}"
    local status=$?
    unset "pids[$1]"
    return $status
}
whole() { # options: everything comes back
    talk whole "$socks" --timeout 3000 "$@" && ends_well whole
}
answered() { # more datagrams to clients than $before
    [ "$(proxy_stat .total.datagrams_down)" -gt "$((before + 100))" ]
}
turned() { # to
    wait_for client "event=transport by=$1"
}

start impair "$tools/impair" --listen "127.0.0.1:$advertise" --to "127.0.0.1:$udp" --seed "$SEED"
check "the proxy starts, with two workers" proxy "workers = 2; naked = true;"
check "the client starts" client --listen "127.0.0.1:$socks" --rekey-records 500
talk talk "$socks" --count 1000000 --rate 200 --size 4-1400
before=0
check "datagrams go" within 10 answered
is "by UDP" "$(proxy_stat .total.tcp_records_in)" 0
kill -USR1 "${pids[impair]}"
check "UDP is blocked: the client turns to TCP" turned tcp
before=$(proxy_stat .total.datagrams_down)
check "and datagrams go on" within 10 answered
holds "inside of the connection" "$(proxy_stat .total.tcp_records_in) >= 100 && $(proxy_stat .total.tcp_records_out) >= 100"
check "another association begins there at once, and loses nothing" whole --count 500 --size 4-1400 --rate 1000
check "datagrams of 16,000 bytes go, too" whole --count 50 --size 16000 --window 4
: >"$work/client.log"
kill -USR2 "${pids[impair]}"
check "UDP passes again: the client turns back" turned udp
check "what was under way comes" whole --count 100 --size 4-1400 --rate 1000
before=$(proxy_stat .total.tcp_records_in)
check "all have turned back" whole --count 500 --size 4-1400 --rate 1000
is "nothing comes by TCP any more" "$(proxy_stat .total.tcp_records_in)" "$before"
kill -TERM "${pids[talk]}"
ends_well talk
is "no datagram came twice" "$(field "$work/talk.log" .duplicates)" 0
is "or damaged" "$(field "$work/talk.log" .corrupt)" 0
holds "what was lost was lost at the change" "$(field "$work/talk.log" .missing) <= 2500"
is "the proxy counts the turns to TCP" "$(proxy_stat .total.transports_tcp)" "$(client_stat .transports_tcp)"
is "the keys were renewed meanwhile" "$(client_stat '.rekeys >= 2')" true
is "nothing was taken for what it is not" "$(proxy_stat ".total.refused | .noise + .naked + .record + .auth_failed")" 0
check "the client stops" stop client

check "a client that is told to use TCP" client --listen "127.0.0.1:$socks" --transport tcp --rekey-records 200
before=$(proxy_stat .total.records_in)
check "loses nothing" whole --count 3000 --size 4-1400 --rate 2000
holds "sends hardly anything by UDP" "$(proxy_stat .total.records_in) - before < 20"
holds "and renews its keys" "$(client_stat .rekeys) >= 2"
check "the client stops" stop client
kill -USR1 "${pids[impair]}"
check "a client that is told to use UDP" client --listen "127.0.0.1:$socks" --transport udp
refuse "loses everything while that is blocked" whole --count 3 --timeout 500
is "and does not turn" "$(client_stat .transports_tcp)" 0
check "the client stops" stop client
kill -USR2 "${pids[impair]}"

# Both kinds, each by the detector of its record: SOCKS5 in TLS that knows of nothing else, secure by UDP, secure by TCP.
check "a client by UDP" client --listen "127.0.0.1:$socks"
need_ports relay
start bytcp "$BUILD/bin/sluice" client --proxy "localhost:$tcp" --ca-file "$work/ca.pem" --listen "127.0.0.1:$relay" \
    --transport tcp
start ordinary socat "TCP-LISTEN:$front,bind=127.0.0.1,reuseaddr,fork" \
    "OPENSSL:127.0.0.1:$tcp,cafile=$work/ca.pem,commonname=localhost"
within 5 socat -u OPEN:/dev/null "TCP:127.0.0.1:$front"
wait_for bytcp event=ready
talk one "$socks" --timeout 3000 --count 1000 --size 4-1400 --rate 1000
talk two "$relay" --timeout 3000 --count 1000 --size 4-1400 --rate 1000
talk three "$front" --timeout 3000 --count 1000 --size 4-1400 --rate 1000
check "secure by UDP, all comes back" ends_well one
check "secure by TCP beside it" ends_well two
check "and naked, of an ordinary client" ends_well three
is "it was naked" "$(proxy_stat .total.naked_associations)" 1
is "nothing was taken for what it is not" "$(proxy_stat ".total.refused | .noise + .naked + .record + .auth_failed")" 0
crash ordinary
check "all stop" stop_all client bytcp proxy impair
