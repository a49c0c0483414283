#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sluice client from outside: TLS sessions that are resumed, proxies that fail and come back, certificates by fingerprint, and
programs that it runs."""
import http.server
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

from kit import BUILD, CONNECT, UDP, Client, Proxy, Socks, Tap, hashed, listen, within

tap = Tap()


class Relay(threading.Thread):
    """A port of its own that leads to a proxy's, and can be shut."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.server, self.port = listen()
        self.server.settimeout(None)
        self.to, self.shut, self.open = port, False, []
        self.start()

    def carry(self, pair):
        try:
            while True:
                for s in select.select(pair, [], [])[0]:
                    data = s.recv(65536)
                    if not data:
                        return
                    pair[s is pair[0]].sendall(data)
        except OSError:
            pass
        finally:
            for s in pair:
                s.close()

    def run(self):
        while True:
            s = self.server.accept()[0]
            if self.shut:
                s.close()
                continue
            pair = [s, socket.create_connection(("127.0.0.1", self.to))]
            self.open.append(pair)
            threading.Thread(target=self.carry, args=(pair,), daemon=True).start()

    def close(self):
        self.shut = True
        for pair in self.open:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def quiet():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


web = quiet()
echo, echo_port = listen()

# ---- sessions: what the proxy gives out, and to whom

proxy = Proxy('users_file = "users";', files={"users": f"anna:{hashed('right')}\n"})


def connect(version, session=None, password="right", context=None):
    """(socket, context) after login and a request."""
    if not context:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", proxy.tls), 10), session=session)
    client = Socks.__new__(Socks)
    client.s = s
    if password:
        s.sendall(b"\5\1\2")
        client.take(2)
        s.sendall(b"\1\4anna" + bytes([len(password)]) + password.encode())
        if client.take(2)[1] == 0:
            client.code(CONNECT, "127.0.0.1", echo_port)
    return s, context


for name, version in (("TLS 1.3", ssl.TLSVersion.TLSv1_3), ("TLS 1.2", ssl.TLSVersion.TLSv1_2)):
    first, context = connect(version)
    again, _ = connect(version, first.session, context=context)
    tap.ok(not first.session_reused and again.session_reused, f"{name}: who was let in comes back by its session")
    third, _ = connect(version, again.session, context=context)
    tap.ok(third.session_reused, f"{name}: and again")
    tap.equal(connect(version, third.session, "wrong", context)[0].recv(1), b"", f"{name}: but not without the password")
    stranger, context = connect(version, password="wrong")
    back, _ = connect(version, stranger.session, context=context)
    tap.ok(not back.session_reused, f"{name}: who was not let in does not")
    silent, context = connect(version, password=None)
    back, _ = connect(version, silent.session, context=context)
    tap.ok(not back.session_reused, f"{name}: nor who has said nothing")
tap.equal(proxy.count("handshakes_resumed"), 6, "the proxy counts them")
first, context = connect(ssl.TLSVersion.TLSv1_3)
proxy.reload()
tap.ok(connect(ssl.TLSVersion.TLSv1_3, first.session, context=context)[0].session_reused, "sessions outlive a reload")
proxy.end(tap)

proxy = Proxy('max_sessions = 2; users_file = "users";', files={"users": f"anna:{hashed('right')}\n"})
all_of_them = [connect(ssl.TLSVersion.TLSv1_2) for _ in range(3)]
tap.equal([connect(ssl.TLSVersion.TLSv1_2, s.session, None, context)[0].session_reused for s, context in all_of_them],
          [False, True, True], "with room for two sessions the oldest of three is forgotten")
proxy.end(tap)

# ---- the client

proxy = Proxy()
client = Client([proxy.tls], proxy)
for _ in range(5):
    tap.equal(client.get(web), b"hello", "a request through the client")
stats = client.stats()["proxies"][0]
tap.equal((stats["dials"], stats["resumed"]), (5, 4), "all but the first of its connections are resumed")
tap.equal(proxy.count("handshakes_resumed"), 4, "as the proxy says, too")
client.end(tap)

client = Client([proxy.tls], None, "--fingerprint", proxy.fingerprint())
tap.equal(client.get(web), b"hello", "a proxy known by its certificate's fingerprint")
client.end(tap)
colons = ":".join(proxy.fingerprint()[i:i + 2].upper() for i in range(0, 64, 2))
client = Client([proxy.tls], proxy, "--fingerprint", "00" * 32, "--fingerprint", colons)
tap.equal(client.get(web), b"hello", "as openssl prints it, one of two, and signed by the CA")
client.end(tap)
for name, options, ca in (("another fingerprint", ["--fingerprint", "11" * 32], None),
                          ("another fingerprint, though the CA is right", ["--fingerprint", "11" * 32], proxy),
                          ("the right one, but another name", ["--fingerprint", proxy.fingerprint(), "--server-name", "x.test"],
                           proxy)):
    client = Client([proxy.tls], ca, *options)
    tap.equal(client.get(web), None, f"{name}: nothing is sent there")
    tap.ok(client.logged("tls_failed"), "and the log says why")
    client.end(tap)

