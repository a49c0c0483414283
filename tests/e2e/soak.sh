#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh SECONDS: client, proxy and card for long, over a network that loses, reorders and doubles, with reloads all the while and
# a card that is killed and comes back. No association is lost, nothing is delivered twice, nothing grows. `make soak` runs it with
# the address sanitizer first ($BUILD; $PLAIN has the card and the tools), which also tells of leaks, then without.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

LENGTH=${1:-150} PLAIN=${PLAIN:-$BUILD}
CYCLE=15          # seconds: a reload, the card's death, its return, another reload
DEAD=4            # of them without a card
RATE=20           # datagrams a second of each association
LEAST=80          # percent of them that come back; the network loses 2 % each way, the card what it held
GROWTH=1024       # KiB between the middle and the last third, of each
SANITIZED=        # its allocator keeps what was freed, so that it grows
[ "$PLAIN" = "$BUILD" ] || SANITIZED=yes
tools=$PLAIN/tests/e2e/tools
[ -x "$PLAIN/sim/sluice-sim" ] || skip_all "sluice-sim is not built"
begin $((9 + LENGTH / CYCLE))

certificates
need_ports tcp udp relay socks forward echo
advertise=$relay engine=sim:$work/card.sock
associations=(one two three four)

a_card() {
    rm -f "$work/card.sock"
    start card "$PLAIN/sim/sluice-sim" --socket "$work/card.sock"
    wait_for card "listening on"
}
talk() { # name, options
    local name=$1
    shift
    start "$name" "$tools/socks-udp" --seed "$SEED" --count 1000000 --rate "$RATE" --size 20-600 \
        --timeout 4000 --linger 1000 "$@"
}
path() {
    start echo "$tools/peer" udp-echo "127.0.0.1:$echo"
    start impair "$tools/impair" --listen "127.0.0.1:$relay" --to "127.0.0.1:$udp" --seed "$SEED" --loss 20 --reorder 50 --dup 20
    wait_for impair "listening on" && a_card && proxy "workers = 2;" "operation_ms = 2000;" &&
        client --listen "127.0.0.1:$socks" --forward "udp:$forward:127.0.0.1:$echo"
}
resident() { # KiB
    awk '/^Rss:/ {print $2}' "/proc/${pids[$1]}/smaps_rollup" 2>/dev/null
}
watch() {
    while sleep 1; do
        echo "$(resident proxy) $(resident client)" >>"$work/resident"
    done
}
times() { # program, event: how often it has been told
    grep -c "event=$2" "$work/$1.log"
}
returned() { # how often
    [ "$(times proxy engine_returned)" -ge "$1" ]
}
reload() {
    local before
    before=$(times proxy reload)
    kill -HUP "${pids[proxy]}"
    within 5 reloaded "$before"
}
reloaded() {
    [ "$(times proxy reload)" -gt "$1" ]
}
received() {
    proxy_stat .total.datagrams_up
}
cycle() { # number
    local before workers=2
    before=$(received)
    reload || return 1
    sleep $((CYCLE - DEAD - 6))
    crash card
    sleep "$DEAD"
    a_card && within 30 returned $((workers * $1)) || return 1
    reload || return 1
    [ "$(received)" -gt "$before" ]
}
all_alive() {
    [ "$(proxy_stat .total.associations_open)" = ${#associations[@]} ] && [ "$(proxy_stat .total.associations)" = ${#associations[@]} ] &&
        [ "$(times client association_lost)" = 0 ]
}
thirds() { # column of $work/resident: from the median of the middle third to that of the last, as a card's memory comes and goes
    local n from third=()
    n=$(($(wc -l <"$work/resident") / 3))
    for from in $((n + 1)) $((2 * n + 1)); do
        third+=("$(tail -n "+$from" "$work/resident" | head -n "$n" | cut -d' ' -f"$1" | sort -n | sed -n "$((n / 2 + 1))p")")
    done
    echo $((third[1] - third[0]))
}
slope() { # the same, KiB a minute
    echo $(($(thirds "$1") * 180 / $(wc -l <"$work/resident")))
}

check "client, proxy and card start behind a bad network" path
for name in "${associations[@]:1}"; do
    talk "$name" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo"
done
talk "${associations[0]}" --direct --to "127.0.0.1:$forward"
within 10 all_alive
watch &
watcher=$!
for ((i = 1; i <= LENGTH / CYCLE; i++)); do
    check "cycle $i: two reloads; the card dies and comes back; datagrams go on" cycle "$i"
done
kill "$watcher"
check "${#associations[@]} associations were made, and none was lost" all_alive
for name in "${associations[@]}"; do
    kill -TERM "${pids[$name]}"
done
for name in "${associations[@]}"; do
    within 20 gone "$name"
    cat "$work/$name.log"
done | jq -cs '{sent: map(.sent) | add, received: map(.received) | add, missing: map(.missing) | add,
    twice: map(.duplicates) | add, damaged: map(.corrupt) | add}' >"$work/sum.json"
sed 's/^/# /' "$work/sum.json"
is "nothing came twice, nothing damaged" "$(jq -c '[.twice, .damaged]' "$work/sum.json")" "[0,0]"
holds "what the network lets through comes back" \
    "100 * $(jq .received "$work/sum.json") >= $LEAST * $(jq .sent "$work/sum.json")"
holds "the proxy has refused what came again" "$(proxy_stat .total.refused.replayed) > 0"
echo "# resident memory grew by $(slope 1) KiB a minute (proxy), $(slope 2) KiB a minute (client)"
echo "# engine: $(proxy_stat '.total | "\(.engine_replaced) times replaced, \(.engine_redone) jobs done again, \(.engine_returned) times returned"')"
if [ -n "$SANITIZED" ]; then
    ok 0 "the proxy does not grow # SKIP the sanitizer's allocator does"
    ok 0 "nor does the client # SKIP the same"
else
    holds "the proxy does not grow" "$(thirds 1) <= $GROWTH"
    holds "nor does the client" "$(thirds 2) <= $GROWTH"
fi
check "the client ends cleanly, without leaks" stop client
check "so does the proxy" stop proxy
