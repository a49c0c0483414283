#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Of Debian's Python, for which scripts/setup installs the parser of metrics.
"""The admin listener and sluice stat: metrics by Prometheus' own parser, JSON, the page in headless Chromium, who may ask."""
import html
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile

from kit import BUILD, CONNECT, UDP, Proxy, Socks, Tap, address, browse, listen, no_browser, receive, udp, within

try:
    from prometheus_client.parser import text_string_to_metric_families as parse
except ImportError:
    parse = None

tap = Tap()
proxy = Proxy('admin = "127.0.0.1:0"; workers = 2;')
port = int(re.search(r"address=127.0.0.1:(\d+) protocol=admin", proxy.log())[1])


def get(path, method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers or {})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body, reply.getheader("Content-Type")


# ---- something to see

echo, echo_port = udp()
client = Socks(proxy.plain)
relay = client.ask(UDP, "0.0.0.0", 0)
here, _ = udp()
for number in range(50):
    here.sendto(b"\0\0\0" + address("127.0.0.1", echo_port) + bytes(100), relay)
    data, peer = receive(echo)
    echo.sendto(data, peer)
    receive(here)
here.sendto(b"\0\0\0" + address("10.0.0.1", 9) + b"x", relay)
within(3, lambda: proxy.count("refused.private") == 1)

# ---- metrics

status, body, kind = get("/metrics")
tap.ok(status == 200 and kind.startswith("text/plain; version=0.0.4"), "/metrics is there, with its type", kind)
if parse:
    families = {family.name: family for family in parse(body.decode())}
    counters = {sample.name: sample for family in families.values() for sample in family.samples}
    tap.ok(len(families) > 50 and all(family.documentation for family in families.values()),
           "Prometheus' parser reads it, and each metric says what it is", str(len(families)))

    def total(name, **labels):
        return sum(sample.value for family in families.values() for sample in family.samples
                   if sample.name == name and labels.items() <= sample.labels.items())

    tap.equal((total("sluice_datagrams_up_total"), total("sluice_naked_associations_open")), (50, 1), "with what was done")
    tap.equal(total("sluice_refused_datagrams_total", reason="private"), 1, "refusals have their reason")
    taken, there = families["sluice_connections"], families["sluice_connections_open"]
    tap.equal({sample.labels["worker"] for sample in taken.samples}, {"0", "1"}, "workers are told apart")
    tap.equal((taken.type, there.type), ("counter", "gauge"), "types are right")
    tap.ok(total("sluice_resident_memory_bytes") > 1 << 20, "memory is told")
else:
    tap.ok(True, "Prometheus' parser reads it # SKIP no python3-prometheus-client")

# ---- JSON

status, body, kind = get("/status.json")
tap.ok(status == 200 and kind == "application/json" and json.loads(body)["total"]["datagrams_up"] == 50, "/status.json")
history = within(4, lambda: sum(json.loads(get("/history.json")[1])["bytes_up"]) >= 4000 and json.loads(get("/history.json")[1]))
tap.ok(history and len(history["bytes_up"]) == history["seconds"], "/history.json has the rates of each second")
found = json.loads(get("/associations.json")[1])
tap.ok(len(found) == 1 and found[0]["peer"] == f"127.0.0.1:{client.s.getsockname()[1]}" and found[0]["datagrams_up"] == 50 and
       found[0]["kind"] == "naked", "/associations.json says who has one", str(found))
tap.equal(get("/health")[:2], (200, b"ok\n"), "/health")

# ---- who may ask, and what

tap.equal(get("/nothing")[0], 404, "what is not there is not found")
tap.ok(get("/", "POST")[0] in (405, 501) and get("/", "PUT")[0] in (405, 501), "nothing can be sent")
tap.equal([get("/metrics", headers={"Host": host})[0] for host in ("evil.example", "localhost:1", "[::1]:1", "127.0.0.1")],
          [421, 200, 200, 200], "a name that leads here is not answered")
