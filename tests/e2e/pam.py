#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passwords by PAM, with its own modules: authentication and account, users of the file beside it, modules that start programs,
take long, crash or change the name, and no worker that waits for them."""
import os
import socket
import time

from kit import CONNECT, LOOPBACK, Proxy, Refused, Socks, Tap, hashed, listen, within

tap = Tap()
server, port = listen()
SCRIPT = '''#!/bin/sh
# pam_exec gives the password on stdin, and who and what in the environment.
echo "$PAM_TYPE $PAM_USER $PAM_RHOST $(id -u)" >>"$(dirname "$0")/asked"
if [ "$PAM_TYPE" = account ]; then
    [ "$PAM_USER" != expired ]
    exit
fi
read -r word
case $PAM_USER in
slow) sleep 3 ;;
killed) kill -KILL "$PPID" ;;
esac
[ "$word" = "pam-$PAM_USER" ]
'''
RULES = '''rules = ( { action = "allow"; groups = [ "staff" ]; to = [ "127.0.0.0/8" ]; },
          { action = "deny"; } );'''
USERS = f"bert:{hashed('of-file')}:staff\nanna:-:staff\nslow:-:staff\nexpired:-:staff\nkilled:-:staff\n"
proxy = Proxy('pam_service = "test"; pam_directory = "pam.d"; users_file = "users"; password_threads = 4;', RULES,
              files={"users": USERS, "script": SCRIPT}, start=False)
os.chmod(proxy.path("script"), 0o755)
os.mkdir(proxy.path("pam.d"))
proxy.write("pam.d/test", f"auth required pam_exec.so expose_authtok quiet {proxy.path('script')}\n"
            f"account required pam_exec.so quiet {proxy.path('script')}\n")
proxy.start()


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def login(user, password, target=True):
    """0, what the request was answered with, or 254 for a wrong password."""
    try:
        client = Socks(proxy.plain, user=user, password=password)
    except Refused as refused:
        return refused.code
    except EOFError:
        return None
    code = client.code(CONNECT, "127.0.0.1", port) if target else 0
    client.close()
    return code


def asked():
    return read(proxy.path("asked")).splitlines()


WRONG = 0xfe
tap.equal(login("anna", "pam-anna"), 0, "who PAM knows comes in, with the groups of the users file")
uid = os.geteuid()
tap.equal(asked(), [f"auth anna 127.0.0.1 {uid}", f"account anna 127.0.0.1 {uid}"],
          "PAM is told the user and the host, and asked for both")
tap.equal(login("anna", "of-file"), WRONG, "a wrong password is refused")
tap.equal(login("carl", "pam-carl"), 2, "who is in no users file comes in, too, without groups")
before = len(asked())
tap.equal((login("bert", "of-file"), login("bert", "pam-bert"), len(asked())), (0, WRONG, before),
          "who has a hash in the file is not PAM's")
tap.equal(login("expired", "pam-expired"), WRONG, "an account that is not in order is refused, though the password is right")
tap.ok(f"account expired 127.0.0.1 {uid}" in asked(), "as the account's modules say")
tap.equal(login("killed", "pam-killed"), WRONG, "a module that crashes refuses")
began = time.monotonic()
slow = Socks.__new__(Socks)
slow.s = socket.create_connection(("127.0.0.1", proxy.plain), 10)
slow.s.sendall(b"\5\1\2")
slow.take(2)
slow.s.sendall(b"\1\4slow\x08pam-slow")
tap.ok(within(3, lambda: any("slow" in line for line in asked())), "one that takes long is under way")
tap.equal(login("anna", "pam-anna"), 0, "meanwhile others come in")
tap.ok(time.monotonic() - began < 2.9, "and nobody waits for it", time.monotonic() - began)
tap.equal(slow.take(2)[1], 0, "it ends, too")
slow.close()
tap.equal(proxy.count("auth_pam"), 7, "the status counts who PAM was asked about")
tap.ok("pam-" not in proxy.log(), "no password is in the log")

# ---- the process that asks

keepers = read(f"/proc/{proxy.process.pid}/task/{proxy.process.pid}/children").split()
tap.equal([read(f"/proc/{pid}/comm") for pid in keepers], ["sluiced-pam\n"], "one process asks")
files = os.listdir(f"/proc/{keepers[0]}/fd")
tap.ok(set(files) <= {"0", "1", "2", "3"}, "which has none of the proxy's files and sockets", files)
os.kill(int(keepers[0]), 9)
tap.equal(login("bert", "of-file"), 0, "without it those of the file come in")
tap.equal(login("anna", "pam-anna"), WRONG, "but nobody of PAM's does")
proxy.end(tap)

# ---- other services

for name, service, expected in (("pam_permit", "auth required pam_permit.so\naccount required pam_permit.so\n", 0),
                                ("pam_deny", "auth required pam_deny.so\naccount required pam_deny.so\n", WRONG),
                                ("an account module that denies",
                                 "auth required pam_permit.so\naccount required pam_deny.so\n", WRONG),
                                ("a module that is not there",
                                 "auth required pam_nowhere.so\naccount required pam_permit.so\n", WRONG),
                                ("no such service", None, WRONG)):
    proxy = Proxy('pam_service = "test"; pam_directory = "pam.d";', LOOPBACK, start=False)
    os.mkdir(proxy.path("pam.d"))
    if service:
        proxy.write("pam.d/test", service)
    proxy.start()
    try:
        Socks(proxy.plain)
        none = "served"
    except Refused as refused:
        none = refused.code
    tap.equal((login("anna", "x"), none), (expected, 0xff), f"{name}; without a password nobody comes in")
    proxy.end(tap)
tap.done()
