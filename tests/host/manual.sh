#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every key of sluiced's configuration is in sluiced.conf(5) and in the example.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

# As tables of struct config_option and their macros name them.
mapfile -t keys < <(cat host/sluiced/options.c host/sluiced/{rules,limits}.c |
    sed -nE 's/.*\.name = "([a-z_]+)".*/\1/p; s/^ *(SECONDS|STRINGS|COUNT)\(([a-z_]+),.*/\2/p' | sort -u)
n=0 status=0
echo "1..3"
ok() { # status, name
    n=$((n + 1))
    [ "$1" -eq 0 ] || status=1
    echo "$([ "$1" -eq 0 ] || echo "not ")ok $n - $2"
}
missing() { # file, pattern with KEY
    local key found=0
    for key in "${keys[@]}"; do
        grep -qE -- "${2//KEY/$key}" "$1" || { echo "# $1 lacks $key" && found=1; }
    done
    return $found
}
[ ${#keys[@]} -ge 51 ]
ok $? "the tables have ${#keys[@]} keys"
missing host/sluiced/sluiced.conf.5 '^\.BR? .*\bKEY\b'
ok $? "each is in sluiced.conf(5)"
missing host/sluiced.conf.example '\bKEY = '
ok $? "and in the example"
exit $status
