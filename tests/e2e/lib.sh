# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# The harness of the end-to-end tests and of scripts/run, sourced by them. Programs run in the background by name, with a log each
# in $work; whatever happens they are ended and $work is removed (kept with KEEP=1). Tests print TAP. BUILD, SEED and KEEP come
# from the environment.

set -uo pipefail

BUILD=${BUILD:-build}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
tools=$BUILD/tests/e2e/tools
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-e2e.XXXXXX")
declare -A pids=()
count=0 failed=0

finish() {
    local status=$? name
    exec 2>/dev/null # bash tells of every process that is killed
    for name in "${!pids[@]}"; do
        kill -KILL -- "-${pids[$name]}"
    done
    wait 2>/dev/null
    if [ "$failed" -ne 0 ]; then
        for name in "$work"/*.log; do
            echo "# --- ${name##*/}"
            tail -n 25 "$name" | cut -c1-400 | sed 's/^/#   /'
        done
    fi
    if [ -n "${KEEP:-}" ]; then
        echo "# kept $work"
    else
        rm -rf "$work"
    fi
    [ "$status" -eq 0 ] && [ "$failed" -ne 0 ] && status=1
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---- TAP

begin() { # how many tests
    echo "1..$1"
    echo "# SEED=$SEED"
}

ok() { # status, name
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        failed=$((failed + 1))
    fi
}

check() { # name, command...
    local name=$1
    shift
    "$@" >"$work/check.out" 2>&1
    local status=$?
    [ "$status" -eq 0 ] || sed 's/^/# /' "$work/check.out"
    ok "$status" "$name"
}

refuse() { # name, command... that must fail
    local name=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        sed 's/^/# /' "$work/check.out"
        ok 1 "$name"
    else
        ok 0 "$name"
    fi
}

is() { # name, found, expected
    [ "$2" = "$3" ] || echo "# found $2, expected $3"
    [ "$2" = "$3" ]
    ok $? "$1"
}

holds() { # name, arithmetic condition
    (($2)) || echo "# does not hold: $2"
    (($2))
    ok $? "$1"
}

skip_all() { # why
    echo "1..0 # SKIP $1"
    exit 0
}

# ---- programs

start() { # name, command...
    local name=$1
    shift
    [ -z "${pids[$name]:-}" ] || crash "$name"
    : >"$work/$name.log" # so that nobody reads the former one's
    set -m # a process group of its own, so that its children end with it
    "$@" >>"$work/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
    set +m
}

wait_for() { # name, pattern in its log
    local i
    for ((i = 0; i < 400; i++)); do
        grep -qE -- "$2" "$work/$1.log" 2>/dev/null && return 0
        kill -0 "${pids[$1]}" 2>/dev/null || break
        sleep 0.05
    done
    grep -qE -- "$2" "$work/$1.log" && return 0
    echo "# $1 never said '$2'"
    sed 's/^/#   /' "$work/$1.log" | tail -n 15
    return 1
}

within() { # seconds, command... that must succeed in that time
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

gone() { # name: it has ended
    ! kill -0 "${pids[$1]}" 2>/dev/null
}

stop() { # name; SIGTERM, then its exit status; 137 when it had to be killed after 10 s
    local pid=${pids[$1]}
    kill -TERM -- "-$pid" 2>/dev/null
    within 10 gone "$1" || kill -KILL -- "-$pid"
    wait "$pid" 2>/dev/null
    local status=$?
    unset "pids[$1]"
    return "$status"
}

stop_all() { # name...; those that are not there do not count
    local name status=0
    for name in "$@"; do
        [ -z "${pids[$name]:-}" ] || stop "$name" || { echo "# $name ended with status $?" && status=1; }
    done
    return "$status"
}

crash() { # name; SIGKILL
    kill -KILL -- "-${pids[$1]}" 2>/dev/null
    wait "${pids[$1]}" 2>/dev/null
    unset "pids[$1]"
}

# Of need_ports: the proxy's, the client's, and the servers'.
front='' tcp='' udp='' socks='' forward='' plain='' relay='' advertise=''
dns_udp='' by_name='' by_six='' to_tcp='' echo='' sink='' tcp_echo='' tcp_count='' web=''
dns='' dns_local='' video='' video_local=''

need_ports() { # variable names: each gets a port that is free
    local ports
    mapfile -t ports < <("$tools/peer" free-ports $#)
    while [ $# -gt 0 ]; do
        printf -v "$1" %s "${ports[0]}"
        ports=("${ports[@]:1}")
        shift
    done
}

# ---- sluice

certificates() { # ca.pem, proxy.pem, proxy.key, and other.pem, which the CA has not signed
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=sluice test CA" \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" -keyout "$work/proxy.key" \
        -out "$work/proxy.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$work/proxy.ext"
    openssl x509 -req -in "$work/proxy.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -set_serial 1 -days 2 \
        -extfile "$work/proxy.ext" -out "$work/proxy.pem" 2>/dev/null
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=localhost" \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout "$work/other.key" -out "$work/other.pem" 2>/dev/null
}

# Without them loopback is closed to clients.
loopback_rules='rules = ( { action = "allow"; to = [ "127.0.0.0/8", "::1" ]; } );'

# Starts sluiced as `proxy` on $tcp and $udp; more lines of configuration are arguments. $advertise is the UDP port that clients
# are told, $engine the engine, if they are set; $rules the rules, otherwise those above.
proxy() {
    local engine=${engine:-soft:}
    {
        echo "engine = \"$engine\";"
        echo "listeners = ( { address = \"127.0.0.1:$tcp\"; tls = true; } );"
        echo "udp = ( { address = \"127.0.0.1:$udp\";${advertise:+ advertise = \"127.0.0.1:$advertise\";} } );"
        echo "tls = { certificate = \"$work/proxy.pem\"; key = \"$work/proxy.key\"; };"
        echo "control_socket = \"$work/proxy.sock\";"
        echo "stats_file = \"$work/proxy.json\";"
        echo "${rules-$loopback_rules}"
        printf '%s\n' "$@"
    } >"$work/proxy.conf"
    start proxy "$BUILD/bin/sluiced" --config "$work/proxy.conf"
    wait_for proxy event=ready
}

# Starts `sluice client` as `client`; further options are arguments.
client() {
    start client "$BUILD/bin/sluice" client --proxy "localhost:$tcp" --ca-file "$work/ca.pem" \
        --stats-file "$work/client.json" "$@"
    wait_for client event=ready
}

# A number of the running proxy, or of its last words.
proxy_stat() { # jq path
    local json
    if [ -n "${pids[proxy]:-}" ]; then
        json=$(socat -t 5 - "UNIX-CONNECT:$work/proxy.sock" </dev/null)
    else
        json=$(cat "$work/proxy.json")
    fi
    jq -r "$1" <<<"$json"
}

client_stat() { # jq path
    if [ -n "${pids[client]:-}" ]; then
        rm -f "$work/client.json"
        kill -USR1 "${pids[client]}"
        within 5 test -s "$work/client.json"
    fi
    jq -r "$1" "$work/client.json"
}

refused='.total.refused | add'

counted() { # counter of the running proxy, at least
    [ "$(proxy_stat ".total.$1")" -ge "$2" ]
}

# The simulated card as `card`; sets $engine. Extra options are arguments.
card() {
    start card "$BUILD/sim/sluice-sim" --socket "$work/card.sock" "$@"
    wait_for card "listening on" || return 1
    engine=sim:$work/card.sock
}

field() { # file with one JSON line, jq path
    tail -n 1 "$1" | jq -r "$2"
}
