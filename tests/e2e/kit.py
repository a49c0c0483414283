# SPDX-License-Identifier: Apache-2.0
"""Harness of the end-to-end tests in Python: a sluiced of its own in a temporary folder, an ordinary SOCKS5 client, a name server
whose answers and lifetimes the test chooses, targets, TAP. Nothing is shared with host/."""
import atexit
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("BUILD", "build")
LOOPBACK = 'rules = ( { action = "allow"; to = [ "127.0.0.0/8", "::1" ]; } );'
CONNECT, BIND, UDP = 1, 2, 3


started = []


@atexit.register
def end_started():
    """A test that breaks off leaves nobody behind."""
    for process in started:
        if process.poll() is None:
            process.kill()


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, holds, name, *about):
        self.count += 1
        if not holds:
            self.failed += 1
            for line in about:
                print("#", line)
        print("ok" if holds else "not ok", self.count, "-", name, flush=True)
        return holds

    def equal(self, found, expected, name):
        return self.ok(found == expected, name, f"found {found!r}, expected {expected!r}")

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def within(seconds, condition):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)


def hashed(password):
    return subprocess.run(["openssl", "passwd", "-6", password], check=True, capture_output=True, text=True).stdout.strip()


class Proxy:
    """sluiced with a listener in clear and one with TLS, on every address of 127.0.0.0/8; more configuration in `extra`."""

    def __init__(self, extra="", rules=LOOPBACK, files=None, environment=None, before=None, start=True):
        self.folder = tempfile.mkdtemp(prefix="sluice-e2e.")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", self.path("key.pem"), "-out", self.path("cert.pem")],
                       check=True, stderr=subprocess.DEVNULL)
        for name, text in (files or {}).items():
            self.write(name, text)
        self.base = f'''listeners = ( {{ address = "0.0.0.0:0"; tls = false; }}, {{ address = "0.0.0.0:0"; }} );
udp = ( {{ address = "0.0.0.0:0"; }} ); naked = true; drain_seconds = 0;
tls = {{ certificate = "cert.pem"; key = "key.pem"; }}; control_socket = "control";
'''
        self.configure(extra, rules)
        if start:
            self.start(environment, before)

    def start(self, environment=None, before=None, command=(), **options):
        self.log_file = open(self.path("log"), "wb")
        self.process = subprocess.Popen([*command, os.path.abspath(f"{BUILD}/bin/sluiced"), "--config", "conf"], cwd=self.folder,
                                        stderr=self.log_file, env={**os.environ, **(environment or {})}, preexec_fn=before,
                                        **options)
        started.append(self.process)
        self.ready = within(20, lambda: "event=ready" in self.log() or self.process.poll() is not None)
        ports = dict((p, int(n)) for n, p in re.findall(r"address=0.0.0.0:(\d+) protocol=(\w+)", self.log()))
        self.plain, self.tls, self.udp = ports.get("plain"), ports.get("tls"), ports.get("udp")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def configure(self, extra="", rules=LOOPBACK):
        self.write("conf", self.base + rules + "\n" + extra + "\n")

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def logged(self, pattern, seconds=3):
        return within(seconds, lambda: re.search(pattern, self.log()))

    def status(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("control"))
            return json.loads(b"".join(iter(lambda: s.recv(65536), b"")))

    def count(self, name):
        total = self.status()["total"]
        return total["refused"][name[8:]] if name.startswith("refused.") else total[name]

    def fingerprint(self):
        with open(self.path("cert.pem"), encoding="ascii") as file:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()

    def reload(self):
        before = len(re.findall("event=reload", self.log()))
        self.process.send_signal(signal.SIGHUP)
        return within(3, lambda: len(re.findall("event=reload", self.log())) > before)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log_file.close()
        return status

    def end(self, tap):
        status = self.stop()
        if not tap.ok(status == 0, "sluiced ends with status 0", f"status {status}") or tap.failed:
            print("\n".join("# " + line[:300] for line in self.log().splitlines()[-25:]))
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.folder)


class Client:
    """sluice client with a SOCKS5 listener; `ports` are proxies at 127.0.0.1, `ca` the Proxy whose certificate is trusted."""

    def __init__(self, ports, ca=None, *options, command=()):
        self.folder = tempfile.mkdtemp(prefix="sluice-e2e.")
        self.log_file = open(self.path("log"), "wb")
        own = ["--listen", "127.0.0.1:0", "--stats-file", self.path("stats")]
        self.process = subprocess.Popen([*command, *self.command(ports, ca), *own, *options], stderr=self.log_file)
        started.append(self.process)
        self.logged("event=ready", 20)
        found = re.search(r"address=127.0.0.1:(\d+) protocol=socks5", self.log())
        self.port = int(found[1]) if found else 0

    @staticmethod
    def command(ports, ca):
        proxies = [option for port in ports for option in ("--proxy", f"localhost:{port}")]
        return [os.path.abspath(f"{BUILD}/bin/sluice"), "client", *proxies] + (["--ca-file", ca.path("cert.pem")] if ca else [])

    def path(self, name):
        return os.path.join(self.folder, name)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def logged(self, pattern, seconds=3):
        return within(seconds, lambda: re.search(pattern, self.log()) or self.process.poll() is not None)

    def stats(self):
        if os.path.exists(self.path("stats")):
            os.unlink(self.path("stats"))
        self.process.send_signal(signal.SIGUSR1)
        within(5, lambda: os.path.exists(self.path("stats")))
        with open(self.path("stats"), encoding="utf-8") as file:
            return json.load(file)

    def get(self, port):
        """Body of a page of a web server at 127.0.0.1, or None."""
        done = subprocess.run(["curl", "-sS", "--max-time", "20", "--socks5-hostname", f"127.0.0.1:{self.port}",
                               f"http://127.0.0.1:{port}/"], capture_output=True, check=False)
        return None if done.returncode else done.stdout

    def end(self, tap):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log_file.close()
        if not tap.ok(status == 0, "the client ends with status 0", f"status {status}") or tap.failed:
            print("\n".join("# " + line[:300] for line in self.log().splitlines()[-25:]))
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.folder)


