#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSL's own programs on the other end: s_client, which says SOCKS5 to sluiced inside TLS and asks for what PROTOCOL.md
forbids, and s_server, which is no proxy, before sluice client."""
import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from kit import CONNECT, UDP, Client, Proxy, Socks, Tap, address, listen, within

tap = Tap()
folder = tempfile.mkdtemp(prefix="sluice-e2e.")
atexit.register(shutil.rmtree, folder)
with open(f"{folder}/openssl.cnf", "w", encoding="ascii") as conf:
    conf.write("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\nOptions = -ExtendedMasterSecret\n")
WITHOUT_EMS = {"OPENSSL_CONF": f"{folder}/openssl.cnf"}
proxy = Proxy("handshake_seconds = 3;")

# ---- s_client

web, web_port = listen()
GREETING, GREETED = b"\5\1\0", b"\5\0"
REQUEST = bytes([5, CONNECT, 0]) + address("127.0.0.1", web_port)


def serve():
    while True:
        try:
            s = web.accept()[0]
        except TimeoutError:
            continue
        s.sendall(s.recv(100).upper())
        s.close()


threading.Thread(target=serve, daemon=True).start()


class SClient:
    """openssl s_client at sluiced; what it is given goes into TLS."""

    def __init__(self, *options, environment=None):
        self.process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.tls}", *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env={**os.environ, **(environment or {})})

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hear(self, count):
        return self.process.stdout.read(count)

    def rest(self):
        """All that it says until its end, its status at the end of it."""
        try:
            said = self.process.communicate(timeout=20)[0]
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            said = self.process.communicate()[0]
        return said + b"\nstatus %d" % self.process.returncode

    def close(self):
        self.process.kill()
        self.process.communicate()


def fetch(*options, environment=None):
    """True when a request goes through."""
    client = SClient("-quiet", "-noservername", *options, "-verify_quiet", environment=environment)
    try:
        client.say(GREETING)
        if GREETED not in client.hear(2):
            return False
        client.say(REQUEST)
        if client.hear(10)[:2] != b"\5\0":
            return False
        client.say(b"hello")
        return client.hear(5) == b"HELLO"
    except BrokenPipeError:
        return False
    finally:
        client.close()


trusted = ("-CAfile", proxy.path("cert.pem"))
for options in (("-tls1_3",), ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), ("-tls1_2",),
                ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")):
    tap.ok(fetch(*trusted, *options), f"s_client is let through with {' '.join(options)}")
weak = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
for name, options, environment in (
        ("TLS 1.1", ("-tls1_1", *weak), None), ("TLS 1.0", ("-tls1", *weak), None),
        ("CBC in TLS 1.2", ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"), None),
        ("no encryption", ("-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"), None),
        ("no certificate", ("-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"), None),
        ("a key exchange without forward secrecy", ("-tls1_2", "-cipher", "kRSA:kPSK:@SECLEVEL=0"), None),
        ("TLS 1.2 without extended master secret", ("-tls1_2",), WITHOUT_EMS),
        ("another protocol by ALPN", ("-alpn", "http/1.1"), None)):
    before = proxy.count("handshakes_failed")
    tap.ok(not fetch(*trusted, *options, environment=environment) and
           within(3, lambda: proxy.count("handshakes_failed") > before), f"{name}: it is not")

client = SClient("-tls1_2", *trusted)
client.say(b"R\n")
said = client.rest()
tap.ok(b"no renegotiation" in said and b"status 1" in said, "renegotiation is refused", str(said[-300:]))
client = SClient("-quiet", "-tls1_3", *trusted, "-sess_out", f"{folder}/session", "-verify_quiet")
client.say(GREETING)
client.hear(2)
client.say(REQUEST)
client.hear(10)
client.say(b"hello")
client.rest()
tap.ok(os.path.exists(f"{folder}/session"), "who was let in has a session")
with open(f"{folder}/early", "wb") as early:
    early.write(GREETING)
client = SClient("-tls1_3", *trusted, "-sess_in", f"{folder}/session", "-early_data", f"{folder}/early")
client.process.stdin.close()
client.process.stdin = None
said = client.rest()
tap.ok(b"Reused, TLSv1.3" in said and b"Early data was not sent" in said, "it comes back by it, without early data",
       str(said[-300:]))
tap.ok(fetch(*trusted), "and after all that the next one is let through")

# ---- s_server


class SServer:
    """openssl s_server with sluiced's certificate; it says `words` to everyone and keeps what it hears."""

    def __init__(self, *options, words=b"", environment=None):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert",
                                         proxy.path("cert.pem"), "-key", proxy.path("key.pem"), *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env={**os.environ, **(environment or {})})
        self.process.stdin.write(words)
        self.process.stdin.flush()
        self.heard = b""
        threading.Thread(target=self.listen, daemon=True).start()
        within(10, lambda: b"ACCEPT" in self.heard)

    def listen(self):
        while data := self.process.stdout.read1(4096):
            self.heard += data

    def close(self):
        self.process.kill()
        self.process.wait()


