#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""UDP associations of local programs when their proxy is killed, stops or hangs: they go on at another one of the client's list,
from the same local port, or are ended in time."""
import signal
import socket
import threading

from kit import UDP, Client, Proxy, Socks, Tap, address, receive, udp, within

tap = Tap()
echo, echo_port = udp()
echo.settimeout(None)


def serve():
    while True:
        data, peer = echo.recvfrom(65536)
        echo.sendto(data, peer)


threading.Thread(target=serve, daemon=True).start()


class Program:
    """A local SOCKS program with an association."""

    def __init__(self, client):
        self.control = Socks(client.port)
        self.relay = self.control.ask(UDP, "0.0.0.0", 0)
        self.s, _ = udp()
        self.number = 0

    def exchange(self):
        """A datagram there and back; what comes late of others does not count."""
        self.number += 1
        data = b"%d" % self.number
        self.s.sendto(b"\0\0\0" + address("127.0.0.1", echo_port) + data, self.relay)
        answer = receive(self.s, 0.3)[0]
        while answer and answer[10:] != data:
            answer = receive(self.s, 0.3)[0]
        return bool(answer)

    def ended(self, seconds):
        self.control.s.settimeout(seconds)
        try:
            return self.control.s.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


def at(proxy):
    return proxy.count("associations_open")


def pins(*proxies):
    return [option for p in proxies for option in ("--fingerprint", p.fingerprint())]


EXTRA = "grace_seconds = 3;"


class Hang(threading.Thread):
    """A proxy that hangs: neither UDP nor TCP brings a word, and none is broken. It takes a while, beside the others."""

    def __init__(self):
        super().__init__()
        self.proxies = [Proxy(EXTRA), Proxy(EXTRA)]
        self.client = Client([p.tls for p in self.proxies], None, *pins(*self.proxies))
        self.program = Program(self.client)
        self.there = within(10, self.program.exchange) and at(self.proxies[0]) == 1
        self.goes_on = False
        self.proxies[0].process.send_signal(signal.SIGSTOP)
        self.start()

    def run(self):
        self.goes_on = within(60, self.program.exchange)

    def look(self):
        self.join()
        tap.ok(self.there and self.goes_on and at(self.proxies[1]) == 1, "one that hangs: its association goes on at the other")
        self.proxies[0].process.send_signal(signal.SIGCONT)
        tap.ok(within(10, lambda: at(self.proxies[0]) == 0), "it comes to itself: the association is not there any more")
        tap.ok(self.program.exchange() and self.client.stats()["moves"] == 1, "and stays where it is")
        self.client.end(tap)
        for proxy in self.proxies:
            proxy.end(tap)


hang = Hang()
first, second = Proxy(EXTRA), Proxy(EXTRA)
ports = [first.tls, second.tls]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind(("127.0.0.1", 0))
    forward = s.getsockname()[1]
client = Client(ports, None, *pins(first, second), "--forward", f"udp:127.0.0.1:{forward}:127.0.0.1:{echo_port}")
program = Program(client)
other, _ = udp()


def forwarded():
    other.sendto(b"forward", ("127.0.0.1", forward))
    return receive(other, 0.3)[0]


tap.ok(within(10, program.exchange) and within(10, forwarded) and at(first) == 2 and at(second) == 0,
       "a program's association and a forward's, at the first proxy")

# ---- killed

first.stop(signal.SIGKILL)
tap.ok(within(20, program.exchange), "it is killed: the program's datagrams go on, from and to the same ports")
tap.ok(within(20, forwarded), "so do the forward's")
tap.ok(at(second) == 2 and client.logged("association_moved proxy=localhost"), "at the second")
stats = client.stats()
tap.equal((stats["moves"], stats["associations_lost"], stats["associations_open"]), (2, 0, 2), "the client counts them as moved")
tap.ok(not program.ended(0.1), "the program's connection is as it was")

# ---- started again, and the other one stops

first.base = first.base.replace('{ address = "0.0.0.0:0"; } );\nudp', f'{{ address = "0.0.0.0:{ports[0]}"; }} );\nudp')
first.configure(EXTRA)
first.start()
tap.equal(first.tls, ports[0], "the first is started again")
second.end(tap)
tap.ok(within(20, program.exchange) and within(20, forwarded) and at(first) == 2, "the second stops: back at the first")
stats = client.stats()
tap.equal((stats["moves"], stats["associations_lost"]), (4, 0), "moved, and none lost")

# ---- no other one is there

first.stop(signal.SIGKILL)
tap.ok(program.ended(20), "that one is killed, too: when its grace is over, the program's connection ends")
tap.ok(client.logged("association_lost error=ETIMEDOUT"), "and the log says so")
client.end(tap)

# ---- one proxy alone

first.start()
client = Client([first.tls], first)
program = Program(client)
tap.ok(within(10, program.exchange), "an association at a proxy that is the only one")
first.stop(signal.SIGKILL)
first.start()
tap.ok(program.ended(20), "it is killed and started again: it does not know the association, which ends")
tap.ok(within(10, lambda: Program(client).exchange()), "another one can be had")
client.end(tap)
first.end(tap)
hang.look()
tap.done()
