#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Behind a load balancer: haproxy's PROXY headers, and those that it would never write."""
import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from kit import CONNECT, Proxy, Socks, Tap, code, listen, within

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
seed = int(os.environ.get("SEED") or random.randrange(1 << 31))
print("# seed", seed)
rng = random.Random(seed)
tap = Tap()
target, port = listen()
RULES = '''rules = ( { action = "deny"; from = [ "127.0.0.77", "198.51.100.0/24", "2001:db8::/32" ]; },
  { action = "allow"; to = [ "127.0.0.0/8" ]; } );'''
proxy = Proxy('balancers = [ "127.0.0.66", "127.0.0.67" ]; handshake_seconds = 2;', rules=RULES)


def header(family, addresses, command=0x21, more=b""):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(addresses) + len(more)) + addresses + more


def tcp4(source, more=b""):
    return header(0x11, socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 4000, 1080), more=more)


def tcp6(source):
    return header(0x21, socket.inet_pton(socket.AF_INET6, source) * 2 + struct.pack(">HH", 4000, 1080))


def balanced(first, pieces=1, source="127.0.0.66"):
    """Reply code of a CONNECT behind these bytes, which come in so many pieces; None when the connection ends without one."""
    request = b"\5\1\0" + bytes([5, CONNECT, 0, 1]) + socket.inet_aton("127.0.0.1") + struct.pack(">H", port)
    data = first + request
    with socket.create_connection(("127.0.0.1", proxy.plain), 10, (source, 0)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cuts = sorted(rng.sample(range(1, len(data)), pieces - 1)) if pieces > 1 else []
        try:
            for begin, end in zip([0, *cuts], [*cuts, len(data)]):
                s.sendall(data[begin:end])
                time.sleep(0.005 if cuts else 0)
            answer = b""
            while len(answer) < 4:
                piece = s.recv(64)
                if not piece:
                    return None
                answer += piece
            return answer[3]
        except OSError:
            return None


# ---- haproxy

folder = tempfile.mkdtemp(prefix="sluice-e2e.")
with socket.socket() as one, socket.socket() as other:
    one.bind(("127.0.0.1", 0))
    other.bind(("127.0.0.1", 0))
    plain, tls = one.getsockname()[1], other.getsockname()[1]
with open(os.path.join(folder, "conf"), "w", encoding="ascii") as conf:
    conf.write("defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n")
    for name, own, to in (("plain", plain, proxy.plain), ("tls", tls, proxy.tls)):
        conf.write(f"listen {name}\n bind 127.0.0.1:{own}\n server sluiced 127.0.0.1:{to} send-proxy-v2 source 127.0.0.66\n")
haproxy = subprocess.Popen(["haproxy", "-f", os.path.join(folder, "conf"), "-db"], stderr=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)


def through(at, source, **options):
    client = Socks(at, source=source, **options)
    try:
        return client.code(CONNECT, "127.0.0.1", port)
    finally:
        client.close()


def up():
    try:
        return through(plain, "127.0.0.5") == 0
    except OSError:
        return False
    except EOFError:
        return False


tap.ok(within(10, up), "a client reaches its target through haproxy and sluiced")
tap.equal(through(tls, "127.0.0.5", tls=True), 0, "so does one with TLS")
tap.equal(through(plain, "127.0.0.77"), 2, "a rule holds for whom haproxy names")
tap.equal(through(tls, "127.0.0.77", tls=True), 2, "inside of TLS too")
tap.ok(proxy.logged(r"event=request_refused peer=127.0.0.77:\d+ "), "the log names him")
tap.ok(proxy.count("balanced") >= 4, "such connections are counted")
haproxy.terminate()
haproxy.wait()
shutil.rmtree(folder)

# ---- headers by hand

tap.equal(balanced(tcp4("198.51.100.7")), 2, "a header's IPv4 address is the one that rules see")
tap.equal(balanced(tcp6("2001:db8::7")), 2, "so is its IPv6 address")
tap.equal(balanced(tcp4("203.0.113.1", more=bytes([4, 0, 200]) + bytes(200))), 0, "fields behind the addresses are passed over")
tap.equal(balanced(header(0, b"", command=0x20)), 0, "the balancer's own connections are its own")
tap.equal(balanced(tcp4("203.0.113.1", more=bytes(500)), pieces=12), 0, "a header may come in pieces")
tap.equal(code(proxy, "127.0.0.1", port), 0, "others need no header")
WRONG = {
    "no header": b"\5\1\0" + bytes(40),
    "version 1": b"PROXY TCP4 203.0.113.1 127.0.0.1 4000 1080\r\n",
    "an unknown version": header(0x11, bytes(12), command=0x31),
    "an unknown command": header(0x11, bytes(12), command=0x22),
    "UDP": header(0x12, socket.inet_aton("203.0.113.1") * 2 + bytes([1, 1, 1, 1])),
    "a UNIX socket": header(0x31, bytes(216)),
    "too few bytes": header(0x21, bytes(12)),
    "a source that is none": header(0x11, bytes(12)),
    "a source that is many": tcp4("239.1.1.1"),
    "too many bytes": SIGNATURE + b"\x21\x11\xff\xff" + bytes(3000),
}
before = proxy.count("balanced_failed")
for about, first in WRONG.items():
    tap.equal(balanced(first), None, f"{about}: closed without a word")
tap.equal(proxy.count("balanced_failed") - before, len(WRONG), "each is counted")
tap.ok(proxy.logged("event=proxy_header_failed peer=127.0.0.66"), "and logged")


def ends(s):
    try:
        return not s.recv(1)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


slow = socket.create_connection(("127.0.0.1", proxy.plain), 10, ("127.0.0.67", 0))
slow.sendall(SIGNATURE[:7])
slow.settimeout(10)
tap.ok(ends(slow) and proxy.logged("peer=127.0.0.67:.*reason=\"too slow\""),
       "one that comes to no end is closed in time")
proxy.end(tap)
tap.done()
