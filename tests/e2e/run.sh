#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/run, which is behind `make run`, in a short form: what it says when all arrives, and when something does not.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin 19

run=$(dirname "$0")/../../scripts/run
demonstrate() { # engine, environment...
    local engine=$1
    shift
    env BUILD="$BUILD" SEED="$SEED" RUN_SECONDS=2 ENGINE="$engine" "$@" "$run" >"$work/said" 2>&1
}
said() {
    grep -E -- "$1" "$work/said" || { cat "$work/said" && return 1; }
}
table() { # row: its two numbers
    sed -n "s/^  $1  *\\([0-9-]*\\)  *\\([0-9-]*\\)\$/\\1 \\2/p" "$work/said"
}

# ---- with the simulated card

check "through the simulated card: status 0" demonstrate sim
check "it says so" said '^all of it arrived$'
for step in dns stream socks curl client proxy card complete; do
    check "step $step" said "^  ok +$step "
done
is "nothing is lost between client and proxy" "$(table 'lost between the two')" "0 0"
check "the card was at work" said "^  card: [0-9]+ cycles, [1-9][0-9]* at work"
check "its lanes are listed" said "^  lane 0: [1-9][0-9]* records"

# ---- with software, and a dig that gets no answers

mkdir "$work/bin"
printf '#!/bin/sh\nexit 9\n' >"$work/bin/dig"
chmod +x "$work/bin/dig"
refuse "without answers of the name server: a status that is not 0" demonstrate soft PATH="$work/bin:$PATH"
check "the step that failed is named" said "^  FAILED +dns "
check "it alone" said '^1 failed$'
check "the others went well" said "^  ok +stream "
check "without a card" said "^  card: none"
refuse "an engine that there is not is refused" demonstrate hard
