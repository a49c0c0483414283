#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sluice card from outside: every command on the software engine, and on a simulated card where there is a sluice-sim.
set -u
build=${BUILD:-build}
sluice=$(realpath "$build/bin/sluice") || exit 1
sim=$(realpath "${SLUICE_SIM:-$build/sim/sluice-sim}" 2>/dev/null)
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

count=0 failed=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
        echo "not ok $count - $2"
        failed=1
    fi
}
gives() { # gives STATUS ARGUMENT...: what it says goes to out, and it writes to one of out and err alone
    local want=$1
    shift
    "$sluice" card "$@" >out 2>err
    [ $? -eq "$want" ] && if [ "$want" -le 1 ]; then [ -s out ] && [ ! -s err ]; else [ ! -s out ] && [ -s err ]; fi
}
holds() { # holds FILTER: of the JSON in out
    jq -e "$1" out >/dev/null
}

gives 0 --help && grep -q 'selftest URI' out
ok $? "--help says what there is"
for wrong in "" "frob soft:" "info" "info soft: soft:" "--clear info soft:" "--frob info soft:" "--timeout 0 info soft:" "--timeout x list"; do
    # shellcheck disable=SC2086
    gives 2 $wrong && grep -q '^sluice: card: ' err && grep -q '^usage: sluice card' err
    ok $? "'$wrong' is refused with what is wrong and the usage"
done
gives 3 info sim:/nonexistent/socket && grep -q '^sluice: sim:/nonexistent/socket: open: ' err
ok $? "a card that cannot be opened is status 3"

gives 0 list && grep -q '^soft:  *software engine$' out
ok $? "list names the software engine"
gives 0 --json list sim:/nonexistent/socket && holds '.cards | length >= 2 and .[-1].what == "no socket there"'
ok $? "and what it is given"
gives 0 info soft: && grep -q '^firmware_state  *ready$' out && grep -q '^features  *aes aes192 ' out
ok $? "info of soft:"
gives 0 --json info soft: && holds '.engine == "soft" and .firmware_state == "ready" and (.features | index("cut_through"))'
ok $? "the same as JSON"
gives 0 selftest soft: && grep -q '^verdict  *passed$' out
ok $? "selftest of soft:"
gives 0 --json selftest soft: && holds '.verdict == "passed" and .known_answers >= 13 and .first_failure == 0'
ok $? "the same as JSON"
gives 0 log soft: && grep -q '^clocks  *event ' out && grep -q ' ready ' out
ok $? "log of soft:"
gives 0 --json --clear log soft: && holds '.events | map(.event) == ["boot", "ready"]'
ok $? "the same as JSON, and emptied"
gives 0 stats soft: && grep -q '^record_bytes  *0$' out
ok $? "stats of soft:"
gives 0 --json stats soft: && holds '.cycles == 0 and .seal_status == {}'
ok $? "the same as JSON"
for deed in reset zeroise; do
    gives 0 $deed soft: && grep -q "^done  *$deed\$" out && gives 0 --json $deed soft: && holds ".done == \"$deed\""
    ok $? "$deed of soft:"
done

if [ -x "$sim" ]; then
    "$sim" --socket "$dir/card" >sim.log 2>&1 &
    pids+=($!)
    for _ in $(seq 100); do
        [ -S card ] && break
        sleep 0.1
    done
    uri=sim:$dir/card
    gives 0 list "$uri" && grep -q 'simulated card$' out
    ok $? "list sees a simulated card's socket"
    gives 0 --json info "$uri" && holds '.engine == "sim" and .lanes >= 1 and .clock_khz > 0' && managed=$(jq '.features | index("managed")' out)
    ok $? "info of a simulated card"
    gives 0 --json stats "$uri" && holds '.cycles > 0 and (.lanes | length >= 1)'
    ok $? "stats of a simulated card"
    gives 0 --json reset "$uri" && holds '.done == "reset"'
    ok $? "reset of a simulated card"
    if [ "${managed:-null}" = null ]; then
        gives 3 selftest "$uri" && grep -q 'selftest: Operation not supported' err
        ok $? "a card without a management processor says so"
    else
        gives 0 --json selftest "$uri" && holds '.verdict == "passed" and .known_answers > 0'
        ok $? "selftest of a simulated card"
        gives 0 --json log "$uri" && holds '.events | map(.event) | index("ready")'
        ok $? "log of a simulated card"
        gives 0 zeroise "$uri" && gives 0 --json log "$uri"
        ok $? "zeroise of a simulated card"
    fi
fi
echo "1..$count"
exit $failed
