#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `make install` puts down: the library's symbols and name, a header for C and C++, pkg-config, manuals that are whole, and
# the examples, built against the installed tree alone and run on each engine that is there.
set -u
build=${BUILD:-build}
sim=$(realpath "${SLUICE_SIM:-$build/sim/sluice-sim}" 2>/dev/null)
tree=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$tree"' EXIT
at=$tree/root/opt/sluice # DESTDIR and PREFIX

count=0 failed=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
        echo "not ok $count - $2"
        sed 's/^/# /' "$tree/out" 2>/dev/null
        failed=1
    fi
}
skip() { # skip NAME WHY
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}
quiet() { # quiet COMMAND...: whatever it says goes to out
    "$@" >"$tree/out" 2>&1
}

parts=(install-lib install-host)
# The simulated card is not built for this: it takes minutes.
if [[ $(readlink "$build/sim/sluice-sim") =~ ^sluice-sim-([0-9]+)-([0-9]+)$ ]]; then
    kind=(LANES="${BASH_REMATCH[1]}" IO_QUEUES="${BASH_REMATCH[2]}")
    MAKEFLAGS='' make -q BUILD="$build" SAN="${SAN:-}" "${kind[@]}" "$build/sim/${BASH_REMATCH[0]}" 2>/dev/null &&
        parts+=("${kind[@]}" install-sim)
fi
MAKEFLAGS='' quiet make -j1 BUILD="$build" SAN="${SAN:-}" DESTDIR="$tree/root" PREFIX=/opt/sluice "${parts[@]}"
ok $? "make install: ${parts[*]}"

lib=$at/lib/libsluice.so.1
! nm -D --defined-only "$lib" | awk '$2 != "A" {print $3}' | grep -v '^sluice_' >"$tree/out"
ok $? "the shared library has symbols that begin with sluice_ alone"
nm -D --defined-only "$lib" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort >"$tree/has"
sed -e '/^ *\*/d' "$at/include/sluice.h" | grep -oE '^[a-z].*\bsluice_\w+\(' |
    grep -oE 'sluice_\w+\($' | tr -d '(' | sort >"$tree/wants"
quiet diff "$tree/wants" "$tree/has"
ok $? "namely those that the header declares"
readelf -d "$lib" >"$tree/out" && grep -q 'SONAME.*\[libsluice.so.1\]' "$tree/out" &&
    [ -L "$lib" ] && [ "$(readlink "$at/lib/libsluice.so")" = libsluice.so.1 ]
ok $? "its name is libsluice.so.1, and a link leads to it"
[ "$(readlink -f "$lib")" = "$(realpath "$at/lib/libsluice.so.1.0")" ]
ok $? "as one leads from there to the file"

flags=(-Wall -Wextra -pedantic -Werror -I"$at/include" -fsyntax-only)
for std in c99 c11 c17; do
    echo '#include <sluice.h>' | quiet gcc -std=$std "${flags[@]}" -xc -
    ok $? "the header is C ($std)"
done
for std in c++11 c++17 c++20; do
    echo '#include <sluice.h>' | quiet g++ -std=$std "${flags[@]}" -xc++ -
    ok $? "the header is C++ ($std)"
done

export PKG_CONFIG_PATH=$at/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tree/root
quiet pkg-config --exists --print-errors libsluice && pkg-config --cflags --libs libsluice >"$tree/out" &&
    grep -q -e "-I$at/include .*-L$at/lib -lsluice" "$tree/out"
ok $? "pkg-config knows it"
read -ra cflags <<<"$(pkg-config --cflags libsluice) ${SAN:+-fsanitize=$SAN}"
read -ra libs <<<"$(pkg-config --libs libsluice)"
read -ra all_libs <<<"$(pkg-config --static --libs libsluice | sed 's/-lsluice/-l:libsluice.a/')"

if [ -x "$sim" ]; then
    quiet mkfifo "$tree/ready"
    "$sim" --socket "$tree/card" --ready-fd 3 3>"$tree/ready" >/dev/null 2>&1 &
    pids+=($!)
    read -r _ <"$tree/ready"
fi
export LD_LIBRARY_PATH=$at/lib
for source in "$at"/share/doc/sluice/examples/*.c; do
    name=$(basename "$source" .c)
    quiet gcc -std=c11 -Wall -Wextra -pedantic -Werror "${cflags[@]}" "$source" "${libs[@]}" -o "$tree/$name" &&
        ldd "$tree/$name" | grep -q "$at/lib/libsluice.so.1"
    ok $? "example $name builds against what is installed"
    quiet timeout 60 "$tree/$name" soft:
    ok $? "$name soft:"
    if [ -x "$sim" ]; then
        quiet timeout 120 "$tree/$name" "sim:$tree/card"
        ok $? "$name sim:"
    else
        skip "$name sim:" "no sluice-sim"
    fi
done
quiet gcc -std=c11 "${cflags[@]}" "$at/share/doc/sluice/examples/seal_open.c" "${all_libs[@]}" -o "$tree/static" &&
    quiet "$tree/static" soft:
ok $? "an example with the static library, by pkg-config --static"
echo '#include <sluice.h>
int main() { sluice_card *card; int err = sluice_open("soft:", nullptr, &card);
    if (!err) sluice_close(card); return err ? 1 : 0; }' |
    quiet g++ -std=c++17 -Wall -Wextra -pedantic -Werror "${cflags[@]}" -xc++ - "${libs[@]}" -o "$tree/cxx" && quiet "$tree/cxx"
ok $? "a C++ program opens an engine"
[ "$(env -u LD_LIBRARY_PATH "$at/bin/sluice" --version)" = "sluice 0.1" ] &&
    [ "$("$at/sbin/sluiced" --version)" = "sluiced 0.1" ] &&
    pkg-config --modversion libsluice | grep -qx 0.1
ok $? "programs and library tell the same version"

while read -r function; do
    [ -s "$at/share/man/man3/$function.3" ] || echo "$function"
done <"$tree/wants" >"$tree/out"
[ ! -s "$tree/out" ]
ok $? "every function has a manual"
options_told() { # options_told MANUAL COMMAND...
    local manual=$at/share/man/$1 option
    shift
    env -u LD_LIBRARY_PATH "$@" 2>&1 | grep -oE '(^| )--[a-z][a-z-]+' | tr -d ' ' | sort -u | while read -r option; do
        sed 's/\\-/-/g' "$manual" | grep -qF -e "$option" || echo "$option"
    done >"$tree/out"
    [ ! -s "$tree/out" ]
}
options_told man1/sluice.1 "$at/bin/sluice" --help && options_told man1/sluice-client.1 "$at/bin/sluice" client --help &&
    options_told man1/sluice-card.1 "$at/bin/sluice" card --help &&
        options_told man1/sluice-stat.1 "$at/bin/sluice" stat --help &&
    options_told man8/sluiced.8 "$at/sbin/sluiced" --help
ok $? "every option of the programs is in their manuals"
if [ -x "$at/bin/sluice-sim" ]; then
    options_told man1/sluice-sim.1 "$at/bin/sluice-sim" --help
    ok $? "and of sluice-sim"
else
    skip "and of sluice-sim" "no sluice-sim"
fi
if command -v man >/dev/null; then
    : >"$tree/out"
    (cd "$at/share/man" && for page in man?/*; do LC_ALL=C.UTF-8 man --warnings -l "$page" >/dev/null 2>>"$tree/out"; done)
    [ ! -s "$tree/out" ]
    ok $? "manuals are set without a warning"
else
    skip "manuals are set without a warning" "no man"
fi
echo "1..$count"
exit $failed
