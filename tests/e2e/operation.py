#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a service manager sees: readiness, reload and end by notify datagrams, no new privileges, the unit file."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from kit import Proxy, Tap, within

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
with open(f"/proc/{proxy.process.pid}/status", encoding="ascii") as file:
    tap.ok("NoNewPrivs:\t1" in file.read(), "no program started from it could get new privileges")
proxy.process.send_signal(signal.SIGHUP)
first, second = told(), told()
tap.ok(first.startswith("RELOADING=1\nMONOTONIC_USEC=") and second == "READY=1", "a reload and its end are told", first, second)
proxy.process.send_signal(signal.SIGTERM)
tap.equal(told(), "STOPPING=1", "and that it stops")
proxy.end(tap)

proxy = Proxy(environment={"NOTIFY_SOCKET": "@sluice-notify-nobody"})
tap.ok(proxy.ready and proxy.process.poll() is None, "a service manager that is not there does not matter")
proxy.end(tap)

analyze = shutil.which("systemd-analyze")
if analyze:
    check = subprocess.run([analyze, "verify", "--man=no", "host/systemd/sluiced.service"], capture_output=True, text=True,
                           check=False)
    about = [line for line in check.stderr.splitlines() if "sluiced.service" in line and "not executable" not in line]
    tap.equal(about, [], "systemd finds nothing wrong with the unit file")
else:
    tap.ok(True, "systemd finds nothing wrong with the unit file # SKIP no systemd-analyze")
shutil.rmtree(folder)
tap.done()
