#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sluice card list, bind and unbind on made-up sysfs trees: what is told of a card, the advice for each thing that it may lack,
# and what is written, with a script in the kernel's place.
set -u
build=${BUILD:-build}
sluice=$(realpath "$build/bin/sluice") || exit 1
dir=$(mktemp -d)
pids=()
as=() # what a command is run by
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

count=0 failed=0
ok() { # ok STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else
        echo "not ok $count - $2"
        sed 's/^/# /' out err 2>/dev/null
        failed=1
    fi
}
bytes() { # bytes HEX...: as binary
    printf '%b' "$(printf '\\x%s' "$@")"
}
zeros() {
    head -c "$1" /dev/zero
}

# config SUBSYSTEM LINK_NOW: 4096 bytes as the card has them: MSI-X with 9 vectors at 0x50, PCI Express, x4 at 5 GT/s, at 0x60.
config() {
    bytes ee 10 1e 5c 06 00 10 00 01 00 00 10 00 00 00 00
    zeros 28
    bytes ee 10 "$1" 00
    zeros 4
    bytes 50
    zeros 27
    bytes 11 60 08 00 00 80 00 00 00 c0 00 00 00 00 00 00
    bytes 10 00 02 00 00 00 00 00 00 00 00 00 42 00 00 00
    bytes 00 00 "$2" 00
    zeros 3980
}
device() { # device ADDRESS VENDOR DEVICE
    local d=sys/bus/pci/devices/$1
    mkdir -p "$d" sys/bus/pci/drivers
    echo "$2" >"$d/vendor"
    echo "$3" >"$d/device"
    echo 0x100000 >"$d/class"
    echo 11 >"$d/irq"
    echo 1 >"$d/numa_node"
    printf '\n' >"$d/driver_override"
    {
        echo "0x00000000e0000000 0x00000000e000ffff 0x0000000000040200"
        for _ in 1 2 3 4 5 6; do echo "0x0000000000000000 0x0000000000000000 0x0000000000000000"; done
    } >"$d/resource"
}
driver() { # driver ADDRESS NAME
    mkdir -p "sys/bus/pci/drivers/$2"
    ln -sfn "../../../../bus/pci/drivers/$2" "sys/bus/pci/devices/$1/driver"
}
group() { # group ADDRESS NUMBER
    mkdir -p "sys/kernel/iommu_groups/$2/devices"
    ln -sfn "../../../../kernel/iommu_groups/$2" "sys/bus/pci/devices/$1/iommu_group"
    ln -sfn "../../../../bus/pci/devices/$1" "sys/kernel/iommu_groups/$2/devices/$1"
}
card() { # card ADDRESS GROUP: one that lacks nothing
    device "$1" 0x10ee 0x5c1e
    config 01 42 >"sys/bus/pci/devices/$1/config"
    driver "$1" vfio-pci
    group "$1" "$2"
    mkdir -p dev/vfio
    touch dev/vfio/vfio "dev/vfio/$2"
}
fresh() {
    rm -rf sys dev
    mkdir -p sys/bus/pci/devices sys/bus/pci/drivers dev
    touch sys/bus/pci/drivers_probe
}
pci() { # pci ARGUMENT...
    "${as[@]}" "$sluice" card --sysfs "$dir/sys" --dev "$dir/dev" "$@" >out 2>err
}
# Only one test is about the limit on locked memory, which the machine may set low.
jq_words='def others: .lacks | map(select(.what != "memlock")); def ready_but: .ready or (.lacks | any(.what == "memlock")); '
holds() { # holds FILTER: of the JSON in out
    jq -e "$jq_words$1" out >/dev/null
}
lacks() { # lacks WHAT WORDS: the only card lacks this alone, and the advice has these words, in both forms
    pci --json list && holds ".cards[1] | if \"$1\" == \"memlock\" then .lacks else others end | length == 1 and
        .[0].what == \"$1\" and (.[0].advice | contains(\"$2\"))" &&
        pci list && grep -F "lacks $1" out | grep -qF -- "$2"
}

fresh
pci --json list && holds '.cards | map(.uri) == ["soft:"]'
ok $? "no card, none listed"
rm -rf sys
pci --json list && holds '.cards | map(.uri) == ["soft:"]'
ok $? "a machine without PCI has none either"

fresh
card 0000:03:00.0 12
pci --json list && holds '.cards[1] | .uri == "pci:0000:03:00.0" and .address == "0000:03:00.0" and .vendor == "10ee" and
    .device == "5c1e"
    and .subsystem_vendor == "10ee" and .subsystem == "0001" and .bar_bytes == [65536, 0, 0, 0, 0, 0] and .msix_vectors == 9
    and .link == {mt_s: 5000, width: 4, most_mt_s: 5000, most_width: 4} and .iommu_group == 12 and .numa_node == 1
    and .driver == "vfio-pci" and ready_but and others == []'
