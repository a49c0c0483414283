#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user or an address may have at once and a second, and what a proxy does that has too much to do: new work is refused,
counted and told, old work goes on."""
import resource
import socket
import threading
import time

from kit import CONNECT, UDP, Proxy, Socks, Tap, address, code, hashed, listen, receive, udp, within

tap = Tap()
target, port = listen()
ANNA = {"user": "anna", "password": "a"}
OTTO = {"user": "otto", "password": "o"}


def serve():
    """Ends each connection when its peer does."""
    def end(peer):
        while peer.recv(4096):
            pass
        peer.close()
    target.settimeout(None)
    while True:
        threading.Thread(target=end, args=(target.accept()[0],), daemon=True).start()


threading.Thread(target=serve, daemon=True).start()


def held(proxy, count, **who):
    """So many connections with a CONNECT."""
    clients = [Socks(proxy.plain, **who) for _ in range(count)]
    return clients, [client.code(CONNECT, "127.0.0.1", port) for client in clients]


# ---- places

LIMITS = '''limits = ( { users = [ "anna" ]; connections = 2; associations = 1; },
                       { groups = [ "staff" ]; }, { connections = 3; } );'''
proxy = Proxy(LIMITS + 'users_file = "users"; workers = 2;',
              files={"users": f"anna:{hashed('a')}\notto:{hashed('o')}:staff\nzoe:{hashed('z')}\n"})
mine, codes = held(proxy, 3, **ANNA)
tap.equal(sorted(codes), [0, 0, 2], "a user has as many connections as he may, on all workers together, and no more")
tap.equal(held(proxy, 5, **OTTO)[1], [0] * 5, "the entry that matches first counts, by group, too")
tap.equal(proxy.count("connections_over"), 1, "what is over is counted")
tap.ok(proxy.logged("event=overload reason=connections_over count=1"), "and told")
for client in mine:
    client.close()
tap.ok(within(3, lambda: code(proxy, "127.0.0.1", port, **ANNA) == 0), "a place that is given back is free again")
one, two = Socks(proxy.plain, **ANNA), Socks(proxy.plain, **ANNA)
one.ask(UDP, "0.0.0.0", 0)
tap.equal((two.code(UDP, "0.0.0.0", 0), proxy.count("associations_over")), (1, 1), "so are associations limited")
one.close()
two.close()
proxy.configure('users_file = "users"; limits = ( { connections = 1; } );')
proxy.reload()
tap.ok(within(3, lambda: sorted(held(proxy, 2, **ANNA)[1]) == [0, 2]), "a reload renews limits")
proxy.end(tap)

# ---- those who have not said who they are

proxy = Proxy("limits = ( { handshakes = 4; connections = 2; } ); max_connections = 12; handshake_seconds = 1;")
silent = [socket.create_connection(("127.0.0.1", proxy.plain), source_address=("127.0.0.60", 0)) for _ in range(6)]
tap.ok(within(3, lambda: proxy.count("handshakes_over") == 2), "an address has so many connections without a request")
tap.equal(code(proxy, "127.0.0.1", port), 0, "which do not matter to others")
tap.ok(within(5, lambda: proxy.count("connections_open") == 0), "those that say nothing end after handshake_seconds")
clients, codes = held(proxy, 3, source="127.0.0.61")
tap.equal(sorted(codes), [0, 0, 2], "without users an address has so many connections")
more = [held(proxy, 2, source=f"127.0.0.{n}") for n in range(70, 74)]
refused = 0
for n in range(74, 78):
    try:
        more.append(held(proxy, 1, source=f"127.0.0.{n}"))
        refused += more[-1][1] == [None]
    except (OSError, EOFError):
        refused += 1
tap.ok(refused >= 2 and proxy.count("connections_refused") >= 2, "max_connections holds for all",
       f"refused {refused}, counted {proxy.count('connections_refused')}, open {proxy.count('connections_open')}, {[c for _, c in more]}")
clients[0].s.sendall(b"still")
tap.ok(proxy.logged("event=overload reason=connections_refused"), "which is told")
proxy.end(tap)

# ---- rates

RATES = '''limits = ( { from = [ "127.0.0.9" ]; bytes = 20000; }, { from = [ "127.0.0.8" ]; bytes = 200000; },
                      { datagrams = 50; } );'''
proxy = Proxy(RATES)
echo, echo_port = udp()
far, far_port = listen()


def burst(count, size, source):
    """How many of so many datagrams come to the target, and how many back."""
    client = Socks(proxy.plain, source=source)
    relay = client.ask(UDP, "0.0.0.0", 0)
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    here.bind((source, 0))
    head = b"\0\0\0" + address("127.0.0.1", echo_port)
    there = 0
    for _ in range(count):
        here.sendto(head + bytes(size), relay)
    peer, back = None, 0
    while True:
        data, source_address = receive(echo, 0.3)
        if data is None:
            break
        there, peer = there + 1, source_address
    for _ in range(count if peer else 0):
        echo.sendto(bytes(size), peer)
    while peer and receive(here, 0.3)[0] is not None:
        back += 1
    return client, here, relay, there, back


client, here, relay, there, back = burst(200, 10, "127.0.0.1")
tap.ok(50 <= there <= 90 and 50 <= back <= 90, "of a burst as many datagrams pass as a second has, each way", f"{there} {back}")
tap.equal(proxy.count("refused.rate"), 400 - there - back, "the others are counted")
tap.ok(proxy.logged("event=overload reason=rate"), "and told")
time.sleep(1)
here.sendto(b"\0\0\0" + address("127.0.0.1", echo_port) + b"more", relay)
tap.equal(receive(echo)[0], b"more", "after a second there is room again")
client.close()
there, back = burst(60, 1000, "127.0.0.9")[3:]
tap.ok(18 <= there <= 35 and 18 <= back <= 35, "bytes a second", f"{there} {back}")
client = Socks(proxy.plain, source="127.0.0.8")
client.ask(CONNECT, "127.0.0.1", far_port)
peer, _ = far.accept()
begin, data = time.monotonic(), bytes(600000)
client.s.sendall(data)
got = 0
while got < len(data):
    got += len(peer.recv(65536))
seconds = time.monotonic() - begin
tap.ok(1 < seconds < 8, "a stream is slowed to its rate, and loses nothing", f"{seconds:.2f} s")
proxy.end(tap)

# ---- descriptors

proxy = Proxy("limits = ( { handshakes = 0; } );", before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
kept = Socks(proxy.plain)
kept.ask(CONNECT, "127.0.0.1", port)
crowd = [socket.create_connection(("127.0.0.1", proxy.plain)) for _ in range(100)]


def cpu():
    with open(f"/proc/{proxy.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


ticks = cpu()
time.sleep(1.5)
tap.ok(cpu() - ticks < 50, "without descriptors left it waits, and does not spin", f"{cpu() - ticks} ticks")
kept.s.sendall(b"on")
tap.ok(kept.s.fileno() >= 0 and proxy.process.poll() is None, "and goes on")
for connection in crowd:
    connection.close()
tap.ok(within(6, lambda: code(proxy, "127.0.0.1", port) == 0), "until there are some again")
tap.ok(proxy.count("accepts_failed") >= 1, "which is counted")
proxy.end(tap)

# ---- memory

proxy = Proxy("limits = ( { handshakes = 0; } );")


def resident():
    with open(f"/proc/{proxy.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20


old = Socks(proxy.plain)
old.ask(CONNECT, "127.0.0.1", port)
proxy.configure("limits = ( { handshakes = 0; } ); max_memory = %d;" % max(1, resident() // 2))
proxy.reload()
tap.ok(proxy.logged("event=memory_over resident="), "above max_memory that is told")


def turned_away():
    try:
        return code(proxy, "127.0.0.1", port) is None
    except (OSError, EOFError):
        return True


tap.ok(within(3, turned_away), "new connections are refused")
tap.ok(old.s.send(b"x") == 1 and proxy.count("memory_refused") >= 1, "old ones go on")
proxy.configure("max_memory = 100000;")
proxy.reload()
tap.ok(proxy.logged("event=memory_under"), "below it, that too")
tap.ok(within(3, lambda: not turned_away()), "and new ones are taken")
proxy.end(tap)

# What the workers' allocator keeps of connections that have ended does not count.
proxy = Proxy("workers = 2; limits = ( { handshakes = 0; } );")
before = resident()
crowd = [Socks(proxy.tls, tls=True) for _ in range(600)]
most = (before + resident()) // 2
tap.ok(most > before + 2, "600 connections take memory", f"{before} MiB, half of the way up {most} MiB")
for client in crowd:
    client.close()
tap.ok(within(10, lambda: proxy.count("connections_open") == 0), "they end")
proxy.configure("workers = 2; limits = ( { handshakes = 0; } ); max_memory = %d;" % most)
proxy.reload()
if "filter=on" not in proxy.log():
    tap.ok(True, "what they took is given back # SKIP a sanitizer's allocator keeps it")
else:
    tap.ok(within(5, lambda: resident() < most), "what they took is given back", f"{resident()} MiB of {most} MiB")
proxy.end(tap)
tap.done()
