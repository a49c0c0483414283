#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules from outside: CONNECT and each UDP destination, by address and by name; what is private is closed."""
from kit import UDP, Names, Proxy, Socks, Tap, address, code, hashed, listen, receive, udp

tap = Tap()
names = Names({
    "inside.test": (60, ["127.0.0.1"]),
    "mixed.test": (60, ["10.255.255.1", "127.0.0.1"]),
    "shut.test": (60, ["127.0.0.1"]),
})
SERVERS = f'nameservers = [ "127.0.0.1:{names.port}" ];'
target, port = listen()
other, other_port = listen()


def datagram(client_udp, relay, host, to, payload=b"x"):
    client_udp.sendto(b"\0\0\0" + address(host, to) + payload, relay)


def associate(proxy):
    client = Socks(proxy.plain)
    return client, ("127.0.0.1", client.ask(UDP, "0.0.0.0", 0)[1])


# ---- without rules

proxy = Proxy(SERVERS, rules="")
tap.equal(code(proxy, "127.0.0.1", port), 2, "without rules CONNECT to loopback is `not allowed'")
tap.equal(code(proxy, "inside.test", port), 2, "so is one to a name that resolves to it")
tap.equal(code(proxy, "::ffff:127.0.0.1", port), 2, "and to an IPv4-mapped address")
tap.equal(code(proxy, "192.168.255.254", port), 2, "and to a private network")
tap.equal(proxy.count("requests_private"), 3, "each is counted as private")
tap.ok(proxy.logged(r"event=target_refused .*target=127.0.0.1:\d+ asked=inside.test:\d+ reason=private rule=0"),
       "and logged with a reason")
echo, echo_port = udp()
client, relay = associate(proxy)
here, _ = udp()
datagram(here, relay, "127.0.0.1", echo_port)
datagram(here, relay, "inside.test", echo_port)
tap.equal(receive(echo, 0.5)[0], None, "no datagram goes there, by address or name")
tap.equal(proxy.count("refused.private"), 2, "which is counted")
client.close()
proxy.end(tap)

# ---- with rules

RULES = f'''rules = ( {{ action = "deny"; ports = [ "{other_port}" ]; protocols = [ "connect" ]; }},
  {{ action = "deny"; to = [ "*.shut.test", "shut.test" ]; }},
  {{ action = "allow"; users = [ "anna" ]; to = [ "127.0.0.9" ]; }},
  {{ action = "allow"; groups = [ "staff" ]; to = [ "127.0.0.8" ]; }},
  {{ action = "deny"; to = [ "127.0.0.8/31" ]; }},
  {{ action = "deny"; from = [ "127.0.0.77" ]; }},
  {{ action = "allow"; to = [ "127.0.0.0/8" ]; }} );'''
proxy = Proxy(SERVERS, rules=RULES)
tap.equal(code(proxy, "127.0.0.1", port), 0, "a network that a rule opens is reached")
tap.equal(code(proxy, "127.0.0.1", other_port), 2, "not on a port that one before it denies")
tap.equal(code(proxy, "127.0.0.1", port, source="127.0.0.77"), 2, "nor from a source that one denies")
tap.equal(code(proxy, "shut.test", port), 2, "nor by a name that one denies")
tap.equal(code(proxy, "inside.test", port), 0, "by another name it is")
tap.equal(code(proxy, "mixed.test", port), 0, "of several addresses the one that is allowed is taken")
tap.equal(proxy.count("requests_rule"), 3, "refusals by rules are counted")
tap.ok(proxy.logged(f"target=127.0.0.1:{other_port} .*reason=rule rule=1"), "and logged with the rule's number")
client, relay = associate(proxy)
datagram(here, relay, "127.0.0.1", echo_port, b"one")
tap.equal(receive(echo)[0], b"one", "a datagram reaches what is allowed")
other_echo, other_echo_port = udp("127.0.0.8")
datagram(here, relay, "127.0.0.8", other_echo_port)
datagram(here, relay, "shut.test", echo_port)
tap.equal((receive(other_echo, 0.3)[0], receive(echo, 0.3)[0]), (None, None), "but not what is denied, on the same association")
tap.equal(proxy.count("refused.rule"), 2, "each datagram refused is counted")
datagram(here, relay, "inside.test", echo_port, b"two")
datagram(here, relay, "mixed.test", echo_port, b"three")
tap.equal((receive(echo)[0], receive(echo)[0]), (b"two", b"three"), "and those that are allowed go on")
tap.ok(proxy.logged(rf"event=association_target .*target=127.0.0.1:{echo_port} name=inside.test"),
       "targets of an association are logged")
client.close()
proxy.end(tap)

# ---- users and groups

HASH = hashed("secret")
proxy = Proxy('users_file = "users";', rules=RULES, files={"users": f"anna:{HASH}:other\notto:{HASH}:staff,ops\n"})
reached = {user: [code(proxy, host, listen(host)[1], user=user, password="secret") for host in ("127.0.0.9", "127.0.0.8")]
           for user in ("anna", "otto")}
tap.equal(reached, {"anna": [0, 2], "otto": [2, 0]}, "a rule for a user is for that one, one for a group for its members")
proxy.end(tap)
tap.done()