ok $? "everything that is told of a card that lacks nothing, as JSON"
pci list && grep -q '^pci:0000:03:00.0  *card, ' out && grep -q '^  *ids  *10ee:5c1e, subsystem 10ee:0001$' out &&
    grep -q 'bar0  *65536 bytes' out && grep -q 'msix_vectors  *9$' out && grep -q 'link  *5.0 GT/s x4 of 5.0 GT/s x4$' out &&
    grep -q 'iommu_group  *12$' out && grep -q 'numa_node  *1$' out && grep -q 'driver  *vfio-pci$' out &&
        ! grep 'lacks' out | grep -qv memlock
ok $? "the same as text"

card 0000:81:00.0 7
card 0002:01:00.0 8
card 10000:01:00.0 9
device 0000:04:00.0 0x10ee 0x7021
config 01 42 >sys/bus/pci/devices/0000:04:00.0/config
device 0000:05:00.0 0x10ee 0x5c1e
config 02 42 >sys/bus/pci/devices/0000:05:00.0/config
pci --json list && holds '.cards[1:] | map(.address) == ["0000:03:00.0", "0000:81:00.0", "0002:01:00.0", "10000:01:00.0"]'
ok $? "cards of every segment in order, and nothing with other ids or another subsystem"

fresh
card 0000:03:00.0 12
bytes ff ff ff ff >sys/bus/pci/devices/0000:03:00.0/config
head -c 4092 /dev/zero | tr '\0' '\377' >>sys/bus/pci/devices/0000:03:00.0/config
lacks answer "does not answer" && pci --json list && holds '.cards[1] | ready_but | not'
ok $? "a card that is no more"

card 0000:03:00.0 12
config 01 42 | head -c 64 >sys/bus/pci/devices/0000:03:00.0/config
lacks config "list cards as root" && pci --json list && holds '.cards[1] | ready_but and .msix_vectors == 0 and .link.width == 0'
ok $? "64 bytes of config space: a matter of permission"

card 0000:03:00.0 12
sed -i '1s/.*/0x0000000000000000 0x0000000000000000 0x0000000000000000/' sys/bus/pci/devices/0000:03:00.0/resource
lacks bar "pci=realloc"
ok $? "a BAR without an address"
sed -i '1s/.*/0x00000000e0000000 0x00000000e0000fff 0x0000000000040200/' sys/bus/pci/devices/0000:03:00.0/resource
lacks bar "4096 bytes of 65536"
ok $? "a BAR that is too small"

card 0000:03:00.0 12
rm sys/bus/pci/devices/0000:03:00.0/iommu_group
lacks iommu "intel_iommu=on"
ok $? "no IOMMU"

card 0000:03:00.0 12
driver 0000:03:00.0 xdma
lacks driver "Bound to xdma, not to vfio-pci: as root, \`sluice card bind 0000:03:00.0\`"
ok $? "another driver"
rm sys/bus/pci/devices/0000:03:00.0/driver
lacks driver "Bound to no driver: as root, \`sluice card bind 0000:03:00.0\`"
ok $? "no driver"
rm -r sys/bus/pci/drivers/vfio-pci
lacks driver 'modprobe vfio-pci'
ok $? "no vfio-pci in the kernel"

card 0000:03:00.0 12
device 0000:03:00.1 0x8086 0x1533
device 0000:03:00.2 0x8086 0x1534
device 0000:02:00.0 0x8086 0x1535
for f in 0000:03:00.1 0000:03:00.2 0000:02:00.0; do group $f 12; done
driver 0000:02:00.0 pcieport
pci --json list && holds '.cards[1] | ready_but'
ok $? "a bridge and functions without drivers leave the group viable"
driver 0000:03:00.1 igb
lacks group "IOMMU group 12 is not viable: it also holds 0000:03:00.1, bound to igb."
ok $? "a function of the group with a driver"
driver 0000:03:00.2 igb
lacks group "bound to igb, and more"
ok $? "several of them"

fresh
card 0000:03:00.0 12
rm dev/vfio/12
lacks access "dev/vfio/12 is not there: as root, \`modprobe vfio_iommu_type1\`"
ok $? "no device node for the group"
mkdir -p sys/bus/pci/devices/0000:03:00.0/vfio-dev/vfio3 dev/vfio/devices
touch dev/iommu dev/vfio/devices/vfio3
pci --json list && holds '.cards[1] | ready_but'
ok $? "nor is one needed where the kernel has iommufd and a device node for the card"

