#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams that reach the other end for each second of CPU time of the server's process, software engine, one processor for the
server, beside other ways to carry UDP securely. Each contender's load is about the most of which it loses little. Not a test: it
ends with status 0 when it could measure.

    tests/bench/proxy.py [ROUNDS [NAME...]]     NAME: the contenders, by a part of their names"""
import statistics
import subprocess
import sys
import time

import proxy_net as net
import proxy_peers as peers

SIZES = (64, 512, 1400)
WAYS = {1: "one way", 2: "both ways"}
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
NAMES = sys.argv[2:]
GOAL = 100000  # datagrams of 1400 bytes, one way
HEADER = 10  # of SOCKS5, before each datagram
TRIALS = 3
LOST = 0.03  # with more than that the load was too much


class Figure:
    """Of one contender, size and direction: what each round found."""

    def __init__(self):
        self.rounds = []

    def median(self, what):
        return statistics.median(what(*figures) for figures in self.rounds)

    @property
    def per_cpu(self):
        return self.median(lambda delivered, lost, used: delivered / max(used, 1 / net.HZ))

    @property
    def lost(self):
        return self.median(lambda delivered, lost, used: lost)

    @property
    def busy(self):
        return self.median(lambda delivered, lost, used: used)


def measure(contender, size, ways, rate, seconds=1.0):
    """(delivered, lost part, CPU seconds, sent)"""
    before, cpu = contender.far.ask("echo" if ways == 2 else "sink"), contender.server.cpu()
    near = contender.near.ask(f"{size} {max(32, int(rate))} {int(1000 * seconds)}")
    used = contender.server.cpu() - cpu
    delivered = contender.far.ask("")["datagrams"] - before["datagrams"] + near["back"]
    return delivered, 1 - delivered / (ways * near["sent"] or 1), used, near["sent"]


def load_of(contender, size, ways):
    """Datagrams a second, up to twice in doubt."""
    rate, doubts = 15000, 0
    while doubts < 2:
        _, lost, _, sent = measure(contender, size, ways, 1.4 * rate, 0.3)
        if lost > LOST or sent < 0.3 * rate:  # or the sender does not come up to it
            doubts += 1
        else:
            rate *= 1.4
    for _ in range(TRIALS):  # buffers have hidden what a short one loses
        delivered, lost, _, _ = measure(contender, size, ways, rate)
        if lost <= LOST:
            break
        rate = delivered / ways
    return rate


def first_there(contender):
    for _ in range(40):
        if measure(contender, 64, 2, 32, 0.1)[0]:
            return
    raise RuntimeError(f"nothing comes through {contender.name}")


def measure_all(contenders):
    figures = {}
    for ways in WAYS:
        for size in SIZES:
            loads = {contender: load_of(contender, size, ways) for contender in contenders}
            for contender in contenders * ROUNDS:
                figure = figures.setdefault((contender.name, size, ways), Figure())
                figure.rounds.append(measure(contender, size, ways, loads[contender])[:3])
    return figures


def table(figures):
    """Prints it; the row with the lowest ratio."""
    worst = (float("inf"), None)
    print("                                             each second of CPU time\n"
          f"{'':20}{'bytes':>6}  {'direction':10}{'datagrams':>12}{'Mbyte':>9}{'lost':>8}{'CPU':>6}  {'sluice to it'}")
    for (name, size, ways), figure in figures.items():
        ratio = figures["sluice", size, ways].per_cpu / (figure.per_cpu or 1)
        verdict = "" if name == "sluice" else f"{ratio:8.2f}  {'ok' if ratio > 1 else 'MISSED'}"
        print(f"{name:20}{size:6}  {WAYS[ways]:10}{figure.per_cpu:12.0f}{figure.per_cpu * size / 1e6:9.1f}{figure.lost:8.1%}"
              f"{figure.busy:6.0%}{verdict}")
        if name != "sluice":
            worst = min(worst, (ratio, (size, ways)))
    return worst[1] or (64, 2)


def speed(algorithm, *options):
    """Bytes a second."""
    command = ["taskset", "-c", str(net.OWN), "openssl", "speed", "-mr", "-seconds", "1", "-bytes", str(1400 + HEADER), *options]
    lines = net.run(*command, "-evp", algorithm).splitlines()
    return float([line for line in lines if line.startswith("+F")][0].split(":")[-1])


def beside_openssl(figures):
    """What the cipher and the hash alone would take."""
    per_cpu = figures["sluice", 1400, 1].per_cpu
    alone = 1 / ((1400 + HEADER) / speed("aes-128-cbc", "-decrypt") + (1400 + HEADER) / speed("sha256"))
    print(f"1400 bytes, one way, goal {GOAL}: {per_cpu:.0f}  {'ok' if per_cpu >= GOAL else 'MISSED'}; {per_cpu / alone:.2f} of "
          "`openssl speed` for cipher and hash alone")


def functions(report):
    """[(percent, name)] of perf's report; what has no name is summed up under its library's."""
    sums = {}
    for line in report.splitlines():
        if line.count(";") < 2:
            continue
        percent, place, symbol = (part.strip() for part in line.split(";")[:3])
        name = f"{place} (no names)" if "0x0" in symbol else f"{symbol[4:]} ({'kernel' if symbol.startswith('[k]') else place})"
        sums[name] = sums.get(name, 0) + float(percent.rstrip("%"))
    return sorted(((percent, name) for name, percent in sums.items()), reverse=True)


def profile(contender, size, ways):
    """Where sluiced's time goes, by function."""
    rate = load_of(contender, size, ways)
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-p", str(contender.server.pid), "-o",
                             net.path("perf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    measure(contender, size, ways, rate, 2)
    perf.terminate()
    perf.wait()
    report = net.run("perf", "report", "-i", net.path("perf"), "--stdio", "-q", "-t", ";", "-F", "overhead,dso,symbol")
    print(f"where sluiced's time goes in the row with the lowest ratio, {size} bytes {WAYS[ways]}, percent:")
    for percent, name in functions(report)[:15]:
        print(f"{percent:8.1f}  {name}")


def main():
    net.alone()
    net.make()
    net.certificates()
    kinds = [kind for kind in peers.ALL if not NAMES or kind is peers.Sluice or any(name in kind.name for name in NAMES)]
    contenders = [kind(number) for number, kind in enumerate(kinds)]
    for contender in contenders:
        first_there(contender)
    figures = measure_all(contenders)
    worst = table(figures)
    print("; ".join(f"{kind.name}: {kind.suite}" for kind in kinds))
    beside_openssl(figures)
    profile(contenders[0], *worst)


if __name__ == "__main__":
    main()
