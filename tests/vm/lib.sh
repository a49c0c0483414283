# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# The virtual machine of `make vm-test`, sourced by run: what the cache folder (scripts/vm-cache) gives, the initial RAM disk, QEMU.
# Nothing here needs root.

root=${SLUICE_CACHE:-$HOME/.cache/sluice}/vm/root
kernel=$(echo "$root"/boot/vmlinuz-*)
modules=$root/usr/lib/modules/${kernel##*/vmlinuz-}/kernel
busybox=$root/usr/bin/busybox

# QEMU is of a later Debian: it runs with that one's loader and libraries.
qemu() {
    local libraries=$root/usr/lib/x86_64-linux-gnu
    exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/pulseaudio" \
        "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
}

# Each after those that it needs; those that this kernel does not have are left out.
put_modules() { # folder
    local name file order=10
    mkdir -p "$1"
    for name in irqbypass iommufd vfio vfio_iommu_type1 vfio-pci-core vfio-pci; do
        for file in $(find "$modules" -name "$name.ko*"); do
            order=$((order + 1))
            xz -dc "$file" >"$1/$order-$name.ko"
        done
    done
}

# Programs, with the libraries and the loader that they are linked to, at the same places.
put_programs() { # folder, program...
    local folder=$1 program library
    shift
    for program in "$@"; do
        cp -L "$program" "$folder/bin/"
        for library in $(ldd "$program" | grep -oE '/[^ ]+'); do
            mkdir -p "$folder${library%/*}"
            [ -e "$folder$library" ] || cp -L "$library" "$folder$library"
        done
    done
}

# The RAM disk from which the machine runs: busybox, modules, programs, init and the tests.
make_disk() { # file, folder to make it in, programs and scripts...
    local file=$1 folder=$2
    shift 2
    mkdir -p "$folder"/{bin,dev,proc,sys,tmp}
    cp "$busybox" "$folder/bin/"
    put_modules "$folder/modules"
    put_programs "$folder" "$@"
    mv "$folder/bin/init" "$folder/init"
    (cd "$folder" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$file"
}

card_device() { # work folder
    echo '{"driver": "vfio-user-pci", "id": "card", "bus": "rp0", "addr": "0.0", "x-msg-timeout": 60000,' \
        '"socket": {"type": "unix", "path": "'"$1/card"'"}}'
}

# A PC with an IOMMU and the card below a root port. Its console goes to console.log, its second serial line to tap; qmp takes
# commands.
boot() { # work folder, disk, options of the kernel
    qemu -M q35,memory-backend=mem0 -accel tcg -cpu max -smp 2 -m 768M \
        -object memory-backend-memfd,id=mem0,size=768M,share=on -device intel-iommu,caching-mode=on \
        -nodefaults -no-reboot -display none -vga none \
        -kernel "$kernel" -initrd "$2" -append "console=ttyS0 quiet intel_iommu=on panic=-1 ${3:-}" \
        -serial "file:$1/console.log" -serial "file:$1/tap" \
        -chardev "pipe,id=qmp,path=$1/qmp" -mon chardev=qmp,mode=control \
        -device pcie-root-port,id=rp0,chassis=1 -device "$(card_device "$1")"
}
