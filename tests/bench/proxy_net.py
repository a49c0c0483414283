# SPDX-License-Identifier: Apache-2.0
"""The network of the proxy's bench, in namespaces of its own, and the processes in it.

    client 10.77.1.1 ---- 10.77.1.2 server 10.77.2.1 ---- 10.77.2.10 and so on: target, an address for each contender
           10.77.N.2 .... 10.77.N.1, the tunnels of those that are one

One processor is the server's, another everything else's. What the kernel does to receive a packet at the other end of a link is
paid by whoever sends it. The links carry packets of 1600 bytes, so that no contender's are fragmented."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLIENT, SERVER = "10.77.1.1", "10.77.1.2"
MTU = 1600
HZ = os.sysconf("SC_CLK_TCK")
SYSCTLS = {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0}

folder = tempfile.mkdtemp(prefix="sluice-bench.")
processors = sorted(os.sched_getaffinity(0))
REST, OWN = processors[0], processors[-1]


def path(name):
    return os.path.join(folder, name)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def alone():
    """Starts this program again where nobody else sees its namespaces; they end with it."""
    if os.environ.get("SLUICE_BENCH_ALONE"):
        return
    if os.getuid():
        sys.exit("namespaces and tunnels need root")
    script = 'mount -t tmpfs none /run && exec "$@"'
    os.environ["SLUICE_BENCH_ALONE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "sh", "-c", script, "sh", sys.executable, *sys.argv])


def inside(host, *command):
    return ["ip", "netns", "exec", host, *command]


def link(left, left_address, right, right_address):
    run("ip", "link", "add", f"{left}-{right}", "mtu", str(MTU), "netns", left, "type", "veth",
        "peer", "name", f"{right}-{left}", "mtu", str(MTU), "netns", right)
    for host, name, address in ((left, f"{left}-{right}", left_address), (right, f"{right}-{left}", right_address)):
        run("ip", "-n", host, "address", "add", f"{address}/24", "dev", name)
        run("ip", "-n", host, "link", "set", name, "up")


def make():
    for host in ("client", "server", "target"):
        run("ip", "netns", "add", host)
        run("ip", "-n", host, "link", "set", "lo", "up")
        for name, value in SYSCTLS.items():
            run(*inside(host, "sysctl", "-q", "-w", f"{name}={value}"))
    link("client", CLIENT, "server", SERVER)
    link("server", "10.77.2.1", "target", "10.77.2.2")
    run("ip", "-n", "target", "route", "add", "10.77.0.0/16", "via", "10.77.2.1")


def target(number):
    """An address of the target's, for one contender."""
    address = f"10.77.2.{10 + number}"
    run("ip", "-n", "target", "address", "add", f"{address}/32", "dev", "target-server")
    return address


def route(address, device):
    """The client's way to there."""
    run("ip", "-n", "client", "route", "add", f"{address}/32", "dev", device)


def certificates():
    """One of the CA for the server and one for the client."""
    def openssl(*arguments):
        run("openssl", *arguments, cwd=folder)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench CA", "-keyout", "ca.key", "-out", "ca.pem")
    for name, address in (("server", SERVER), ("client", CLIENT)):
        with open(path("ext"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName=IP:{address}\n")
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "ext",
                "-out", f"{name}.pem")


class Process:
    """A program on a host, with a log; on the server's processor if it is the one measured. `talks`: by ask()."""
    running = []

    def __init__(self, host, *command, measured=False, talks=False):
        self.log = path(f"{len(os.listdir(folder))}-{os.path.basename(command[0])}.log")
        processor = OWN if measured else REST
        with open(self.log, "wb") as log:
            ends = (subprocess.PIPE, subprocess.PIPE) if talks else (subprocess.DEVNULL, log)
            self.child = subprocess.Popen(inside(host, "taskset", "-c", str(processor), *command), stdin=ends[0], stdout=ends[1],
                                          stderr=log, text=True)
        Process.running.append(self)

    @property
    def pid(self):
        return self.child.pid  # ip and taskset have become the command

    def said(self, text, seconds=20):
        """Waits for text in its log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                if text in log.read():
                    return self
            time.sleep(0.02)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"{self.child.args} never said '{text}':\n{log.read()[-2000:]}")

    def cpu(self):
        """Seconds of all its threads."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / HZ

    def ask(self, line):
        """What it answers, one line of JSON, to one on its stdin."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()
        Process.running.remove(self)


@atexit.register
def clean():
    for process in list(Process.running):
        process.end()
    if os.environ.get("KEEP"):
        print("kept", folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
