#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a service manager sees: readiness, reload and end by notify datagrams, confinement, sockets handed over, the access log,
the unit files."""
import fcntl
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from kit import BUILD, CONNECT, LOOPBACK, Proxy, Socks, Tap, listen, udp, within

tap = Tap()
folder = tempfile.mkdtemp(prefix="sluice-notify.")
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(f"{folder}/notify")
manager.settimeout(3)


def told():
    try:
        return manager.recv(4096).decode()
    except TimeoutError:
        return "nothing"


proxy = Proxy(environment={"NOTIFY_SOCKET": f"{folder}/notify"})
message = told()
tap.ok(message.startswith("READY=1\nSTATUS=1 workers"), "the service manager is told when it is ready", message)


def threads(process, key):
    """What each thread's status says of a key."""
    found = []
    for task in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{task}/status", encoding="ascii") as file:
            found += [line.split(":", 1)[1].split() for line in file if line.startswith(key + ":")]
    return found


count = len(os.listdir(f"/proc/{proxy.process.pid}/task"))
tap.equal(threads(proxy.process, "NoNewPrivs"), [["1"]] * count, "no program started from it could get new privileges")
zero = [["0" * 16]] * count
tap.equal([threads(proxy.process, key) for key in ("CapEff", "CapPrm", "CapAmb")], [zero] * 3, "no thread has a capability")
if "filter=on" in proxy.log():
    tap.equal(threads(proxy.process, "Seccomp"), [["2"]] * count, "each has a filter of system calls")
else:
    tap.ok(True, "each has a filter of system calls # SKIP a sanitizer needs them")
proxy.process.send_signal(signal.SIGHUP)
first, second = told(), told()
tap.ok(first.startswith("RELOADING=1\nMONOTONIC_USEC=") and second == "READY=1", "a reload and its end are told", first, second)
proxy.process.send_signal(signal.SIGTERM)
tap.equal(told(), "STOPPING=1", "and that it stops")
proxy.end(tap)

proxy = Proxy(environment={"NOTIFY_SOCKET": "@sluice-notify-nobody"})
tap.ok(proxy.ready and proxy.process.poll() is None, "a service manager that is not there does not matter")
proxy.end(tap)

if os.geteuid() == 0:
    proxy = Proxy('user = "nobody"; stats_file = "/dev/null/stats";', before=lambda: os.umask(0o077))
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    tap.ok(all(uids == [nobody] * 4 for uids in threads(proxy.process, "Uid")), "with `user' it goes on as that")
    tap.ok(all("0" not in groups for groups in threads(proxy.process, "Groups")), "with his groups")
    tap.equal(threads(proxy.process, "CapBnd"), [["0" * 16]] * len(threads(proxy.process, "CapBnd")), "and gets nothing back")
    os.chmod(proxy.folder, 0o700)
    proxy.reload()
    tap.ok(proxy.logged("event=reload_failed reason=.*ermission denied"), "a reload reads what that user can read")
    proxy.stop()
    shutil.rmtree(proxy.folder)
else:
    tap.ok(True, "with `user' it goes on as that # SKIP not root")
proxy = Proxy('user = "nobody-at-all";')
tap.ok(proxy.process.wait(5) == 1 and proxy.logged("sluiced: user: No such file"), "a user that does not exist is told")
shutil.rmtree(proxy.folder)

card = subprocess.Popen([f"{BUILD}/sim/sluice-sim", "--socket", f"{folder}/card"], stdout=subprocess.PIPE)
card.stdout.readline()
proxy = Proxy(f'engine = "sim:{folder}/card";')
names = [name[0] for name in threads(proxy.process, "Name")]
zero = [["0" * 16]] * len(names)
tap.ok(len(names) > count and [threads(proxy.process, key) for key in ("CapEff", "CapPrm", "CapAmb")] == [zero] * 3,
       "with a card its driver's threads, which started before, have none either", names, threads(proxy.process, "CapEff"))
proxy.end(tap)
card.terminate()
card.wait()

# ---- sockets that a service manager opened

inherited, server = listen(), udp()
spare = listen()
proxy = Proxy(start=False)
proxy.write("conf", f'''listeners = ( {{ address = "127.0.0.1:{inherited[1]}"; }} ); workers = 2; drain_seconds = 0;
udp = ( {{ address = "127.0.0.1:{server[1]}"; }} ); tls = {{ certificate = "cert.pem"; key = "key.pem"; }};
{LOOPBACK} access_log = "access";''')


def hand_over():
    copies = [fcntl.fcntl(one, fcntl.F_DUPFD, 20) for one in (inherited[0], server[0], spare[0])]
    for number, copy in enumerate(copies):
        os.dup2(copy, 3 + number)


proxy.start(before=hand_over, command=["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=3 exec "$@"', "sh"], pass_fds=(3, 4, 5))
tap.ok(proxy.ready and proxy.process.poll() is None, "sockets are taken over")
target, target_port = listen()
codes = []
for _ in range(8):
    client = Socks(inherited[1], tls=True)
    codes.append(client.code(CONNECT, "127.0.0.1", target_port))
    client.close()
    target.accept()[0].close()
tap.equal(codes, [0] * 8, "and served")
tap.ok(proxy.logged(rf"event=socket_unused address=127.0.0.1:{spare[1]} protocol=tcp"), "one that no address names is told")

# ---- access log


def access():
    with open(proxy.path("access"), encoding="utf-8") as file:
        return file.read()


tap.ok(within(3, lambda: re.search(rf"event=stream_open peer=127.0.0.1:\d+ user=- command=connect target=127.0.0.1:{target_port} "
                                   rf"address=127.0.0.1:{target_port}\n", access())), "the access log tells who reaches what")
tap.ok(within(3, lambda: re.search(r"event=stream_close .* seconds=\d+ bytes_up=0 bytes_down=0 error=\d+\n", access())),
       "and how much of it")
tap.ok("event=stream" not in proxy.log() and "event=ready" not in access(), "which the log does not repeat")
os.rename(proxy.path("access"), proxy.path("access.1"))
proxy.reload()
Socks(inherited[1], tls=True).code(CONNECT, "127.0.0.1", 1)
tap.ok(within(3, lambda: "event=request_refused" in access()), "a reload opens it again")
proxy.end(tap)
for one in (inherited[0], server[0], spare[0]):
    one.close()

analyze = shutil.which("systemd-analyze")
if analyze:
    units = ["host/systemd/sluiced.service", "host/systemd/sluiced.socket"]
    check = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    about = [line for line in check.stderr.splitlines() if "sluiced.s" in line and "not executable" not in line]
    tap.equal(about, [], "systemd finds nothing wrong with the unit files")
else:
    tap.ok(True, "systemd finds nothing wrong with the unit file # SKIP no systemd-analyze")
shutil.rmtree(folder)
tap.done()