SLUICE = ("-alpn", "sluice/1")
with open(f"{folder}/password", "w", encoding="ascii") as secret:
    secret.write("open sesame\n")
for name, command, options, words, environment, reason, quietly in (
        ("one that speaks HTTP", CONNECT, SLUICE, b"HTTP/1.1 400 Bad Request\r\n\r\n", None, "error=EPROTO", True),
        ("one that wants no password", CONNECT, SLUICE, b"\5\0\5\0\0\1\0\0\0\0\0\0", None, "error=EACCES", True),
        ("one that does not know secure UDP", UDP, (), b"\5\2\1\0\5\0\0\1\0\0\0\0\0\0", None, "error=EPROTONOSUPPORT", False),
        ("one that chose another protocol", UDP, ("-alpn", "h2"), b"", None, "error=", False),
        ("one with an unknown type of address", CONNECT, SLUICE, b"\5\2\1\0\5\0\0\7\0\0\0\0\0\0", None, "error=EPROTO", False),
        ("one with parameters too long", UDP, SLUICE, b"\5\2\1\0\5\0\0\1\0\0\0\0\0\0\xff\xff", None, "error=EPROTO", False),
        ("one with a CBC suite", CONNECT, ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"), b"", None, "tls_failed", True),
        ("one with TLS 1.1", CONNECT, ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), b"", None, "tls_failed", True),
        ("one without extended master secret", CONNECT, ("-tls1_2", *SLUICE), b"\5\2\1\0", WITHOUT_EMS, "error=EPROTO", True)):
    server = SServer(*options, words=words, environment=environment)
    client = Client([server.port], proxy, "--user", "anna", "--password-file", f"{folder}/password")
    code = Socks(client.port).code(command, "127.0.0.1", web_port)
    tap.ok(code and client.logged(reason), f"sluice client and {name}: the program is refused, the log says why",
           f"{code}", client.log()[-600:])
    if quietly:
        tap.ok(not within(0.1, lambda: b"sesame" in server.heard),
               "which hears no password", str(server.heard[-300:]))
    client.end(tap)
    server.close()

server = SServer(*SLUICE, words=b"\5\2")
client = Client([server.port], proxy, "--user", "anna", "--password-file", f"{folder}/password")
asking = Socks(client.port)
asking.s.sendall(REQUEST)
tap.ok(within(5, lambda: b"sesame" in server.heard), "one whose certificate is right, and asks for the password, does hear it")
tap.ok(within(5, lambda: b"open sesame\5\1\0\1\x7f" in server.heard), "and the request behind it, in the same breath",
       str(server.heard[-300:]))
asking.close()
client.end(tap)
server.close()
for options, follows, about in ((SLUICE, True, "one of ours hears greeting and request together"),
                                ((), False, "one that is not hears the greeting alone until it has answered")):
    server = SServer(*options)
    client = Client([server.port], proxy)
    asking = Socks(client.port)
    asking.s.sendall(REQUEST)
    tap.ok(within(5, lambda: b"\5\1\0" in server.heard) and
           bool(within(0.3, lambda: b"\5\1\0\5\1\0\1\x7f" in server.heard)) == follows, about, str(server.heard[-300:]))
    asking.close()
    client.end(tap)
    server.close()

# Neither TLS nor a proxy.
greeter, greeter_port = listen()


def greet():
    while True:
        try:
            greeter.accept()[0].sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        except TimeoutError:
            pass


threading.Thread(target=greet, daemon=True).start()
client = Client([greeter_port], proxy)
tap.ok(Socks(client.port).code(CONNECT, "127.0.0.1", web_port) and client.logged("tls_failed"), "one that does not speak TLS")
client.end(tap)
proxy.end(tap)
tap.done()
