#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that people have, at sluiced's plain listener and through sluice client: git over HTTP and SSH, ssh, proxychains,
dante's socksify with socat, dig and ffmpeg over UDP, Chromium. Each asks for names that only the proxy can resolve, so that none
gets there by another way."""
import atexit
import getpass
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from kit import Client, Names, Proxy, Tap, browse, no_browser, udp, within

tap = Tap()
names = Names({name: (60, ["127.0.0.1"]) for name in ("web.test", "pictures.test", "shell.test", "far.test")})
proxy = Proxy(f'nameservers = [ "127.0.0.1:{names.port}" ];')
client = Client([proxy.tls], proxy)
folder = tempfile.mkdtemp(prefix="sluice-e2e.")
ways = (("at sluiced", proxy.plain), ("through sluice client", client.port))
background = []
made_here = os.getuid() == 0 and not os.path.exists("/run/sshd")  # sshd wants it of root
environment = {**os.environ, "HOME": folder, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
git_as = ("-c", "user.name=a", "-c", "user.email=a@a.test", "-c", "init.defaultBranch=main")


def path(name):
    return os.path.join(folder, name)


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)


def run(*command, data=b"", **more):
    return subprocess.run(command, input=data, capture_output=True, cwd=folder, timeout=60, check=False,
                          env={**environment, **more})


def start(*command, **more):
    background.append(subprocess.Popen(command, cwd=folder, env={**environment, **more}, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return background[-1]


def said(done):
    return f"status {done.returncode}: {done.stdout[-300:]} {done.stderr[-600:]}"


def reaches(port):
    def once():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    return within(10, once)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@atexit.register
def end_all():
    for process in background:
        process.terminate()
        process.wait(20)
    if made_here:
        os.rmdir("/run/sshd")
    if not os.environ.get("KEEP"):
        shutil.rmtree(folder)


# ---- servers


class Web(http.server.BaseHTTPRequestHandler):
    """Pages of `pages`, and below /git/ what git http-backend says."""
    protocol_version = "HTTP/1.1"
    pages = {}

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(body)

    def git(self, data=b""):
        about, _, query = self.path.partition("?")
        done = run("git", "http-backend", data=data, GIT_PROJECT_ROOT=folder, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=about[4:],
                   QUERY_STRING=query, REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   CONTENT_LENGTH=str(len(data)), HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.answer(int(fields.get("Status", "200")[:3]), fields.get("Content-Type", ""), body)

    def do_GET(self):
        name = self.path.partition("?")[0]
        if name.startswith("/git/"):
            self.git()
        elif name in self.pages:
            self.answer(200, *self.pages[name])
        else:
            self.answer(404, "text/plain", b"nothing here")

    def do_POST(self):
        self.git(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
threading.Thread(target=web.serve_forever, daemon=True).start()

# ---- git over HTTP

os.mkdir(path("tree"))
big = os.urandom(1000000)
with open(path("tree/big"), "wb") as stored:
    stored.write(big)
made = run("sh", "-c", 'cd tree && git "$@" init -q && git add big && git "$@" commit -qm one && git clone -q --bare . ../r.git',
           "git", *git_as)
tap.ok(made.returncode == 0, "a repository to clone", said(made))


def same(name):
    if not os.path.exists(path(name)):
        return False
    with open(path(name), "rb") as found:
        return found.read() == big


for way, port in ways:
    shutil.rmtree(path("clone"), ignore_errors=True)
    done = run("git", "-c", f"http.proxy=socks5h://127.0.0.1:{port}", "clone", "-q",
               f"http://web.test:{web.server_port}/git/r.git", "clone")
    tap.ok(done.returncode == 0 and same("clone/big"), f"git clones over HTTP {way}", said(done))

# ---- ssh, and git over it

shell_port = free_port()
for key in ("host", "own"):
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key))
write("sshd", f"""Port {shell_port}
ListenAddress 127.0.0.1
HostKey {path("host")}
AuthorizedKeysFile {path("own.pub")}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
""")
if made_here:
    os.mkdir("/run/sshd", 0o755)
start("/usr/sbin/sshd", "-D", "-f", path("sshd"))
tap.ok(reaches(shell_port), "sshd answers")
with open(path("host.pub"), encoding="ascii") as public:
    write("known", f"[shell.test]:{shell_port} {public.read()}")
for way, port in ways:
    write("ssh", f"""Host shell.test
