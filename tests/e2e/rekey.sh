#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keys that are renewed under way, by either end, by number and by age, and random nonces: over a bad network everything that
# arrives does so once and whole, and what is replayed across epochs is refused.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 29

certificates
need_ports tcp udp advertise socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" "$@" | tee -a "$work/talk.json"
    return "${PIPESTATUS[0]}"
}
# How often keys are renewed in so many datagrams depends on how busy the machine is: so talks until it is often enough.
renewing() { # least renewals, options of talk
    local least=$1 i
    shift
    rm -f "$work/talk.json"
    for ((i = 0; i < 10; i++)); do
        talk "$@" || return 1
        [ "$(client_stat .rekeys)" -lt "$least" ] || return 0
    done
}
sum() { # key, of all talks
    jq -s "map(.$1) | add" "$work/talk.json"
}
network() { # options of impair
    start impair "$tools/impair" --listen "127.0.0.1:$advertise" --to "127.0.0.1:$udp" --seed "$SEED" "$@"
    wait_for impair "listening on"
}
directly() { # a proxy without the network between
    advertise='' proxy "$@"
}
all_stop() {
    stop_all client proxy impair
}
a_client() {
    client --listen "127.0.0.1:$socks" "$@"
}
from_json() { # file, path
    jq ".$2" "$work/$1.json"
}
all_refused() {
    jq '.total.refused | add' "$work/proxy.json"
}

check "the proxy starts" directly
check "a client that rekeys after 100 records starts" a_client --rekey-records 100
check "everything comes back once" renewing 10 --count 3000 --size 4-1400 --rate 1500
check "all stop" all_stop
holds "the keys were renewed again and again" "$(from_json client rekeys) >= 10"
is "the proxy counts as many epochs" "$(from_json proxy total.rekeys)" "$(from_json client rekeys)"
is "and refused nothing" "$(all_refused)" 0
is "nor did the client" "$(jq '.refused | add' "$work/client.json")" 0

check "a proxy that wants new keys after 100 records starts" directly "rekey_records = 100;"
check "the client starts" a_client
check "everything comes back once" renewing 5 --count 2000 --size 4-1400 --rate 1000
check "all stop" all_stop
holds "the client renewed the keys when it was asked" "$(from_json client rekeys) >= 5"

check "a network that reorders and doubles" network --reorder 150 --dup 100
check "the proxy starts" proxy
check "a client that rekeys after 100 records starts" a_client --rekey-records 100
rm -f "$work/talk.json"
for round in 1 2 3 4 5 6 7 8; do
    talk --count 1000 --size 4-1400 --rate 1500 --timeout 300 >/dev/null
    [ "$round" -lt 2 ] || [ "$(client_stat .rekeys)" -lt 5 ] || break
done
check "all stop" all_stop
holds "keys were renewed" "$(from_json client rekeys) >= 5"
is "nothing is delivered twice" "$(sum duplicates)" 0
is "nothing arrives damaged" "$(sum corrupt)" 0
is "each second copy was refused as replayed" "$(from_json proxy total.refused.replayed)" \
    "$(field "$work/impair.log" .up.doubled)"
holds "almost everything came back" "$(sum received) >= 990 * round"

check "random nonces, and a network that replays 500 records each way" network --replay 500
check "the proxy starts" proxy
check "the client starts" a_client --nonces random --rekey-records 10000
check "everything comes back once" talk --count 1500 --size 4-1400 --linger 300
check "all stop" all_stop
is "the proxy refused the replayed ones" "$(from_json proxy total.refused.replayed)" 500
is "the client too" "$(from_json client refused.replayed)" 500
