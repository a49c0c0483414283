#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sluiced that takes over from another one: no datagram of a secure association is lost or comes twice, streams and naked
associations end with the former process, and whatever fails leaves that as it was."""
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from kit import BUILD, CONNECT, LOOPBACK, UDP, Client, Proxy, Socks, Tap, address, hashed, listen, udp, within

tap = Tap()
ASSOCIATIONS = 6
STREAM_BYTES = 3_000_000


class Echo(threading.Thread):
    """Returns what comes, and counts each number."""

    def __init__(self):
        super().__init__(daemon=True)
        self.s, self.port = udp()
        self.s.settimeout(None)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.seen = {}
        self.start()

    def run(self):
        while True:
            data, peer = self.s.recvfrom(2048)
            self.seen[data[:8]] = self.seen.get(data[:8], 0) + 1
            self.s.sendto(data, peer)


class Program(threading.Thread):
    """A SOCKS program with an association, which sends numbered datagrams until it is told to stop."""

    def __init__(self, port, number, target, **login):
        super().__init__(daemon=True)
        self.number, self.target = number, target
        self.control = Socks(port, **login)
        self.relay = self.control.ask(UDP, "0.0.0.0", 0)
        self.s, _ = udp()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sent, self.back, self.going = 0, {}, True
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.start()

    def read(self):
        self.s.settimeout(0.2)
        while self.going or self.sent > len(self.back):
            try:
                key = self.s.recv(2048)[10:18]
            except TimeoutError:
                if not self.going:
                    return
                continue
            self.back[key] = self.back.get(key, 0) + 1

    def run(self):
        header = b"\0\0\0" + address("127.0.0.1", self.target)
        while self.going:
            for _ in range(2):
                self.s.sendto(header + struct.pack(">II", self.number, self.sent) + bytes(200 + self.sent % 900), self.relay)
                self.sent += 1
            time.sleep(0.004)

    def stop(self):
        self.going = False
        self.join()
        within(3, lambda: len(self.back) >= self.sent)
        self.reader.join()
        self.control.close()


def serve_slowly():
    """A port whose connections get STREAM_BYTES in some seconds."""
    server, port = listen()
    server.settimeout(None)

    def run():
        while True:
            s = server.accept()[0]
            threading.Thread(target=feed, args=(s,), daemon=True).start()

    def feed(s):
        for _ in range(100):
            s.sendall(bytes(range(256)) * (STREAM_BYTES // 25600))
            time.sleep(0.06)
        s.close()
    threading.Thread(target=run, daemon=True).start()
    return port


class Fetch(threading.Thread):
    def __init__(self, port, target):
        super().__init__(daemon=True)
        self.socks, self.digest, self.bytes = Socks(port), hashlib.sha256(), 0
        self.code = self.socks.code(CONNECT, "127.0.0.1", target)
        self.start()

    def run(self):
        self.socks.s.settimeout(30)
        while data := self.socks.s.recv(65536):
            self.digest.update(data)
            self.bytes += len(data)
        self.socks.close()


def upgrade(config="conf", before=None):
    return subprocess.run([os.path.abspath(f"{BUILD}/bin/sluiced"), "--config", config, "--upgrade"], cwd=proxy.folder,
                          env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"}, capture_output=True, text=True, timeout=60,
                          preexec_fn=before, check=False)


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def whole(name):
    """Nothing that the programs sent is missing there or back, and nothing came twice."""
    sent = sum(program.sent for program in programs)
    there = sum(1 for key in echo.seen if struct.unpack(">II", key)[0] < ASSOCIATIONS)
    tap.equal((there, max(echo.seen.values())), (sent, 1), f"{name}: each datagram came there once")
    back = [count for program in programs for count in program.back.values()]
    tap.equal((len(back), max(back)), (sent, 1), f"{name}: and back once")


def told():
    found = []
    try:
        while True:
            found.append(manager.recv(4096).decode())
    except BlockingIOError:
        return found


folder = tempfile.mkdtemp(prefix="sluice-notify.")
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
manager.bind(f"{folder}/notify")
os.chmod(folder, 0o755)
os.chmod(f"{folder}/notify", 0o666)
EXTRA = 'workers = 2; upgrade_socket = "upgrade"; users_file = "users"; admin = "127.0.0.1:0"; restricted = true;'
proxy = Proxy(EXTRA, files={"users": f"anna:{hashed('right')}\n"}, environment={"NOTIFY_SOCKET": f"{folder}/notify"})
with open(proxy.path("word"), "w", encoding="ascii") as word:
    word.write("right\n")
client = Client([proxy.tls], proxy, "--user", "anna", "--password-file", proxy.path("word"))
other = Client([proxy.tls], proxy, "--user", "anna", "--password-file", proxy.path("word"), "--nonces", "random")
echo, slow = Echo(), serve_slowly()
pids = [proxy.process.pid]
programs = [Program((client if i else other).port, i, echo.port) for i in range(ASSOCIATIONS)]
fetch = Fetch(client.port, slow)
naked = Program(proxy.plain, 1000, echo.port, user="anna", password="right")
within(5, lambda: all(program.back for program in programs) and naked.back and fetch.bytes)
told()

# ---- what fails changes nothing

proxy.write("wrong", "workers = many;")
done = upgrade("wrong")
tap.ok(done.returncode == 2 and "wrong:1" in done.stderr, "a configuration that is wrong is told", done.stderr)
taken, port = listen()
proxy.configure(EXTRA.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
done = upgrade()
tap.ok(done.returncode == 1 and f"127.0.0.1:{port}" in done.stderr, "and what cannot be opened", done.stderr)
tap.ok(proxy.logged("event=upgrade_failed pid=.* error=ECONNRESET"), "the log of the former one says that it failed")
proxy.configure(EXTRA)
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chmod(proxy.folder, 0o755)
    for name in ("upgrade", "key.pem", "users", "conf"):
        os.chmod(proxy.path(name), 0o666)
    done = upgrade(before=lambda: os.setuid(nobody))
    tap.ok(done.returncode == 1 and proxy.logged(f"event=upgrade_refused pid=.* uid={nobody} reason=uid"),
           "another user is refused", done.stderr)
    os.chmod(proxy.path("upgrade"), 0o600)
else:
    tap.ok(True, "another user is refused # SKIP not root")


def talk(*messages, until=None):
    """Says those to the running one, reading up to a message of type `until` between them."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(10)
    s.connect(proxy.path("upgrade"))
    for message, last in zip(messages, until or [None] * len(messages)):
        s.send(message)
        while last and s.recv(8192)[0] != last:
            pass
    s.close()