Port {shell_port}
User {getpass.getuser()}
ProxyCommand nc -X 5 -x 127.0.0.1:{port} %h %p
IdentityFile {path("own")}
IdentitiesOnly yes
UserKnownHostsFile {path("known")}
StrictHostKeyChecking yes
BatchMode yes
""")
    done = run("ssh", "-F", path("ssh"), "shell.test", "cat; exit 7", data=big)
    tap.ok(done.returncode == 7 and done.stdout == big, f"ssh with nc as its ProxyCommand {way}: a megabyte there and back",
           f"{len(done.stdout)} bytes, status {done.returncode}, {done.stderr[-500:]}")
    shutil.rmtree(path("clone"), ignore_errors=True)
    over = {"GIT_SSH_COMMAND": f"ssh -F {path('ssh')}"}
    done = run("git", "clone", "-q", f"ssh://shell.test:{shell_port}{path('r.git')}", "clone", **over)
    tap.ok(done.returncode == 0 and same("clone/big"), f"git clones over it {way}", said(done))
    done = run("sh", "-c", 'cd clone && git "$@" commit -q --allow-empty -m two && git push -q origin HEAD && '
               'test "$(git rev-parse HEAD)" = "$(git -C ../r.git rev-parse HEAD)"', "git", *git_as, **over)
    tap.ok(done.returncode == 0, f"and pushes {way}", said(done))

# ---- proxychains

Web.pages["/big"] = ("application/octet-stream", big)
for way, port in ways:
    write("chains", f"strict_chain\nproxy_dns\nremote_dns_subnet 224\n[ProxyList]\nsocks5 127.0.0.1 {port}\n")
    done = run("proxychains4", "-q", "-f", path("chains"), "curl", "-sS", f"http://web.test:{web.server_port}/big",
               NO_PROXY="*")
    tap.ok(done.returncode == 0 and done.stdout == big, f"curl by proxychains {way}",
           f"{len(done.stdout)} bytes, {done.stderr[-500:]}")

# ---- UDP by dante's socksify


def serve(s, upper, answer):
    while True:
        data, peer = s.recvfrom(65536)
        upper.append(data)
        if answer:
            s.sendto(data.upper(), peer)


for way, port in ways:
    write("dante", f"""errorlog: stderr
resolveprotocol: fake
route {{ from: 0.0.0.0/0 to: . via: 127.0.0.1 port = {port}
    proxyprotocol: socks_v5
    command: connect udpassociate
    protocol: tcp udp
    method: none }}
""")
    socksify = {"SOCKS_CONF": path("dante")}
    echo, echo_port = udp()
    echo.settimeout(None)
    threading.Thread(target=serve, args=(echo, [], True), daemon=True).start()
    tap.ok(within(10, lambda: run("socksify", "socat", "-t0.5", "-", f"UDP4:far.test:{echo_port}", data=b"hello",
                                  **socksify).stdout == b"HELLO"), f"socksify socat {way}: a datagram there and back")
    adapter = free_port(socket.SOCK_DGRAM)
    start("socat", f"UDP4-RECVFROM:{adapter},bind=127.0.0.1,fork", f"EXEC:socksify socat -t2 - UDP4\\:far.test\\:{names.port}",
          **socksify)
    tap.ok(within(10, lambda: run("dig", "+short", "+tries=1", "+time=2", "@127.0.0.1", "-p", str(adapter),
                                  "pictures.test").stdout == b"127.0.0.1\n"), f"dig over SOCKS5's UDP {way}")
    sink, sink_port = udp()
    sink.settimeout(None)
    received = []
    threading.Thread(target=serve, args=(sink, received, False), daemon=True).start()
    done = run("socksify", "ffmpeg", "-nostdin", "-v", "error", "-y", "-re", "-f", "lavfi", "-i",
               "testsrc2=size=480x270:rate=25:duration=1", "-c:v", "mpeg2video", "-b:v", "350k", "-map", "0:v", "-f", "tee",
               f"[f=mpegts]{path('sent.ts')}|[f=mpegts]udp://far.test:{sink_port}?pkt_size=1316", **socksify)
    with open(path("sent.ts"), "rb") as stored:
        sent = stored.read()
    tap.ok(done.returncode == 0 and sent and within(3, lambda: b"".join(received) == sent),
           f"socksify ffmpeg {way}: its stream arrives as it was sent",
           f"{len(sent)} bytes sent, {sum(map(len, received))} received, {said(done)}")

# ---- Chromium

DOT = ('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"><rect width="3" height="3"/></svg>').encode()
Web.pages["/page"] = ("text/html", f"""<!doctype html><title>none</title><link rel=stylesheet href=/style><body>
<script src="http://pictures.test:{web.server_port}/script"></script>
{"".join(f'<img src="http://pictures.test:{web.server_port}/dot?{n}">' for n in range(30))}
<p id=p>waiting</p></body>""".encode())
Web.pages["/style"] = ("text/css", b"#p { width: 123px; display: block }")
Web.pages["/dot"] = ("image/svg+xml", DOT)
Web.pages["/script"] = ("text/javascript", b"""addEventListener("load", async () => {
    const size = (await (await fetch("/big")).arrayBuffer()).byteLength;
    const pictures = [...document.images].filter(i => i.complete && i.naturalWidth == 3).length;
    p.textContent = `${pictures} pictures, ${size} bytes, ${getComputedStyle(p).width} wide`;
});""")
for way, port in ways:
    before = proxy.count("streams")
    dom = browse(f"http://web.test:{web.server_port}/page", f"--proxy-server=socks5://127.0.0.1:{port}",
                 "--disable-background-networking")
    if dom:
        tap.ok("30 pictures, 1000000 bytes, 123px wide" in dom, f"Chromium {way}: a page with all that belongs to it", dom[-900:])
        tap.ok(proxy.count("streams") - before > 4, "by several streams at once")
    else:
        tap.ok(True, f"Chromium {way} # {no_browser()}")

client.end(tap)
proxy.end(tap)
tap.done()
