#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who gets in: passwords, those who guess them, client certificates, and what a reload changes while others go on."""
import signal
import ssl
import subprocess
import threading
import time

from kit import CONNECT, UDP, Proxy, Refused, Socks, Tap, address, code, hashed, listen, receive, udp, within

tap = Tap()
target, port = listen()
ANNA, OTTO = hashed("open sesame"), hashed("secret")
RIGHT = {"user": "anna", "password": "open sesame"}
WRONG = {"user": "anna", "password": "open barley"}

# ---- passwords

proxy = Proxy('users_file = "users";', files={"users": f"anna:{ANNA}\notto:{OTTO}\nkarl:-\n"})
tap.equal(code(proxy, "127.0.0.1", port, **RIGHT), 0, "the right password gets in")
tap.equal(code(proxy, "127.0.0.1", port), 0xff, "without one nobody does")
tap.equal(code(proxy, "127.0.0.1", port, user="karl", password="-"), 0xfe, "nor a user who has none")
for _ in range(5):
    code(proxy, "127.0.0.1", port, source="127.0.0.50", **WRONG)
begin = time.monotonic()
tap.equal(code(proxy, "127.0.0.1", port, source="127.0.0.50", **RIGHT), 0xfe,
          "after five wrong ones even the right one is not looked at")
tap.ok(time.monotonic() - begin > 1, "and the answer takes its time")
tap.equal((proxy.count("auth_failed"), proxy.count("auth_slowed")), (6, 1), "both are counted")
tap.ok(proxy.logged("event=auth_refused .*user=anna reason=slowed"), "and logged")
tap.equal(code(proxy, "127.0.0.1", port, **RIGHT), 0, "other sources are let in meanwhile")
tap.ok(within(8, lambda: code(proxy, "127.0.0.1", port, source="127.0.0.50", **RIGHT) == 0), "and that one a little later")

# ---- reload

old = Socks(proxy.plain, **RIGHT)
old.ask(CONNECT, "127.0.0.1", port)
far, _ = target.accept()
while True:  # those of the requests before
    try:
        target.settimeout(0.2)
        far, _ = target.accept()
    except TimeoutError:
        break
proxy.write("users", f"otto:{OTTO}:staff\nzoe:{hashed('new')}\n")
tap.ok(proxy.reload() and proxy.logged("event=reloaded generation=2"), "SIGHUP reads the users again")
tap.equal(code(proxy, "127.0.0.1", port, user="zoe", password="new"), 0, "a new one gets in")
tap.equal(code(proxy, "127.0.0.1", port, **RIGHT), 0xfe, "one who has gone does not")
old.s.sendall(b"still here")
far.settimeout(2)
tap.equal(far.recv(99), b"still here", "what was open goes on")
proxy.write("users", f"otto:{OTTO}\nzoe:damaged\n")
proxy.reload()
tap.ok(proxy.logged(r"event=reload_failed reason=.*users:2: expected a current hash"),
       "a damaged users file is refused, with its line")
tap.equal(code(proxy, "127.0.0.1", port, user="zoe", password="new"), 0, "and the former one stays")
proxy.write("users", f"otto:{OTTO}\n")
proxy.configure('users_file = "users"; colour = 1;')
proxy.reload()
tap.ok(proxy.logged(r"event=reload_failed reason=.*conf:5: option `colour.*unknown"), "a wrong configuration too")
tap.equal(code(proxy, "127.0.0.1", port, user="zoe", password="new"), 0, "with all that belongs to it")
proxy.configure('users_file = "users"; workers = 2; log_level = "error";',
                'rules = ( { action = "deny"; users = [ "otto" ]; to = [ "127.0.0.1" ]; } );')
proxy.reload()
tap.ok(proxy.logged("event=needs_restart option=workers"), "what needs a restart is said")
tap.ok(within(2, lambda: code(proxy, "127.0.0.1", port, user="otto", password="secret") == 2), "rules are renewed")
tap.ok("event=auth_failed peer=127.0.0.1" in proxy.log(), "the log was as talkative as before")
lines = len(proxy.log().splitlines())
code(proxy, "127.0.0.1", port, **WRONG)
tap.equal(len(proxy.log().splitlines()), lines, "and is silent from then on")
old.close()
proxy.end(tap)

# ---- reload under load: no datagram is lost, rules hold for what is open

proxy = Proxy()
client = Socks(proxy.plain)
relay = ("127.0.0.1", client.ask(UDP, "0.0.0.0", 0)[1])
echo, echo_port = udp()
here, _ = udp()
stop = threading.Event()


def answer():
    echo.settimeout(0.2)
    while not stop.is_set():
        try:
            data, peer = echo.recvfrom(2000)
            echo.sendto(data, peer)
        except TimeoutError:
            pass


