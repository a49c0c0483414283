#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What sluice says to a wrong command line or configuration: file, line, what was expected, status 2; and never a start.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 27

certificates
sluice=$BUILD/bin/sluice

says() { # name, pattern, options of the client
    local status text
    text=$(timeout 5 "$sluice" client "${@:3}" 2>&1)
    status=$?
    if ! grep -qE -- "$2" <<<"$text" || [ "$status" -ne 2 ]; then
        echo "# status $status: $text"
        status=0
    fi
    [ "$status" -eq 2 ]
    ok $? "$1"
}

file() { # name, pattern, the file's text
    printf '%s\n' "$3" >"$work/bad.conf"
    says "$1" "bad.conf:$2" --config "$work/bad.conf"
}

prints() { # pattern, arguments
    timeout 5 "$sluice" "${@:2}" | grep -q -- "$1"
}
check "--help of the tool" prints "usage: sluice COMMAND" --help
check "--version" prints "^sluice [0-9]" --version
check "--help of the client" prints --forward client --help
refuse "a command that there is not" "$sluice" clinet

base=(--proxy localhost:1 --ca-file "$work/ca.pem" --listen 127.0.0.1:0)
says "nothing at all" "proxy" --listen 127.0.0.1:0
says "no way in" "listen or forward" --proxy localhost:1
says "an unknown option" "option .--colour'" "${base[@]}" --colour red
says "an option without its value" "option .--user': expected a value" "${base[@]}" --user
says "something that is no option" "found .red'" "${base[@]}" red
says "a proxy without a port" "option .--proxy': expected HOST:PORT, found .localhost'" --proxy localhost
says "a proxy on port 0" "option .--proxy'" --proxy localhost:0
says "a number out of range" "from 1 to 100, found .0'" "${base[@]}" --max-associations 0
says "an unknown suite" "option .--suites': expected aes128" "${base[@]}" --suites rot13
says "a suite twice" "option .--suites'" "${base[@]}" --suites aes128-sha1-mte,aes128-sha1-mte
says "a forward without a destination" "option .--forward'" "${base[@]}" --forward udp:53
says "a forward of another protocol" "option .--forward'" "${base[@]}" --forward sctp:53:localhost:53
says "a user without a password" "user and password-file" "${base[@]}" --user alice
says "a password file that is not there" "nowhere: No such file" "${base[@]}" --user alice --password-file "$work/nowhere"
says "certificates that are not there" "trusted certificates" --proxy localhost:1 --listen 127.0.0.1:0 --ca-file "$work/nowhere"
says "a configuration that is not there" "nowhere" --config "$work/nowhere"
file "a syntax error" "2:" $'proxy = "localhost:1";\nlisten = = 3;'
file "an unknown option in the file" "2:.*colour" $'proxy = "localhost:1";\ncolour = "red";'
file "a wrong type" "1:.*proxy" 'proxy = 7;'
file "a wrong value" "1:.*listen.*numeric" 'listen = "localhost:1080";'
file "a wrong suite" "1:.*suites" 'suites = [ "rot13" ];'
file "a wrong forward" "1:.*protocol.*udp" 'forwards = ( { protocol = "sctp"; listen = "127.0.0.1:0"; to = "localhost:1"; } );'
file "an incomplete forward" "1:.*to" 'forwards = ( { protocol = "udp"; listen = "127.0.0.1:0"; } );'