raw = socket.create_connection(("127.0.0.1", port))
raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"x" * 20000 + b"\r\n\r\n")
raw.settimeout(5)
answer = raw.recv(4096)
tap.ok(not answer or b" 400 " in answer or b" 413 " in answer, "a request too long is refused", str(answer[:80]))
gone = socket.create_connection(("127.0.0.1", port))
gone.sendall(b"GET /associations.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
gone.close()
tap.equal(get("/health")[0], 200, "one who does not wait for his answer does no harm")
garbage = socket.create_connection(("127.0.0.1", port))
garbage.sendall(os.urandom(500))
garbage.close()
tap.equal(get("/health")[0], 200, "nor does garbage")

# ---- sluice stat

stat = [os.path.abspath(f"{BUILD}/bin/sluice"), "stat", "--socket", "control"]
shown = subprocess.run(stat, cwd=proxy.folder, capture_output=True, text=True, check=False)
tap.ok(shown.returncode == 0 and re.search(r"^naked +1$", shown.stdout, re.M) and re.search(r"^private +1$", shown.stdout, re.M),
       "sluice stat shows associations and refusals", shown.stdout)
tap.ok(re.search(rf"^127.0.0.1:{client.s.getsockname()[1]} +- +naked ", shown.stdout, re.M), "and whose they are")
shown = subprocess.run([*stat, "--json"], cwd=proxy.folder, capture_output=True, text=True, check=False)
tap.ok(json.loads(shown.stdout)["total"]["datagrams_up"] == 50, "--json gives the status")
shown = subprocess.run([*stat[:3], "nowhere"], capture_output=True, text=True, check=False)
tap.ok(shown.returncode == 1 and "No such file" in shown.stderr, "a proxy that is not there is told")
tap.equal(subprocess.run([*stat[:2], "--watch", "x"], capture_output=True, check=False).returncode, 2, "so is a wrong option")

# ---- the page

status, body, kind = get("/")
tap.ok(status == 200 and kind.startswith("text/html") and b"<title>sluiced</title>" in body and
       not re.search(rb"(src|href)=", body), "the page is there, and whole by itself")
picture = os.environ.get("SCREENSHOT") or proxy.path("page.png")
dom = browse(f"http://127.0.0.1:{port}/", "--window-size=1250,1200", f"--screenshot={picture}")
if dom:
    text = html.unescape(re.sub(r"<[^>]*>", " ", dom[dom.find("<body"):dom.find("<script")]))
    tap.ok(re.search(r"\blive\b", text), "in Chromium it comes to life", text[:2000])
    tap.ok(re.search(r"\b1 +associations", text) and f"127.0.0.1:{client.s.getsockname()[1]}" in text, "with the association")
    tap.ok(re.search(r"datagram: private +1\b", text) and "<polyline" in dom, "with refusals and the graph")
    tap.ok(os.path.getsize(picture) > 10000, "and a picture of it can be taken")
else:
    tap.ok(True, f"in Chromium it comes to life # {no_browser()}")

# ---- elsewhere

client.close()
proxy.end(tap)
proxy = Proxy('admin = "unix:/nowhere/admin";')
tap.ok(proxy.process.wait(5) == 1 and "No such file" in proxy.log(), "a listener that cannot be opened is told")
shutil.rmtree(proxy.folder)
folder = tempfile.mkdtemp()
proxy = Proxy(f'admin = "unix:{folder}/admin";')
with socket.socket(socket.AF_UNIX) as s:
    s.connect(f"{folder}/admin")
    s.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    s.settimeout(5)
    tap.ok(b" 200 " in s.recv(4096), "a UNIX socket answers, too")
tap.equal(os.stat(f"{folder}/admin").st_mode & 0o777, 0o600, "its owner alone")
proxy.end(tap)
tap.ok(not os.path.exists(f"{folder}/admin"), "and goes with the program")
shutil.rmtree(folder)
target, target_port = listen()
proxy = Proxy('admin = "0.0.0.0:0";')
tap.ok(proxy.logged("event=admin_open address=0.0.0.0"), "one that others can reach is told")
tap.equal(Socks(proxy.plain).code(CONNECT, "127.0.0.1", target_port), 0, "and all goes on")
proxy.end(tap)
tap.done()
