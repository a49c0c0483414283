#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Datagrams and streams through client and proxy, by the ways that programs have: SOCKS5 and local forwards.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 21

certificates
need_ports tcp udp socks dns_udp by_name by_six to_tcp echo tcp_echo tcp_count web
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"
start echo6 "$tools/peer" udp-echo "[::1]:$echo"
start tcp-echo "$tools/peer" tcp-echo "127.0.0.1:$tcp_echo"
start tcp-count "$tools/peer" tcp-count "127.0.0.1:$tcp_count"
mkdir "$work/www"
head -c 3000000 /dev/urandom >"$work/www/file"
start web python3 -m http.server --bind 127.0.0.1 --directory "$work/www" "$web"
check "the proxy starts" proxy
check "the client starts" client --listen "127.0.0.1:$socks" --forward "udp:$dns_udp:127.0.0.1:$echo" \
    --forward "udp:$by_name:localhost:$echo" --forward "udp:127.0.0.1:$by_six:[::1]:$echo" \
    --forward "tcp:$to_tcp:localhost:$tcp_count"

via() { # through the SOCKS5 listener
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --seed "$SEED" "$@"
}
direct() { # straight to a forward
    "$tools/socks-udp" --direct --seed "$SEED" "$@"
}

check "datagrams of 4 to 1400 bytes come back once and whole through SOCKS5" via --to "127.0.0.1:$echo" --count 1500 --size 4-1400
check "so do those up to the largest content" via --to "127.0.0.1:$echo" --count 60 --size 9000-16362 --window 4
check "and empty ones" via --to "127.0.0.1:$echo" --count 50 --size 0
check "one association reaches IPv4 and IPv6 destinations" via --to "127.0.0.1:$echo" --to "[::1]:$echo" --count 200
refuse "a datagram that no record holds is not sent" via --to "127.0.0.1:$echo" --count 3 --size 16400 --timeout 300
is "and counted as too long" "$(client_stat .refused.too_long)" 3
refuse "fragments are not sent" via --to "127.0.0.1:$echo" --count 5 --frag 1 --timeout 300
is "and counted" "$(client_stat .refused.frag)" 5
check "a UDP forward carries datagrams both ways" direct --to "127.0.0.1:$dns_udp" --count 1500 --size 4-1400
check "so does one whose destination is a name" direct --to "127.0.0.1:$by_name" --count 100
check "and one to IPv6" direct --to "127.0.0.1:$by_six" --count 100

for i in 1 2 3 4 5; do
    start "many$i" direct --to "127.0.0.1:$dns_udp" --count 200 --seed "$i"
done
wrong=0
for i in 1 2 3 4 5; do
    wait "${pids[many$i]}" || wrong=$((wrong + 1))
    unset "pids[many$i]"
done
is "several programs on one forward get their own answers" "$wrong" 0

check "a TCP stream comes back through SOCKS5" "$tools/socks-tcp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$tcp_echo" \
    --bytes 3000000 --seed "$SEED"
check "a half-closed stream still gets its answer" "$tools/socks-tcp" --proxy "127.0.0.1:$socks" --to "localhost:$tcp_count" \
    --bytes 500000 --expect count
check "through a TCP forward too" "$tools/socks-tcp" --direct --to "127.0.0.1:$to_tcp" --bytes 500000 --expect count
fetch() {
    curl -sS --max-time 20 --socks5-hostname "127.0.0.1:$socks" -o "$work/fetched" "http://localhost:$web/file" &&
        cmp "$work/fetched" "$work/www/file"
}
check "curl fetches a file by name" fetch
refuse "a connection that is refused ends in an error" "$tools/socks-tcp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:1"

check "the client ends cleanly" stop client
nothing_is_left() {
    [ "$(proxy_stat '.total | .associations_open + .streams_open')" = 0 ]
}
check "the proxy has no association and no stream left" within 5 nothing_is_left