# ---- its status

with tempfile.TemporaryDirectory() as place:
    control = f"{place}/control"
    client = Client([proxy.tls], proxy, "--control-socket", control)
    program = Socks(client.port)
    relay = program.ask(UDP, "0.0.0.0", 0)
    stat = [os.path.abspath(f"{BUILD}/bin/sluice"), "stat", "--socket", control]
    shown = subprocess.run([*stat, "--json"], capture_output=True, text=True, check=False)
    status = json.loads(shown.stdout or "{}")
    tap.equal([(a["kind"], a["proxy"], a["port"], a["transport"], a["suite"], a["connected"])
               for a in status.get("association_list", [])],
              [("secure", "localhost", proxy.tls, "udp", "aes256-sha256-128-etm", True)],
              "the client's control socket tells of its association")
    tap.equal((status["associations_open"], status["proxies"][0]["dials"]), (1, 1), "with its counters")
    shown = subprocess.run(stat, capture_output=True, text=True, check=False)
    tap.ok(shown.returncode == 0 and re.search(r"^associations_open +1$", shown.stdout, re.M) and
           re.search(rf"^secure +localhost +{proxy.tls} +udp ", shown.stdout, re.M), "sluice stat shows them", shown.stdout)
    tap.equal(os.stat(control).st_mode & 0o777, 0o600, "it is its owner's alone")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(control)
    tap.equal(client.get(web), b"hello", "one who does not wait for his answer does no harm")
    client.end(tap)
    tap.ok(not os.path.exists(control), "it goes with the client")
    client = Client([proxy.tls], proxy, "--control-socket", f"{place}/none/control")
    tap.ok(client.process.wait(10) == 1 and "No such file" in client.log(), "one that cannot be had is told")
    shutil.rmtree(client.folder)

# ---- proxies that fail

other = Proxy()
road, second = Relay(proxy.tls), Relay(other.tls)
pins = [option for p in (proxy, other) for option in ("--fingerprint", p.fingerprint())]
client = Client([road.port, second.port], None, *pins)
tap.equal(client.get(web), b"hello", "of two proxies")
tap.equal((proxy.count("streams"), other.count("streams")), (5 + 2 + 1 + 1, 0), "the first is asked")
road.close()
tap.equal([client.get(web) for _ in range(3)], [b"hello"] * 3, "it fails: nobody notices")
tap.equal(other.count("streams"), 3, "since the other one is asked")
tap.ok(client.logged("proxy_failed"), "the log says so")
road.shut = False
tap.ok(within(6, lambda: client.get(web) and proxy.count("streams") > 9), "the first comes back: it is asked again after a while")
road.close()
second.close()
tap.equal(client.get(web), None, "both fail: the program is told")
road.shut = second.shut = False
tap.equal(client.get(web), b"hello", "and served as soon as one is back, without a wait")
client.end(tap)

# ---- programs


def run(*command, **options):
    return subprocess.run(Client.command([proxy.tls], proxy) + ["--", *command], capture_output=True, text=True, timeout=30,
                          check=False, **options)


done = run("curl", "-sS", f"http://127.0.0.1:{web}/")
before = proxy.count("streams")
tap.equal((done.returncode, done.stdout, done.stderr), (0, "hello", ""), "a program that is run has the proxy in its environment")
tap.ok(before >= 10, "and went through it")
done = run("sh", "-c", 'echo "$ALL_PROXY $SOCKS5_SERVER"; ls /proc/self/fd | wc -l; exit 7', input="")
lines = done.stdout.split()
tap.equal((done.returncode, lines[0], lines[2]), (7, "socks5h://" + lines[1], "4"),
          "its status is the client's; it has no files of it")
tap.equal(run("/nowhere/program").returncode, 127, "a program that there is not: 127")
tap.equal(run("sh", "-c", "kill -KILL $$").returncode, 137, "one that is killed: 137")
script = "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"
process = subprocess.Popen(Client.command([proxy.tls], proxy) + ["--", "sh", "-c", script], stdout=subprocess.PIPE)
process.stdout.readline()
process.send_signal(signal.SIGTERM)
tap.equal(process.wait(10), 3, "SIGTERM is handed on to it")
other.end(tap)
proxy.end(tap)

analyze = shutil.which("systemd-analyze")
if analyze:
    with open("host/systemd/sluice-client.service", encoding="utf-8") as file:
        unit = file.read().replace("/usr/bin/sluice", os.path.abspath(f"{BUILD}/bin/sluice"))
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/sluice-client.service", "w", encoding="utf-8") as file:
            file.write(unit)
        done = subprocess.run([analyze, "--user", "--man=no", "verify", f"{folder}/sluice-client.service"], capture_output=True,
                              text=True, check=False, env={**os.environ, "XDG_RUNTIME_DIR": folder})
        tap.ok(done.returncode == 0 and "sluice" not in done.stderr, "systemd-analyze has nothing against the user's unit",
               done.stderr)
else:
    tap.ok(True, "the user's unit # SKIP systemd-analyze is not here")
tap.done()