hello = b"\1\1\0\x08" + (1).to_bytes(8, "big")
failures = len(re.findall("event=upgrade_failed", proxy.log()))
for name, messages, until in (("noise", [os.urandom(100)], None), ("an old version", [hello[:-1] + b"\0"], None),
                              ("nothing more", [hello], [4]), ("noise later", [hello, b"\5\1"], [4, None]),
                              ("an end in the middle", [hello, b"\5"], [4, 10]),
                              ("a wrong number", [hello, b"\5", b"\x0b\1\0\x08" + bytes(8)], [4, 10, None])):
    talk(*messages, until=until)
    failures += 1
    tap.ok(within(5, lambda: len(re.findall("event=upgrade_failed", proxy.log())) >= failures),
           f"{name}: it gives up, and says so")
    time.sleep(0.1)
for program in programs:
    program.stop()
whole("attempts that failed")
tap.equal((proxy.count("associations_given"), proxy.count("take_ups")), (0, 0), "no client noticed them")

# ---- an upgrade under load

echo.seen.clear()
programs = [Program((client if i else other).port, i, echo.port) for i in range(ASSOCIATIONS)]
within(5, lambda: all(program.back for program in programs))
naked_before, told_before = len(naked.back), told()
done = upgrade()
tap.ok(done.returncode == 0 and "sluiced: " not in done.stderr, "an upgrade succeeds", done.stderr)
match = proxy.logged(r"event=taken pid=(\d+) associations=(\d+)")
pids.append(int(match[1]) if match else 0)
tap.equal(match and int(match[2]), ASSOCIATIONS, "it takes over all associations")
tap.ok(proxy.logged(rf"event=given pid={pids[0]} to={pids[1]} associations={ASSOCIATIONS}"), "as the former one says, too")
print("#", re.search(r"event=given.*", proxy.log())[0])
messages = []
within(3, lambda: messages.extend(told()) or any(message.startswith("READY=1") for message in messages))
tap.ok(messages[:1] == [f"MAINPID={pids[1]}"] and any(message.startswith("READY=1") for message in messages),
       "the service manager is told, by the former one first", messages)
