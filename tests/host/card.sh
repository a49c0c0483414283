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
for wrong in "" "frob soft:" "info" "info soft: soft:" "--clear info soft:" "--frob info soft:" \
    "--timeout 0 info soft:" "--timeout x list" "--operation-ms 19 bench soft:"; do
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

figures='.rows | all(.supported and .records > 0 and .failed == 0 and .records_per_second > 0
    and ((.bytes_per_second - .records_per_second * .bytes) | fabs) < 1
    and (.latency_us | .p50 > 0 and .p50 <= .p90 and .p90 <= .p99 and .p99 <= .p99_9 and .p99_9 <= .max))'
gives 0 --json bench --seconds 0.02 soft: && holds "$figures" &&
    holds '.queues == 1 and .depth == 64 and (.rows | length == 16 and all(has("cycles") | not))'
ok $? "bench of soft:, every default row"
all_suites=null-sha1-etm,des-md5-mte,des3-sha1-tls_mte,aes128-none-etm,aes192-sha256-tls_etm,aes256-sha256-128-etm
all_suites+=,aes128-sha1-tls10
gives 0 --json bench --seconds 0.02 --suites $all_suites --sizes 0,300 --operations open --queues 3 --depth 1 soft: &&
    holds "$figures" &&
    holds '.queues == 3 and .depth == 1 and (.rows | length == 14 and all(.operation == "open") and
        map(.bytes) == [range(7) | 0, 300])'
ok $? "suites of every cipher, MAC and form, three threads, one operation at a time"
gives 0 bench --seconds 0.02 --spin --sizes 1400 --suites aes128-sha256-128-etm soft: && grep -q '^suite .*p99.9 .*max us$' out &&
    grep -qE '^aes128-sha256-128-etm  open +1400( +[0-9.]+){7}$' out
ok $? "the same as text"
for wrong in "--queues 0" "--queues 65" "--depth 4097" "--seconds 0" "--seconds x" "--sizes 16385" "--sizes -1" "--sizes" \
    "--operations shut" \
    "--suites aes128" "--suites aes512-sha1-etm" "--suites aes128-sha1-161-etm" "--suites aes128-sha1-168-etm" \
    "--suites aes128-sha1-160-etm-etm" "--depth 4096 --queues 64 --sizes 16384"; do
    # shellcheck disable=SC2086
    gives 2 bench soft: $wrong && grep -q '^usage: sluice card' err
    ok $? "bench $wrong is refused"
done
gives 2 info soft: --depth 4 && grep -q 'bench alone' err
ok $? "options of bench go with bench alone"
if command -v script >/dev/null; then
    script -qec "$sluice card bench --seconds 0.2 --sizes 64 --suites aes128-sha1-mte soft: >$dir/out" /dev/null </dev/null \
        >screen 2>&1
    grep -q '2/2  aes128-sha1-mte open 64 bytes, .* s left' screen && ! grep -q left out
    ok $? "progress is shown on a terminal"
fi

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
    gives 0 --json info "$uri" && holds '.engine == "sim" and .lanes >= 1 and .clock_khz > 0' &&
        managed=$(jq '.features | index("managed")' out)
    ok $? "info of a simulated card"
    gives 0 --json stats "$uri" && holds '.cycles > 0 and (.lanes | length >= 1)'
    ok $? "stats of a simulated card"
    gives 0 --json bench --seconds 0.3 --sizes 64,1400 --queues 2 --suites aes128-sha256-128-etm "$uri" && holds "$figures" &&
        holds '.rows | length == 4 and all(.cycles > 0 and .bytes_per_cycle > 0.01 and .records_per_cycle > 0)'
    ok $? "bench of a simulated card, for each of its clocks too"
    gives 2 bench --queues 64 "$uri" && grep -q 'fewer queue pairs' err
    ok $? "no more queue pairs than it has"
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
