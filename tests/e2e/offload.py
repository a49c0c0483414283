#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""UDP_SEGMENT and UDP_GRO: used where the kernel has them, by client and proxy, and not missed where it has not."""
import json
import os
import subprocess

from kit import BUILD, Client, Proxy, Tap, udp, within

COUNT, SIZES = 3000, ("600", "20-1300")
TOOLS = os.path.abspath(f"{BUILD}/tests/e2e/tools")
WITHOUT = (f"{TOOLS}/no-offload",)

tap = Tap()
seed = os.environ.get("SEED") or str(int.from_bytes(os.urandom(3), "big"))
print(f"# SEED={seed}")


def free_port():
    s, port = udp()
    s.close()
    return port


class Echo:
    def __init__(self):
        self.process = subprocess.Popen([f"{TOOLS}/peer", "udp-echo", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])


def talk(port, size):
    """What came back of COUNT datagrams, 64 of them under way at a time."""
    out = subprocess.run([f"{TOOLS}/socks-udp", "--direct", "--to", f"127.0.0.1:{port}", "--count", str(COUNT), "--size", size,
                          "--window", "64", "--seed", seed, "--timeout", "5000"], capture_output=True, text=True, check=False)
    return json.loads(out.stdout)


def way(title, proxy_kernel, client_kernel):
    """(merged, segmented) of the proxy, after datagrams of one size and of many went there and back."""
    echo, port, proxy = Echo(), free_port(), Proxy(start=False)
    proxy.start(command=proxy_kernel)
    client = Client([proxy.tls], proxy, "--forward", f"udp:127.0.0.1:{port}:127.0.0.1:{echo.port}", command=client_kernel)
    for size in SIZES:
        came = talk(port, size)
        tap.ok(came["received"] == COUNT and not came["duplicates"] and not came["corrupt"],
               f"{title}: {COUNT} datagrams of {size} bytes come back once and whole", came)
    within(2, lambda: proxy.count("datagrams_down") == len(SIZES) * COUNT)
    counts = proxy.count("datagrams_merged"), proxy.count("datagrams_segmented")
    print("#", title, *counts, "of", len(SIZES) * COUNT)
    client.end(tap)
    proxy.end(tap)
    echo.process.kill()
    echo.process.wait()
    return counts


merged, segmented = way("both with offloads", (), ())
tap.ok(merged > COUNT / 10, "records of the client come several at a time", merged)
tap.ok(segmented > COUNT / 10, "and leave so", segmented)
merged, segmented = way("a proxy without", WITHOUT, ())
tap.equal((merged, segmented), (0, 0), "none comes or leaves so")
merged, segmented = way("a client without", (), WITHOUT)
tap.ok(merged == 0 and segmented > COUNT / 10, "the proxy uses them, the client does not", merged, segmented)
tap.done()
