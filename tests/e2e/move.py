#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""UDP associations of local programs when their proxy is killed or stops: they go on at another one of the client's list, from
the same local port, or are ended in time."""
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


EXTRA = "grace_seconds = 3;"
first, second = Proxy(EXTRA), Proxy(EXTRA)
ports = [first.tls, second.tls]
pins = [option for p in (first, second) for option in ("--fingerprint", p.fingerprint())]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind(("127.0.0.1", 0))
    forward = s.getsockname()[1]
client = Client(ports, None, *pins, "--forward", f"udp:127.0.0.1:{forward}:127.0.0.1:{echo_port}")
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
tap.done()
