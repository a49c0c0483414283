#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ways that carry shorter packets in one direction, and are silent about longer ones: both ends find out, and what is too long
goes inside the connection. And a way that is closed for a while, which says nothing about sizes, and a
slow one."""
import select
import socket
import struct
import threading
import time

from kit import UDP, Client, Proxy, Socks, Tap, address, udp, within

tap = Tap()
LIMIT, HEADERS = 1470, 28


class Way(threading.Thread):
    """A UDP port that leads to a proxy's, and loses longer packets than LIMIT in one direction."""

    def __init__(self, narrow, delay):
        super().__init__(daemon=True)
        self.s, self.port = udp()
        self.narrow, self.delay, self.to, self.lost, self.passed, self.closed = narrow, delay, None, 0, 0, False

    def run(self):
        upstream, client = udp()[0], None
        while True:
            for s in select.select([self.s, upstream], [], [])[0]:
                data, peer = s.recvfrom(65536)
                up = s is self.s
                client = peer if up else client
                long = self.narrow and (self.narrow == "up") == up and len(data) + HEADERS > LIMIT
                if long or self.closed:
                    self.lost += 1
                    continue
                self.passed += 1
                send = (upstream if up else self.s).sendto, (data, ("127.0.0.1", self.to) if up else client)
                if self.delay:
                    threading.Timer(self.delay, *send).start()
                else:
                    send[0](*send[1])


def echo():
    s, port = udp()
    s.settimeout(None)

    def run():
        while True:
            s.sendto(*s.recvfrom(65536))
    threading.Thread(target=run, daemon=True).start()
    return port


class Side:
    """A proxy behind a way, its client, and a program's association."""

    def __init__(self, narrow, delay=0):
        self.way = Way(narrow, delay)
        self.proxy = Proxy('log_level = "debug";', start=False)
        self.proxy.base = self.proxy.base.replace('address = "0.0.0.0:0"; } ); naked',
                                                  f'address = "0.0.0.0:0"; advertise = "127.0.0.1:{self.way.port}"; }} ); naked')
        self.proxy.configure('log_level = "debug";')
        self.proxy.start()
        self.way.to = self.proxy.udp
        self.way.start()
        self.client = Client([self.proxy.tls], self.proxy)
        self.program = Socks(self.client.port)
        self.relay = self.program.ask(UDP, "0.0.0.0", 0)
        self.s, _ = udp()

    def back(self, size, count):
        """How many of so many datagrams come back."""
        found = set()
        for i in range(count):
            self.s.sendto(b"\0\0\0" + address("127.0.0.1", target) + struct.pack(">I", i) + bytes(size - 4), self.relay)
            self.s.settimeout(0.1)
            try:
                data = self.s.recv(65536)
                found.add(data[10:14] if len(data) == size + 10 else b"")
            except TimeoutError:
                pass
        return len(found)

    def end(self):
        self.program.close()
        self.client.end(tap)
        self.proxy.end(tap)


target = echo()
down, up, slow, shut = Side("down"), Side("up"), Side(None, 0.6), Side(None)
tap.equal(shut.back(1000, 1), 1, "a way of any size: a datagram comes back")
shut.way.closed = True
closed_at = time.monotonic()
for side in (down, up):
    tap.equal(side.back(1000, 5), 5, f"{side.way.narrow}: datagrams come back")
    tap.equal((side.back(1450, 3), side.way.lost > 0), (0, True), f"{side.way.narrow}: longer ones do not, nobody is told why")
time.sleep(max(0, closed_at + 5 - time.monotonic()))
tap.ok(shut.way.lost >= 3, "the way was closed while its size was looked for", str(shut.way.lost))
shut.way.closed = False
tap.ok(down.client.logged(r"path_mtu_down mtu=14[67]\d", 14), "the client finds how large a packet comes down", down.client.log())
tap.ok(down.proxy.logged(r"path_mtu .* mtu=14[67]\d"), "and tells the proxy")
tap.ok(up.client.logged(r"path_mtu mtu=14[67]\d", 14), "and how large a one goes up")
time.sleep(0.2)
for side in (down, up):
    side.way.lost = 0
    tap.equal(side.back(1450, 20), 20, f"{side.way.narrow}: then all come back")
tap.equal(down.way.lost, 0, "the proxy sends nothing that would be lost")
total = down.proxy.status()["total"]
tap.equal((total["tcp_records_long"], total["tcp_records_out"], total["transports_tcp"]), (20, 20, 0),
          "but inside the connection, what is too long alone")
tap.ok(up.proxy.count("tcp_records_in") >= 20, "so does the client")
passed = down.way.passed
tap.equal(down.back(1000, 10), 10, "shorter ones come back")
tap.ok(down.way.passed >= passed + 20, "by UDP")
tap.ok(shut.client.logged(r"path_mtu mtu=9216", 8), "that is no size's fault", shut.client.log())
tap.ok(slow.client.logged(r"path_mtu mtu=9216"), "an answer after 1.2 s counts", slow.client.log())
for side in (down, up, slow, shut):
    side.end()
tap.done()