tap.ok(within(10, lambda: proxy.count("take_ups") == ASSOCIATIONS), "every client comes back with a new connection",
       proxy.count("take_ups"))
time.sleep(0.3)
second = Fetch(client.port, slow)
tap.equal(second.code, 0, "new connections are the new one's")
tap.equal((proxy.count("streams_open"), proxy.count("associations_taken")), (1, ASSOCIATIONS), "as its counters say")

# ---- and one more

done = upgrade()
match = within(3, lambda: (re.findall(r"event=taken pid=(\d+) associations=(\d+)", proxy.log())[1:] or [None])[0])
pids.append(int(match[0]) if match else 0)
tap.ok(done.returncode == 0 and match and int(match[1]) == ASSOCIATIONS, "an upgrade of the upgraded one", done.stderr)
tap.ok(within(10, lambda: proxy.count("take_ups") == ASSOCIATIONS), "the clients come back again")
time.sleep(0.3)
for program in programs:
    program.stop()
whole("two upgrades")
tap.ok(not has_ended(pids[0]), "the first process is there as long as it has something")
naked.stop()
tap.ok(len(naked.back) > naked_before and len(naked.back) == naked.sent and max(naked.back.values()) == 1,
       "a naked association goes on with the first process", (len(naked.back), naked.sent))
fetch.join(20)
second.join(20)
expected = (STREAM_BYTES // 25600 * 25600, hashlib.sha256(bytes(range(256)) * (STREAM_BYTES // 256 // 100 * 100)).hexdigest())
tap.equal([(one.bytes, one.digest.hexdigest()) for one in (fetch, second)], [expected] * 2, "streams under way come to their end")
tap.equal(proxy.process.wait(10), 0, "then it ends")
tap.ok(within(10, lambda: has_ended(pids[1])), "and so does the second one")
late = Program(client.port, 2000, echo.port)
tap.ok(within(3, lambda: late.back), "the third one serves")
late.stop()
refused = proxy.status()["total"]["refused"]
tap.equal({name: refused[name] for name in ("replayed", "auth_failed", "unknown_cid", "forged_cid")},
          {"replayed": 0, "auth_failed": 0, "unknown_cid": 0, "forged_cid": 0}, "and has refused no record")

# ---- fewer workers

programs = [Program((client if i else other).port, i, echo.port) for i in range(ASSOCIATIONS)]
echo.seen.clear()
within(5, lambda: all(program.back for program in programs))
proxy.configure(EXTRA.replace("workers = 2", "workers = 1"))
tap.equal(upgrade().returncode, 0, "an upgrade to fewer workers")
pids.append(int(re.findall(r"event=taken pid=(\d+)", proxy.log())[-1]))
tap.ok(within(10, lambda: proxy.count("take_ups") == ASSOCIATIONS), "the clients come back")
for program in programs:
    program.stop()
tap.ok(all(max(program.back.values()) == 1 for program in programs), "nothing comes twice")
client.end(tap)
other.end(tap)
os.kill(pids[3], signal.SIGTERM)
tap.ok(within(10, lambda: all(has_ended(pid) for pid in pids)), "the last one ends when it is told to")
tap.ok(not os.path.exists(proxy.path("upgrade")) and not os.path.exists(proxy.path("control")), "and takes its sockets with it")
if tap.failed:
    print("\n".join("# " + line[:300] for line in proxy.log().splitlines() if "event=association" not in line))
    for pid in pids:
        if not has_ended(pid):
            os.kill(pid, signal.SIGKILL)
proxy.process.poll()
proxy.log_file.close()
if not os.environ.get("KEEP"):
    shutil.rmtree(proxy.folder)
shutil.rmtree(folder)
tap.done()
