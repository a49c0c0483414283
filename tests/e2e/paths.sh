#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Clients that are found elsewhere: a NAT that gives a flow another port again and again, and one that forgets it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 19

certificates
need_ports tcp udp advertise socks echo
start echo "$tools/peer" udp-echo "127.0.0.1:$echo"

talk() {
    "$tools/socks-udp" --proxy "127.0.0.1:$socks" --to "127.0.0.1:$echo" --seed "$SEED" "$@" | tee "$work/talk.json"
    return "${PIPESTATUS[0]}"
}
network() { # options of impair
    start impair "$tools/impair" --listen "127.0.0.1:$advertise" --to "127.0.0.1:$udp" --seed "$SEED" "$@"
    wait_for impair "listening on" && proxy
}
all_stop() {
    stop_all client proxy impair
}

check "a NAT that gives another port after every 300 datagrams" network --rebind 300
check "the client starts" client --listen "127.0.0.1:$socks"
talk --count 3000 --size 20-600 --rate 1000 --timeout 300 >/dev/null
check "all stop" all_stop
holds "the port changed" "$(field "$work/impair.log" .up.rebound) >= 8"
holds "the proxy has followed it each time" "$(jq .total.paths_changed "$work/proxy.json") >= 8"
holds "almost everything came back" "$(field "$work/talk.json" .received) >= 2900"
is "nothing twice" "$(field "$work/talk.json" .duplicates)" 0
is "it was one association" "$(jq .total.associations "$work/proxy.json")" 1

check "a network" network
check "a client that keeps the NAT's mapping alive every second" client --listen "127.0.0.1:$socks" --udp-keep-alive-seconds 1
start talk talk --count 5 --linger 5000
sleep 4
check "all stop" all_stop
holds "the client sent heartbeats" "$(jq .heartbeats "$work/client.json") >= 3"
is "the proxy answered each" "$(jq .total.heartbeats "$work/proxy.json")" "$(jq .heartbeats "$work/client.json")"

# What a program can learn of the way: it asks on the connection of its UDP ASSOCIATE, and tries what it is told.
mtu() { # prints "MTU IPV4 IPV6 LAST": whether the largest datagram came back, and one 64 bytes longer
    python3 - "$socks" "$echo" <<'END'
import socket, struct, sys, time
tcp = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 40)
tcp.sendall(b"\5\1\0" + b"\5\3\0\1" + bytes(6))
reply = b""
while len(reply) < 12:
    reply += tcp.recv(12 - len(reply))
relay = ("127.0.0.1", struct.unpack(">H", reply[-2:])[0])
tcp.sendall(b"\2\0\1\3")
numbers = (0, 0, 0)
while not numbers[0]:
    notice = b""
    while len(notice) < 10:
        notice += tcp.recv(10 - len(notice))
    numbers = struct.unpack(">4xHHH", notice)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(1)
header = b"\0\0\0\1\x7f\0\0\1" + struct.pack(">H", int(sys.argv[2]))
came = []
for size in (numbers[1], numbers[1] + 64):
    back = 0
    for _ in range(12): # the way back is looked for later
        udp.sendto(header + bytes(size), relay)
        try:
            back = max(back, len(udp.recv(65536)) - 10)
            break
        except TimeoutError:
            pass
    came.append(back == size)
print(*numbers, *came)
END
}
check "a way that carries packets of 1400 bytes, and is silent about longer ones" network --mtu 1400
check "the client starts" client --listen "127.0.0.1:$socks"
read -r size ip4 ip6 fits longer < <(mtu)
holds "a program is told so" "${size:-0} >= 1384 && ${size:-0} <= 1400"
holds "and what that leaves for it" "${ip4:-0} > 1290 && ${ip4:-0} < 1340 && ${ip6:-0} == ${ip4:-0} - 12"
is "such a datagram passes, and a longer one by TCP" "${fits:-} ${longer:-}" "True True"
check "all stop" all_stop
