#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SOCKS5 requests from outside: reply codes, names with lifetimes, BIND, and what goes wrong with UDP ASSOCIATE elsewhere."""
import socket
import time

from kit import BIND, CONNECT, UDP, Names, Proxy, Refused, Socks, Tap, address, code, listen, receive, udp, within

tap = Tap()
names = Names({
    "short.test": (1, ["127.0.0.1"]),
    "long.test": (3600, ["127.0.0.1"]),
    "moves.test": (1, ["127.0.0.1"]),
    "six.test": (60, ["::1"]),
    "both.test": (60, ["127.0.0.1", "::1"]),
    "empty.test": (60, []),
    "mute.test": None,
    "first-dead.test": (60, ["127.0.0.3", "127.0.0.1"]),
})
SERVERS = f'nameservers = [ "127.0.0.1:{names.port}" ]; handshake_seconds = 2; bind_seconds = 1;'
proxy = Proxy(SERVERS)
target, port = listen()
six, six_port = listen("::1")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    shut = s.getsockname()[1]

# ---- reply codes

tap.equal(code(proxy, "127.0.0.1", port), 0, "CONNECT succeeds")
tap.equal(code(proxy, "127.0.0.1", shut), 5, "a closed port: connection refused")
tap.equal(code(proxy, "nowhere.test", 80), 4, "a name that there is not: host unreachable")
tap.equal(code(proxy, "empty.test", 80), 4, "a name without addresses: host unreachable")
tap.equal(code(proxy, "10.0.0.1", 80), 2, "a target that is not allowed: not allowed")
tap.equal(code(proxy, "255.255.255.255", 80), 2, "broadcast: not allowed")
tap.equal(code(proxy, "127.0.0.1", 0), 2, "port 0: not allowed")
tap.equal(code(proxy, "127.0.0.1", port, command=9), 7, "an unknown command: command not supported")
client = Socks(proxy.plain)
client.s.sendall(b"\5\1\0\2\0\0")
try:
    client.reply()
except Refused as refused:
    tap.equal(refused.code, 8, "an unknown address type: address type not supported")
client.close()
begin = time.monotonic()
tap.equal(code(proxy, "mute.test", 80), 4, "a name server that does not answer: host unreachable")
tap.ok(time.monotonic() - begin < 5, "within handshake_seconds")
client = Socks(proxy.plain, tls=False)
tap.equal(client.ask(CONNECT, "127.0.0.1", port)[0], "127.0.0.1", "the reply has the address that the target sees")
client.close()
client = Socks(proxy.tls, tls=True)
tap.equal(client.code(CONNECT, "127.0.0.1", port), 0, "an ordinary client inside TLS is served the same")
client.close()

# ---- names

tap.equal(code(proxy, "six.test", six_port), 0, "a name with an IPv6 address is reached")
tap.equal((code(proxy, "both.test", port), code(proxy, "both.test", six_port)), (0, 0),
          "of two families the one that answers is taken")
tap.equal(code(proxy, "first-dead.test", port), 0, "of two addresses too")
tap.equal(code(proxy, "localhost", port), 0, "/etc/hosts is looked at")
for _ in range(3):
    code(proxy, "long.test", port)
tap.equal(names.count("long.test"), 1, "a name is asked for once while its record lives")
for _ in range(3):
    code(proxy, "short.test", port)
    time.sleep(1.1)
tap.equal(names.count("short.test"), 3, "and again after that")
code(proxy, "moves.test", port)
names.zone["moves.test"] = (1, ["127.0.0.4"])
time.sleep(1.1)
moved = socket.create_server(("127.0.0.4", port))
client = Socks(proxy.plain)
client.code(CONNECT, "moves.test", port)
moved.settimeout(2)
tap.ok(moved.accept(), "a name that has moved is found at its new address")
client.close()
tap.equal([code(proxy, name, 80) for name in ("a" * 63 + ".test", "a" * 64 + ".test", "..", "a\n.test")], [4] * 4,
          "names that no name can be have no address")

# ---- BIND