threading.Thread(target=answer, daemon=True).start()
head, sent, back, reloads = b"\0\0\0" + address("127.0.0.1", echo_port), 0, 0, 0
while sent < 3000 or reloads < 10:
    if sent % 200 == 100 and reloads == proxy.log().count("event=reloaded"):
        reloads += 1
        proxy.process.send_signal(signal.SIGHUP)
    number, sent = sent, sent + 1
    here.sendto(head + number.to_bytes(4, "big"), relay)
    if receive(here, 1)[0] == head + number.to_bytes(4, "big"):
        back += 1
tap.equal(back, sent, f"of {sent} datagrams none is lost by {reloads} reloads")
tap.ok(proxy.logged(f"generation={reloads + 1}"), "each of which happened")
proxy.configure(rules="")
proxy.reload()
here.sendto(head + b"late", relay)
tap.equal((receive(here, 0.5)[0], proxy.count("refused.private")), (None, 1), "new rules hold for associations that are open")
certificate = ssl.get_server_certificate(("127.0.0.1", proxy.tls))
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=new",
                "-keyout", proxy.path("key.pem"), "-out", proxy.path("cert.pem")], check=True, stderr=subprocess.DEVNULL)
proxy.reload()
tap.ok(within(2, lambda: ssl.get_server_certificate(("127.0.0.1", proxy.tls)) != certificate), "a new certificate is taken")
proxy.write("key.pem", "nothing")
proxy.reload()
tap.ok(proxy.logged("event=reload_failed reason=.*private key"), "a damaged key is refused")
tap.equal(code(proxy, "127.0.0.1", port), 2, "and everything goes on")
stop.set()
client.close()
proxy.end(tap)


# ---- client certificates

def openssl(proxy, *arguments):
    subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL, cwd=proxy)


class Authority:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def issue(self, name, subject, extension="basicConstraints=CA:false", days="2"):
        openssl(self.folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
                f"{name}.key", "-out", f"{name}.csr", "-utf8")
        with open(f"{self.folder}/{name}.ext", "w", encoding="utf-8") as file:
            file.write(extension + "\n")
        openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key",
                "-set_serial", "7", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        both = f"{self.folder}/{name}.both"
        with open(both, "w", encoding="utf-8") as out:
            for part in ("crt", "key"):
                with open(f"{self.folder}/{name}.{part}", encoding="utf-8") as file:
                    out.write(file.read())
        return both


def by_certificate(proxy, certificate, **options):
    try:
        client = Socks(proxy.tls, tls=True, certificate=certificate, **options)
        result = client.code(CONNECT, "127.0.0.1", port)
        client.close()
        return result
    except Refused as refused:
        return refused.code
    except (OSError, EOFError) as error:
        return type(error).__name__


RULES = 'rules = ( { action = "allow"; users = [ "anna" ]; to = [ "127.0.0.1" ]; } );'
proxy = Proxy(rules=RULES, files={"users": f"anna:-\notto:{OTTO}\n"})
ca, stranger = Authority(proxy.folder, "ca"), Authority(proxy.folder, "stranger")
anna, zoe = ca.issue("anna", "/CN=anna"), ca.issue("zoe", "/CN=zoe")
TLS = 'tls = { certificate = "cert.pem"; key = "key.pem"; client_ca = "ca.pem"; %s };\n'
plain_tls = proxy.base


def with_tls(more, extra='users_file = "users";'):
    proxy.base = plain_tls.replace(plain_tls[plain_tls.index("tls = {"):plain_tls.index(" control_socket")], TLS % more)
    proxy.configure(extra, RULES)
    return proxy.reload() and "reload_failed" not in proxy.log()


tap.ok(with_tls(""), "client_ca is taken by a reload")
tap.equal(within(2, lambda: by_certificate(proxy, anna) == 0), True, "a certificate stands for its user, whom rules know")
tap.equal(by_certificate(proxy, None), 0xff, "without one a password is asked for")
tap.equal(by_certificate(proxy, None, user="otto", password="secret"), 2, "which makes another user, with his own rules")
tap.ok(by_certificate(proxy, stranger.issue("bad", "/CN=anna")) not in (0, 2), "another CA's certificate ends the handshake")
tap.ok(by_certificate(proxy, zoe) not in (0, 2), "one of nobody who is in the users file is refused")
tap.ok(proxy.logged("event=certificate_refused .*user=zoe reason=no_user"), "which is logged")
tap.ok(by_certificate(proxy, ca.issue("two", "/CN=otto/CN=anna")) not in (0, 2), "so is one with two names")
tap.equal(proxy.count("certificates_refused"), 2, "and counted")
mail = ca.issue("mail", "/CN=nobody", "subjectAltName=email:anna")
tap.ok(with_tls('client_name = "email"; client_required = true;'), "by another name of the certificate")
tap.equal(within(2, lambda: by_certificate(proxy, mail) == 0), True, "its owner gets in")
tap.ok(by_certificate(proxy, None) not in (0, 2, 0xff), "client_required: no handshake without a certificate")
proxy.end(tap)
tap.done()
