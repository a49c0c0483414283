#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What client and proxy add to the time that a datagram takes to an echo and back, software engine, one at a time, beside two plain
# UDP relays of socat in their place. All of it in one run, by turns; what the echo takes without anything between is subtracted.
# shellcheck source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

ROUNDS=${ROUNDS:-20} COUNT=100 GAP_US=500 GOAL=2.5

certificates
need_ports tcp udp forward plain relay echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"
proxy >&2 && client --forward "udp:$forward:127.0.0.1:$echo" >&2 || exit 1

relays() { # each takes one peer, the first that comes
    start first socat "UDP4-LISTEN:$plain,bind=127.0.0.1,reuseaddr" "UDP4:127.0.0.1:$relay"
    start second socat "UDP4-LISTEN:$relay,bind=127.0.0.1,reuseaddr" "UDP4:127.0.0.1:$echo"
    sleep 0.3
}

table() { # size
    relays
    "$tools/udp-ping" "$1" "$ROUNDS" "$COUNT" "$GAP_US" "127.0.0.1:$echo" "127.0.0.1:$plain" "127.0.0.1:$forward" >"$work/pings" ||
        return 1
    jq -r --argjson goal "$GOAL" --arg size "$1" '
        def us: . / 100 | round / 10 | tostring;
        def row($name; $p): "\($p.back) of \($p.sent)\t\($p.median | us)\t\($p.p90 | us)\t\($p.p99 | us)\t\($name)";
        . as [$echo, $socat, $ours] | (($ours.median - $echo.median) / ($socat.median - $echo.median)) as $ratio
        | "\($size) bytes\tmedian\t90 %\t99 %\t(there and back, microseconds)",
          row("the echo alone"; $echo), row("two relays of socat"; $socat), row("client and proxy"; $ours),
          "added, of what socat adds: \($ratio * 100 | round / 100), goal at most \($goal): \(if $ratio <= $goal then "ok" else "MISSED" end)"
    ' "$work/pings"
}

for size in 64 512 1400; do
    table "$size" || exit 1
done | tee "$work/table" | column -t -s$'\t'
! grep -q MISSED "$work/table" && [ "$(grep -c 'ok$' "$work/table")" = 3 ]