class Refused(Exception):
    def __init__(self, code):
        super().__init__(f"reply {code}")
        self.code = code


def address(host, port):
    for family, kind in ((socket.AF_INET, 1), (socket.AF_INET6, 4)):
        try:
            return bytes([kind]) + socket.inet_pton(family, host) + struct.pack(">H", port)
        except OSError:
            pass
    return bytes([3, len(host)]) + host.encode() + struct.pack(">H", port)


class Socks:
    """A client, connected and through with the methods. `alpn` and `certificate` (a path with certificate and key) go to TLS."""

    def __init__(self, port, tls=False, user=None, password=None, host="127.0.0.1", source=None, certificate=None):
        self.s = socket.create_connection((host, port), 10, (source, 0) if source else None)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            if certificate:
                context.load_cert_chain(certificate)
            self.s = context.wrap_socket(self.s)
        self.method = None
        self.s.sendall(b"\5\2\0\2" if user else b"\5\1\0")
        self.method = self.take(2)[1]
        if self.method == 0xff:
            raise Refused(0xff)
        if self.method == 2:
            self.s.sendall(bytes([1, len(user)]) + user.encode() + bytes([len(password)]) + password.encode())
            if self.take(2)[1]:
                raise Refused(0xfe)

    def take(self, n):
        data = b""
        while len(data) < n:
            piece = self.s.recv(n - len(data))
            if not piece:
                raise EOFError(f"ended after {len(data)} of {n} bytes")
            data += piece
        return data

    def reply(self):
        """(host, port) of a reply, or Refused."""
        head = self.take(4)
        host = socket.inet_ntop(*((socket.AF_INET, self.take(4)) if head[3] == 1 else (socket.AF_INET6, self.take(16))))
        port = struct.unpack(">H", self.take(2))[0]
        if head[1]:
            raise Refused(head[1])
        return host, port

    def ask(self, command, host, port):
        self.s.sendall(bytes([5, command, 0]) + address(host, port))
        return self.reply()

    def code(self, command, host, port):
        """Of the reply: 0 or what it was refused with; None when there was none."""
        try:
            self.ask(command, host, port)
            return 0
        except Refused as refused:
            return refused.code
        except (EOFError, OSError):
            return None

    def close(self):
        self.s.close()


def code(proxy, host, port, command=CONNECT, **options):
    """Reply code of one request on a connection of its own."""
    try:
        client = Socks(proxy.plain, **options)
    except Refused as refused:
        return refused.code
    try:
        return client.code(command, host, port)
    finally:
        client.close()


listeners = []  # kept open until the end


def listen(host="127.0.0.1"):
    s = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.settimeout(5)
    listeners.append(s)
    return s, s.getsockname()[1]


def udp(host="127.0.0.1"):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, 0))
    s.settimeout(3)
    return s, s.getsockname()[1]


def receive(s, seconds=3):
    s.settimeout(seconds)
    try:
        return s.recvfrom(65536)
    except TimeoutError:
        return None, None


class Names(threading.Thread):
    """A name server for A and AAAA. `zone`: name to (ttl, [addresses]); None: no answer. What is not there is NXDOMAIN."""

    def __init__(self, zone):
        super().__init__(daemon=True)
        self.s, self.port = udp()
        self.s.settimeout(None)
        self.zone, self.asked = zone, []
        self.start()

    def answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, question = struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        if name in self.zone and self.zone[name] is None:
            return None
        ttl, addresses = self.zone.get(name, (0, []))
        family, want = {1: (socket.AF_INET, "."), 28: (socket.AF_INET6, ":")}.get(kind, (0, "-"))
        found = [socket.inet_pton(family, a) for a in addresses if want in a]
        rest = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(a)) + a for a in found)
        flags = 0x8580 if name in self.zone else 0x8583
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question + rest

    def run(self):
        while True:
            query, peer = self.s.recvfrom(4096)
            answer = self.answer(query)
            if answer:
                self.s.sendto(answer, peer)

    def count(self, name):
        return sum(1 for asked, kind in self.asked if asked == name and kind == 1)


BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)


def browse(url, *options):
    """The page as Chromium has it after a while; None: it takes too long here, or is not here."""
    if not BROWSER:
        return None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # In a group of its own: it starts others, which go with it.
        process = subprocess.Popen([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                                    "--virtual-time-budget=4000", *options, "--dump-dom", url],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        try:
            return process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None


def no_browser():
    """Why there is no page."""
    return "SKIP " + ("it gives no page within a minute" if BROWSER else "no chromium")
