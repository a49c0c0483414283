#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Datagrams of 1400 bytes that sluiced opens and passes on in one second of its own CPU time, with the software engine and one
# worker, beside what `openssl speed` gives for the same cipher and MAC in the same run. The median of five rounds. Not a test: it
# ends with status 0 when it could measure.
# shellcheck source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

SIZE=1400 RATE=${RATE:-60000} ROUNDS=5 GOAL=100000
CONTENT=$((SIZE + 10)) # with the SOCKS5 header

ticks() { # CPU time of sluiced, in clock ticks
    local stat
    read -r -a stat <"/proc/${pids[proxy]}/stat"
    echo $((stat[13] + stat[14]))
}

speed() { # algorithm, options: bytes a second
    openssl speed -mr -seconds 1 -bytes "$CONTENT" "${@:2}" -evp "$1" 2>/dev/null | awk -F: '/^\+F/ {printf "%.0f\n", $NF}'
}

round() { # prints datagrams, clock ticks
    local datagrams ticks
    datagrams=$(proxy_stat .total.datagrams_up) ticks=$(ticks)
    "$tools/udp-blast" "127.0.0.1:$forward" "$SIZE" "$RATE" 2 >/dev/null
    sleep 0.3
    echo $(($(proxy_stat .total.datagrams_up) - datagrams)) $(($(ticks) - ticks))
}

measure() { # suite: datagrams a CPU second
    local i
    client --forward "udp:$forward:127.0.0.1:$sink" --suites "$1" >&2 || exit 1
    "$tools/udp-blast" "127.0.0.1:$forward" "$SIZE" 1000 1 >/dev/null
    for ((i = 0; i < ROUNDS; i++)); do
        round
    done | awk -v hz="$(getconf CLK_TCK)" '$2 {printf "%d\n", $1 * hz / $2}' | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
    stop client >&2
}

row() { # figure, goal, measured
    local verdict=
    [ -z "$2" ] || verdict=$([ "$3" -ge "$2" ] && echo ok || echo short)
    printf '%-66s %10s %12s  %s\n' "$1" "$2" "$3" "$verdict"
}

table() { # suite, cipher
    local measured decrypt hash bound
    measured=$(measure "$1")
    decrypt=$(speed "$2" -decrypt)
    hash=$(speed sha256)
    bound=$(awk -v n="$CONTENT" -v d="$decrypt" -v h="$hash" 'BEGIN {printf "%d", 1 / (n / d + n / h)}')
    row "$1: $SIZE-byte datagrams a CPU second" "$GOAL" "${measured:-0}"
    row "  openssl speed $2, decrypting, MB/s" "" $((decrypt / 1000000))
    row "  openssl speed sha256, MB/s" "" $((hash / 1000000))
    row "  datagrams a second that these two alone would take" "" "$bound"
}

certificates
need_ports tcp udp forward sink
start sink "$tools/peer" udp-sink "127.0.0.1:$sink"
proxy >&2 || exit 1
printf '%-66s %10s %12s\n' "proxy, software engine, one worker, one direction" goal measured
table aes128-sha256-128-etm aes-128-cbc
table aes256-sha256-128-etm aes-256-cbc
row "refused by the proxy in all of it" "" "$(proxy_stat "$refused")"
