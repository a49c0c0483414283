#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sluiced and programs that know nothing of it: curl on a plain listener, openssl s_client as a SOCKS client inside TLS.
set -u
build=${BUILD:-build}
sluiced=$(realpath "$build/bin/sluiced") || exit 1
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

count=0 failed=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
        echo "not ok $count - $2"
        failed=1
    fi
}
await() { # await PATTERN FILE
    for _ in $(seq 100); do
        grep -q "$1" "$2" 2>/dev/null && return
        sleep 0.05
    done
    return 1
}
port_of() { # port_of PROTOCOL
    sed -n "s/.*address=127.0.0.1:\([0-9]*\) protocol=$1.*/\1/p" log | head -n 1
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.log
echo "anna:$(openssl passwd -6 'right horse')" >users
cat >conf <<END
listeners = ( { address = "127.0.0.1:0"; }, { address = "127.0.0.1:0"; tls = false; } );
udp = ( { address = "127.0.0.1:0"; } );
tls = { certificate = "cert.pem"; key = "key.pem"; };
users_file = "users"; stats_file = "stats.json";
rules = ( { action = "allow"; to = [ "127.0.0.0/8" ]; } );
END
"$sluiced" --config conf --check
ok $? "--check takes a good configuration"
sed 's/users_file/user_file/' conf >wrong
"$sluiced" --config wrong --check 2>wrong.log
[ $? -eq 2 ] && grep -q '^sluiced: wrong:4: option `user_file.: unknown option; expected one of' wrong.log
ok $? "and refuses a wrong one with file, line and what was expected"
"$sluiced" --config conf 2>log &
proxy=$!
pids+=("$proxy")
await event=ready log
ok $? "sluiced starts"
plain=$(port_of plain) tls=$(port_of tls)

head -c 3000000 /dev/urandom >page
python3 - >web.log 2>&1 <<'END' &
import http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        with open("sent", "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
END
pids+=($!)
await '^port' web.log
web=$(sed -n 's/^port //p' web.log)

curl -s --max-time 20 --proxy-user 'anna:right horse' --socks5-hostname "127.0.0.1:$plain" "http://localhost:$web/page" |
    cmp -s - page
ok $? "curl --socks5-hostname fetches 3 MB through the plain listener, by name"
curl -s --max-time 20 --proxy-user 'anna:right horse' --socks5 "127.0.0.1:$plain" -T page "http://127.0.0.1:$web/" &&
    cmp -s sent page
ok $? "curl sends 3 MB"
curl -s --max-time 20 --proxy-user 'anna:wrong horse' --socks5 "127.0.0.1:$plain" "http://127.0.0.1:$web/page" >/dev/null
[ $? -eq 97 ]
ok $? "curl with a wrong password is refused by the SOCKS handshake"
curl -s --max-time 20 --proxy-user 'anna:right horse' --socks5 "127.0.0.1:$plain" "http://127.0.0.1:1/" >/dev/null
[ $? -eq 97 ]
ok $? "a port where nobody listens is answered with a SOCKS error"

# A SOCKS conversation by hand: greeting, user and password, CONNECT, HTTP request.
talk() { # talk OPENSSL-OPTION...
    {
        printf '\005\001\002'
        sleep 0.2
        printf '\001\004anna\013right horse'
        sleep 0.5
        printf '\005\001\000\001\177\000\000\001'
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((web / 256)))\\x$(printf %02x $((web % 256)))"
        sleep 0.2
        printf 'GET /conf HTTP/1.0\r\n\r\n'
        sleep 1
    } | openssl s_client -quiet -connect "127.0.0.1:$tls" -CAfile cert.pem -verify_return_error "$@" 2>s_client.log
}
for version in tls1_2 tls1_3; do
    talk -$version | grep -qa users_file
    ok $? "openssl s_client -$version is an ordinary SOCKS client inside TLS"
done
talk -alpn sluice/1 | grep -qa users_file
ok $? "with ALPN sluice/1 it is served as well"
talk -alpn h2 >/dev/null
grep -q 'no application protocol' s_client.log
ok $? "with another ALPN the handshake fails"
talk -tls1_1 -cipher 'ALL:@SECLEVEL=0' >/dev/null
grep -qiE 'alert|unsupported protocol|no protocols' s_client.log
ok $? "TLS 1.1 is refused"
echo R | timeout 5 openssl s_client -connect "127.0.0.1:$tls" -tls1_2 >renegotiate.log 2>&1
grep -qi 'no renegotiation' renegotiate.log
ok $? "renegotiation is refused"
echo | timeout 5 openssl s_client -connect "127.0.0.1:$tls" -tls1_2 >info.log 2>&1
grep -q 'Extended master secret: yes' info.log && ! grep -q 'TLS session ticket:' info.log
ok $? "TLS 1.2 has the extended master secret and gives out no ticket"

kill -USR1 "$proxy"
await 'event=status json={"program":"sluiced"' log
ok $? "SIGUSR1 writes the status to the log"
kill "$proxy"
wait "$proxy"
ok $? "SIGTERM ends it with status 0"
python3 -c 'import json; s = json.load(open("stats.json")); assert s["total"]["streams"] >= 5 and s["total"]["auth_failed"] == 1'
ok $? "and the stats file holds what was done"
! grep -q 'horse' log
ok $? "no password is in the log"
echo "1..$count"
exit $failed
