# SPDX-License-Identifier: Apache-2.0
"""Who is measured, each with the options that make it fast in this mode. All of them run at once, so that they can take turns; a
contender has a target of its own."""
import os
import subprocess

import proxy_net as net
from proxy_net import SERVER, Process, path, run

BUILD = os.environ.get("BUILD", "build")
TOOLS = f"{BUILD}/tests/e2e/tools"
LARGE = "4194304"  # socket buffers, where they can be set


class Contender:
    """`server` is the process whose time counts. `entry` is where the client's side takes datagrams for the target, `source`
    where they come from."""
    suite, tunnel = "", False

    def __init__(self, number):
        self.number = number
        self.target = net.target(number)
        self.outside = f"{self.target}:7000"
        self.here, self.there = f"10.77.{10 + number}.2", f"10.77.{10 + number}.1"  # of a tunnel
        self.host, self.port = "127.0.0.1", str(5000 + number)
        self.entry = self.outside if self.tunnel else f"{self.host}:{self.port}"
        self.source = f"{self.here if self.tunnel else self.host}:{6000 + number}"
        self.server = None
        self.begin()
        self.far = Process("target", f"{TOOLS}/udp-far", self.outside, talks=True)
        self.far.child.stdout.readline()
        self.near = Process("client", f"{TOOLS}/udp-near", self.source, self.entry, talks=True)

    def begin(self):
        raise NotImplementedError

    def serve(self, *command):
        self.server = Process("server", *command, measured=True)
        return self.server


class Sluice(Contender):
    name, suite = "sluice", "AES-128-CBC, HMAC-SHA256-128"

    def begin(self):
        with open(path("sluiced.conf"), "w", encoding="ascii") as file:
            file.write(f'''listeners = ( {{ address = "{SERVER}:1443"; }} ); udp = ( {{ address = "{SERVER}:1443"; }} );
tls = {{ certificate = "{path('server.pem')}"; key = "{path('server.key')}"; }};
rules = ( {{ action = "allow"; to = [ "{self.target}/32" ]; }} );
''')
        self.serve(os.path.abspath(f"{BUILD}/bin/sluiced"), "--config", path("sluiced.conf")).said("event=ready")
        Process("client", f"{BUILD}/bin/sluice", "client", "--proxy", f"{SERVER}:1443", "--ca-file", path("ca.pem"), "--suites",
                "aes128-sha256-128-etm", "--forward", f"udp:{self.entry}:{self.outside}").said("event=ready")


class Shadowsocks(Contender):
    name, suite = "shadowsocks-libev", "AES-128-GCM"

    def begin(self):
        common = ["-p", "8388", "-k", "bench", "-m", "aes-128-gcm", "-U"]
        self.serve("ss-server", "-s", SERVER, *common).said("listening")
        client = Process("client", "ss-tunnel", "-s", SERVER, *common, "-b", self.host, "-l", self.port, "-L", self.outside)
        client.said("listening")


class Socat(Contender):
    name, suite = "socat DTLS", "AES-128-GCM"

    def begin(self):
        common = ["socat", "-d", "-d", "-b", "2048"]
        files = f"cert={path('server.pem')},key={path('server.key')},verify=0,cipher=ECDHE-ECDSA-AES128-GCM-SHA256"
        self.serve(*common, f"OPENSSL-DTLS-SERVER:4433,bind={SERVER},rcvbuf={LARGE},{files}",
                   f"UDP:{self.outside},rcvbuf={LARGE}").said("listening")
        Process("client", *common, f"UDP-LISTEN:{self.port},bind={self.host},rcvbuf={LARGE}",
                f"OPENSSL-DTLS-CLIENT:{SERVER}:4433,verify=0,rcvbuf={LARGE}").said("listening")


class OpenVPN(Contender):
    name, suite, tunnel = "OpenVPN", "AES-128-CBC, HMAC-SHA256", True

    def begin(self):
        def command(end, own, other):
            return ["openvpn", "--dev", "tun0", "--proto", "udp4", f"--tls-{end}", "--ca", path("ca.pem"), "--cert",
                    path(f"{end}.pem"), "--key", path(f"{end}.key"), "--ifconfig", own, other, "--cipher", "AES-128-CBC",
                    "--data-ciphers", "AES-128-CBC", "--auth", "SHA256", "--disable-dco", "--fast-io", "--mssfix", "0",
                    "--sndbuf", LARGE, "--rcvbuf", LARGE, "--txqueuelen", "1000"]
        self.serve(*command("server", self.there, self.here), "--dh", "none", "--local", SERVER).said("UDPv4 link remote")
        client = Process("client", *command("client", self.here, self.there), "--remote", SERVER, "--nobind")
        client.said("Initialization Sequence Completed")
        net.route(self.target, "tun0")


class WireGuard(Contender):
    name, suite, tunnel = "wireguard-go", "ChaCha20-Poly1305", True

    def begin(self):
        os.makedirs("/run/wireguard", exist_ok=True)
        os.environ.update(LOG_LEVEL="verbose", WG_PROCESS_FOREGROUND="1")
        keys = {end: run("wg", "genkey").strip() for end in ("server", "client")}
        public = {end: subprocess.run(["wg", "pubkey"], input=key, check=True, capture_output=True, text=True).stdout.strip()
                  for end, key in keys.items()}
        self.serve("wireguard-go", "-f", "wgserver").said("UAPI listener started")
        self.configure("server", keys["server"], self.there, public["client"], "listen-port", "51820")
        Process("client", "wireguard-go", "-f", "wgclient").said("UAPI listener started")
        self.configure("client", keys["client"], self.here, public["server"], endpoint=f"{SERVER}:51820")
        net.route(self.target, "wgclient")

    def configure(self, end, key, address, other, *options, endpoint=None):
        with open(path(f"wg-{end}"), "w", encoding="ascii") as file:
            file.write(key)
        run("wg", "set", f"wg{end}", "private-key", path(f"wg-{end}"), *options, "peer", other, "allowed-ips", "0.0.0.0/0",
            *(["endpoint", endpoint] if endpoint else []))
        run("ip", "-n", end, "address", "add", f"{address}/24", "dev", f"wg{end}")
        run("ip", "-n", end, "link", "set", f"wg{end}", "mtu", "1500", "txqueuelen", "1000", "up")


ALL = (Sluice, OpenVPN, Shadowsocks, WireGuard, Socat)