client = Socks(proxy.plain)
host, bound = client.ask(BIND, "127.0.0.1", 0)
tap.equal(host, "127.0.0.1", "BIND: the first reply has the address toward the peer")
stranger = socket.create_connection((host, bound), 2, ("127.0.0.9", 0))
tap.equal(stranger.recv(1), b"", "a stranger is turned away")
peer = socket.create_connection((host, bound), 2)
tap.equal(client.reply(), peer.getsockname(), "the second has the peer's")
peer.sendall(b"to the client")
client.s.sendall(b"to the peer")
tap.equal((client.take(13), peer.recv(99)), (b"to the client", b"to the peer"), "then bytes go both ways")
peer.shutdown(socket.SHUT_WR)
tap.equal(client.s.recv(1), b"", "the peer's half ends")
client.s.sendall(b"still")
tap.equal(peer.recv(99), b"still", "and the client's goes on")
client.close()
peer.close()
tap.equal(proxy.count("bind_strangers"), 1, "strangers are counted")
client = Socks(proxy.plain)
host, bound = client.ask(BIND, "0.0.0.0", 0)
peer = socket.create_connection((host, bound), 2, ("127.0.0.9", 0))
tap.equal(client.reply()[0], "127.0.0.9", "BIND for anybody takes whom rules allow")
client.close()
client = Socks(proxy.plain)
host, bound = client.ask(BIND, "long.test", 0)
peer = socket.create_connection((host, bound), 2)
tap.equal(client.reply(), peer.getsockname(), "BIND by name takes the peer that it resolves to")
client.close()
client = Socks(proxy.plain)
host, bound = client.ask(BIND, "127.0.0.1", 0)
try:
    client.reply()
except Refused as refused:
    tap.equal(refused.code, 6, "nobody comes within bind_seconds: the second reply says so")
refused = None
try:
    socket.create_connection((host, bound), 1)
except ConnectionRefusedError as error:
    refused = error
tap.ok(refused, "and nobody can come any more")
client.close()
client = Socks(proxy.plain)
host, bound = client.ask(BIND, "127.0.0.1", 0)
client.close()


def is_shut():
    try:
        socket.create_connection((host, bound), 1).close()
    except ConnectionRefusedError:
        return True
    return False


tap.ok(within(1, is_shut), "a client that goes away takes its listener along")
tap.equal(code(proxy, "10.0.0.1", 0, command=BIND), 2, "BIND for a peer that rules do not allow is `not allowed'")

# ---- UDP ASSOCIATE


def associate(host="127.0.0.1", told=("0.0.0.0", 0)):
    client = Socks(proxy.plain, host=host)
    return client, client.ask(UDP, *told)


def header(host, to):
    return b"\0\0\0" + address(host, to)


echo, echo_port = udp()
second, second_port = udp("127.0.0.6")
for told, what in ((("0.0.0.0", 0), "zero"), (("192.168.77.77", 4711), "an address behind a NAT"),
                   (("client.invalid", 1), "a name")):
    client, relay = associate(told=told)
    here, _ = udp()
    here.sendto(header("127.0.0.1", echo_port) + what.encode(), relay)
    data, seen = receive(echo)
    echo.sendto(b"back", seen or ("127.0.0.1", 9))
    back, source = receive(here)
    tap.equal((data, back, source), (what.encode(), header("127.0.0.1", echo_port) + b"back", relay),
              f"DST.ADDR of UDP ASSOCIATE is {what}: datagrams go both ways")
    client.close()
client, relay = associate(host="127.0.0.5")
tap.equal(relay[0], "127.0.0.5", "of several addresses BND.ADDR is the one that the client has reached")
here, _ = udp()
here.sendto(header("127.0.0.1", echo_port) + b"1", relay)
_, seen = receive(echo)
echo.sendto(b"2", seen)
tap.equal(receive(here)[1], relay, "and datagrams come from there")
here.sendto(header("127.0.0.6", second_port) + b"3", relay)
here.sendto(header("long.test", second_port) + b"x", relay)
tap.equal(receive(second), (b"3", seen), "one association reaches several targets, from one address")
fragment = b"\0\0\1" + address("127.0.0.1", echo_port) + b"fragment"
here.sendto(fragment, relay)
tap.equal((receive(echo, 0.3)[0], proxy.count("refused.frag")), (None, 1), "FRAG other than 0 is dropped and counted")
stranger, _ = udp()
stranger.sendto(b"hello", seen)
tap.equal(receive(here)[0], header(*stranger.getsockname()) + b"hello",
          "anybody who knows the port may answer (restricted = false)")
client.close()
tap.ok(within(2, lambda: proxy.count("naked_associations_open") == 0), "the association ends with its connection")
proxy.end(tap)

proxy = Proxy(SERVERS + "restricted = true;")
client, relay = associate()
for i in range(3):
    here.sendto(header("127.0.0.1", echo_port) + b"1", relay)
    here.sendto(header("127.0.0.6", second_port) + b"1", relay)
_, seen = receive(echo)
stranger.sendto(b"hello", seen)
tap.equal((receive(here, 0.3)[0], proxy.count("refused.unexpected")), (None, 1),
          "restricted: a stranger's datagram is dropped and counted")
echo.sendto(b"answer", seen)
tap.equal(receive(here)[0], header("127.0.0.1", echo_port) + b"answer", "a target's goes on")
client.close()
proxy.end(tap)
tap.done()