card 0000:03:00.0 12
rm dev/iommu
touch dev/vfio/12
chmod 0 dev/vfio/12
# root passes every permission: without the capability that lets it, and with nothing locked
weak=()
[ "$(id -u)" -eq 0 ] && weak=(setpriv --bounding-set=-all --inh-caps=-all)
if [ ${#weak[@]} -eq 0 ] || "${weak[@]}" true 2>/dev/null; then
    as=("${weak[@]}")
    lacks access "No permission to read and write $dir/dev/vfio/12"
    ok $? "a device node that must not be opened"
    chmod 600 dev/vfio/12
    ulimit -S -l 1024
    lacks memlock "1024 KiB may be locked, and DMA memory takes 65536 KiB"
    ok $? "too little memory may be locked"
    as=()
else
    for what in "a device node that must not be opened" "too little memory may be locked"; do
        count=$((count + 1))
        echo "ok $count - $what # SKIP capabilities cannot be dropped here"
    done
fi
chmod 600 dev/vfio/12
ulimit -S -l "$(ulimit -H -l)"

card 0000:03:00.0 12
config 01 11 >sys/bus/pci/devices/0000:03:00.0/config
lacks link "trained at 2.5 GT/s x1, the card can do 5.0 GT/s x4" && pci --json list && holds '.cards[1] | ready_but'
ok $? "a link below what the card can do is told, and no hindrance"

fresh
card 0000:03:00.0 12
config 01 11 >sys/bus/pci/devices/0000:03:00.0/config
rm sys/bus/pci/devices/0000:03:00.0/driver
device 0000:03:00.1 0x8086 0x1533
group 0000:03:00.1 12
driver 0000:03:00.1 igb
pci --json list && holds '.cards[1] | (others | map(.what)) == ["driver", "group", "link"] and (ready_but | not)'
ok $? "several lacks at once, in order"

# The kernel's part: whoever is written to drivers_probe gets the driver of its override, or none.
kernel() {
    local address want
    while read -r address <sys/bus/pci/drivers_probe || [ -n "$address" ]; do
        want=$(cat "sys/bus/pci/devices/$address/driver_override")
        rm -f "sys/bus/pci/devices/$address/driver"
        [ -n "$want" ] && [ ! -e reluctant ] && driver "$address" "$want"
        echo "probe $address ${want:-none}" >>kernel.log
    done
}
fresh
card 0000:03:00.0 12
rm sys/bus/pci/drivers_probe
mkfifo sys/bus/pci/drivers_probe
: >kernel.log
kernel &
pids+=($!)
pci bind 0000:03:00.0 && [ ! -s kernel.log ] && grep -q '^done  *bind$' out
ok $? "bind does nothing to a card that vfio-pci has"
driver 0000:03:00.0 xdma
: >sys/bus/pci/drivers/xdma/unbind
pci --json bind pci:0000:03:00.0 && holds '.done == "bind" and .address == "0000:03:00.0"' &&
    [ "$(cat sys/bus/pci/drivers/xdma/unbind)" = 0000:03:00.0 ] && [ "$(cat kernel.log)" = "probe 0000:03:00.0 vfio-pci" ] &&
    [ "$(cat sys/bus/pci/devices/0000:03:00.0/driver_override)" = vfio-pci ] && pci --json list && holds '.cards[1] | ready_but'
ok $? "bind: override, away from the old driver, probe"
: >sys/bus/pci/drivers/vfio-pci/unbind
: >kernel.log
pci unbind 0000:03:00.0 && [ "$(cat sys/bus/pci/drivers/vfio-pci/unbind)" = 0000:03:00.0 ] &&
    for _ in $(seq 50); do [ -s kernel.log ] && break; sleep 0.1; done &&
    [ "$(cat kernel.log)" = "probe 0000:03:00.0 none" ] && pci --json list && holds '.cards[1].driver == null'
ok $? "unbind: no override, away from vfio-pci, probe"
pci bind 0000:03:00.0 && pci --json list && holds '.cards[1].driver == "vfio-pci"'
ok $? "bind of a card without a driver"

rm sys/bus/pci/devices/0000:03:00.0/driver
touch reluctant
pci bind 0000:03:00.0
[ $? -eq 3 ] && grep -q 'vfio-pci did not take it' err && [ -z "$(cat sys/bus/pci/devices/0000:03:00.0/driver_override)" ]
ok $? "a bind that fails leaves no override"
rm reluctant
pci bind 0000:04:00.0
[ $? -eq 3 ] && grep -q 'there is no card at this address' err
ok $? "no card, no bind"
device 0000:04:00.0 0x8086 0x1533
driver 0000:04:00.0 ahci
config 01 42 >sys/bus/pci/devices/0000:04:00.0/config
pci bind 0000:04:00.0
[ $? -eq 3 ] && grep -q 'there is no card at this address' err && [ -z "$(cat sys/bus/pci/devices/0000:04:00.0/driver_override)" ]
ok $? "nor is anything else ever bound"
pci unbind ../../0000:03:00.0
[ $? -eq 3 ] && grep -q 'there is no card at this address' err
ok $? "an address is no path"
rm -r sys/bus/pci/drivers/vfio-pci
pci bind 0000:03:00.0
[ $? -eq 3 ] && grep -q 'modprobe vfio-pci' err
ok $? "bind without vfio-pci in the kernel says what to do"
pci bind
[ $? -eq 2 ] && grep -q 'one PCI address' err
ok $? "bind wants an address"
echo "1..$count"
exit $failed
