#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Those who mean no good: slow ones, half-open ones, garbage for TLS, SOCKS5 and UDP, a users file that is written while it is
read. Each is counted, gets no answer that it could use, and others are served meanwhile."""
import os
import random
import socket
import ssl
import threading
import time

from kit import CONNECT, UDP, Proxy, Refused, Socks, Tap, address, code, hashed, listen, receive, udp, within

tap = Tap()
seed = int(os.environ.get("SEED") or time.time_ns() % 1000000)
rng = random.Random(seed)
print("# seed", seed)
target, port = listen()


def serve():
    """Says a megabyte to whoever comes."""
    def talk(peer):
        try:
            peer.sendall(bytes(1 << 26))
        except OSError:
            pass
        peer.close()
    target.settimeout(None)
    while True:
        threading.Thread(target=talk, args=(target.accept()[0],), daemon=True).start()


threading.Thread(target=serve, daemon=True).start()


def ended(s, seconds=5):
    """The peer has closed, whatever it said before."""
    s.settimeout(seconds)
    try:
        while s.recv(4096):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


def send(s, data):
    """All, and that there is no more; the peer may have had enough before."""
    try:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def resident(proxy):
    with open(f"/proc/{proxy.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


# ---- slow ones

proxy = Proxy("handshake_seconds = 2; idle_seconds = 2; limits = ( { handshakes = 0; } );")
hello = client_hello()
loris = [(socket.create_connection(("127.0.0.1", proxy.plain)), b"\5\xff" + bytes(255)) for _ in range(20)]
loris += [(socket.create_connection(("127.0.0.1", proxy.tls)), hello) for _ in range(20)]
asked = Socks(proxy.plain)
loris.append((asked.s, b"\5\1\0\3" + b"\xff" + b"a" * 255))
stop = time.monotonic() + 3
for at in range(40):
    for s, data in loris:
        try:
            s.send(data[at:at + 1])
        except OSError:
            pass
    if time.monotonic() > stop:
        break
    time.sleep(0.1)
tap.ok(all(ended(s, 1) for s, _ in loris), "who sends a byte now and then is ended after handshake_seconds")
tap.ok(within(2, lambda: proxy.count("handshakes_slow") == 41), "and counted", str(proxy.count("handshakes_slow")))
before = resident(proxy)
lazy = [Socks(proxy.plain) for _ in range(8)]
for client in lazy:
    client.ask(CONNECT, "127.0.0.1", port)
time.sleep(0.5)
grown = (resident(proxy) - before) >> 20
tap.ok(grown < 40, "who does not read what he asked for holds no more than a little memory", f"{grown} MiB")
tap.ok(within(6, lambda: proxy.count("streams_open") == 0), "and is ended after idle_seconds")

# ---- half-open ones

proxy.configure("max_connections = 60; handshake_seconds = 2; limits = ( { handshakes = 10; } );")
proxy.reload()
within(5, lambda: proxy.count("connections_open") == 0)
flood = []
for n in range(150):
    s = socket.create_connection(("127.0.0.1", proxy.tls), source_address=(f"127.0.1.{n % 3 + 1}", 0))
    flood.append(s)
tap.ok(within(5, lambda: proxy.count("handshakes_over") == 120 and proxy.count("connections_open") == 30),
       "three addresses that open and say nothing get their share, and no more", str(proxy.count("handshakes_over")))
client = Socks(proxy.tls, tls=True)
tap.equal(client.code(CONNECT, "127.0.0.1", port), 0, "others are served meanwhile")
client.close()
tap.ok(within(8, lambda: proxy.count("connections_open") <= 1), "all of it ends by itself")
for s in flood:
    s.close()

# ---- garbage for TLS

proxy.configure("handshake_seconds = 2;")
proxy.reload()
failed = proxy.count("handshakes_failed")
garbage = [rng.randbytes(rng.randint(1, 2000)) for _ in range(20)]
garbage += [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(3000),
            b"\x80\x2e\x01\x00\x02" + bytes(44), b"\x16\x03\x01\x00\x00" * 50, b"\x15\x03\x03\x00\x02\x02\x28",
            b"\x17\x03\x03\x00\x20" + bytes(32)]
for _ in range(40):
    damaged = bytearray(hello)
    for _ in range(rng.randint(1, 4)):
        damaged[rng.randrange(5, len(damaged))] ^= 1 << rng.randrange(8)
    garbage.append(bytes(damaged))
garbage += [hello[:n] for n in (1, 5, 6, 40, len(hello) - 1)]
for data in garbage:
    s = socket.create_connection(("127.0.0.1", proxy.tls))
    send(s, data)
    if not ended(s):
        print("# not ended:", data[:40])
    s.close()
tap.ok(within(3, lambda: proxy.count("connections_open") == 0), "garbage in place of TLS ends the connection")
tap.ok(within(3, lambda: proxy.count("handshakes_failed") - failed >= len(garbage) - 45), "and is counted",
       str(proxy.count("handshakes_failed") - failed))
client = Socks(proxy.tls, tls=True)
tap.equal(client.code(CONNECT, "127.0.0.1", port), 0, "others are served")

# ---- garbage for SOCKS5

GREETED, AUTH = b"\5\1\0", b"\5\1\2"
wrong = {
    "another version": (b"\4\1\0\x50\x7f\0\0\1\0", b""),
    "no method": (b"\5\0", b"\5\xff"),
    "no method that there is": (b"\5\2\1\3", b"\5\xff"),
    "a request of another version": (GREETED + b"\4\1\0\1\x7f\0\0\1\0\x50", b"\5\0"),
    "a reserved byte": (GREETED + b"\5\1\1\1\x7f\0\0\1\0\x50", None),
    "an address of no type": (GREETED + b"\5\1\0\2\x7f\0\0\1\0\x50", b"\5\0\5\x08"),
    "a name of no length": (GREETED + b"\5\1\0\3\0\0\x50", None),
    "a name with a zero": (GREETED + b"\5\1\0\3\3a\0b\0\x50", None),
    "an unknown command": (GREETED + b"\5\x77\0\1\x7f\0\0\1\0\x50", b"\5\0\5\x07"),
    "port 0": (GREETED + b"\5\1\0\1\x7f\0\0\1\0\0", b"\5\0\5"),
    "multicast": (GREETED + b"\5\1\0\1\xe0\0\0\1\0\x50", b"\5\0\5"),
}
for name, (data, expected) in wrong.items():
    s = socket.create_connection(("127.0.0.1", proxy.plain))
    send(s, data)
    s.settimeout(5)
    answer = b""
    try:
        while piece := s.recv(4096):
            answer += piece
    except OSError:
        answer += b"(not ended)"
    right = b"\5\0\5\0" not in answer[:4] and (expected is None or (answer.startswith(expected) and (expected or not answer)))
    tap.ok(right and len(answer) < 30, f"SOCKS5: {name} is refused", repr(answer))
    s.close()
for _ in range(60):
    s = socket.create_connection(("127.0.0.1", proxy.plain))
    send(s, rng.choice((b"", GREETED, GREETED + b"\5\3\0", b"\5")) + rng.randbytes(rng.randint(1, 600)))
    s.close()
tap.ok(within(15, lambda: proxy.count("connections_open") <= 1 and proxy.count("socks_failed") > 5), "noise, too, and is counted")
tap.equal(code(proxy, "127.0.0.1", port), 0, "others are served")

# ---- garbage for UDP: no answer to anybody who has proven nothing

noise, _ = udp()
for _ in range(300):
    kind = rng.choice((b"", b"\0\0\0", bytes([rng.randrange(20, 70)]) + b"\xfe\xfd", b"\x17\x03\x03"))
    noise.sendto(kind + rng.randbytes(rng.randint(0, 1200)), ("127.0.0.1", proxy.udp))
tap.ok(within(3, lambda: sum(proxy.status()["total"]["refused"].values()) >= 290), "noise on the port of records is counted")
tap.equal(receive(noise, 0.3)[0], None, "and never answered")
client = Socks(proxy.plain)
relay = client.ask(UDP, "0.0.0.0", 0)
here, _ = udp()
echo, echo_port = udp()
for _ in range(200):
    here.sendto(rng.choice((b"\0\0\0", b"\0\0\1", b"\0\0\0\1\x7f\0\0\1", b"")) + rng.randbytes(rng.randint(0, 300)), relay)
here.sendto(b"\0\0\0" + address("127.0.0.1", echo_port) + b"right", relay)
tap.equal(receive(echo)[0], b"right", "an association that got noise goes on")
tap.equal(receive(here, 0.3)[0], None, "and says nothing to it")
client.close()
proxy.end(tap)

# ---- a users file that is written while it is read

ANNA = f"anna:{hashed('a')}\n"
proxy = Proxy('users_file = "users";', files={"users": ANNA})
good = ANNA + "".join(f"user{n}:{hashed('b')}\n" for n in range(3))
for name, text in {"empty": "", "cut within a hash": good[:len(ANNA) + 30], "cut within a line": ANNA[:-1],
                   "with bytes of no meaning": rng.randbytes(200).decode("latin-1")}.items():
    proxy.write("users", text)
    refused = proxy.log().count("event=reload_failed")
    proxy.reload()
    tap.ok(within(5, lambda: proxy.log().count("event=reload_failed") == refused + 1), f"a users file {name} is refused")
    tap.equal(code(proxy, "127.0.0.1", port, user="anna", password="a"), 0, "and the former one stays")
done = threading.Event()


def rewrite():
    while not done.is_set():
        with open(proxy.path("users"), "w", encoding="utf-8") as file:
            for at in range(0, len(good), 40):
                file.write(good[at:at + 40])
                file.flush()
                time.sleep(0.001)


writer = threading.Thread(target=rewrite)
writer.start()
let_in = []
for _ in range(25):
    proxy.reload()
    try:
        let_in.append(code(proxy, "127.0.0.1", port, user="anna", password="a"))
    except (Refused, OSError, EOFError) as error:
        let_in.append(error)
done.set()
writer.join()
tap.equal(let_in, [0] * 25, "whoever was in it gets in, whenever it is read")
proxy.write("users", good)
proxy.reload()
tap.equal(code(proxy, "127.0.0.1", port, user="user2", password="b"), 0, "and once it is whole, the new ones do")
proxy.end(tap)
tap.done()
