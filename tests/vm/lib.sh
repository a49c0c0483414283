# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The virtual machine of `make vm-test`, sourced by machine: the initial RAM disk, and QEMU. All of it comes from the cache folder
# (scripts/vm-cache) and from this tree's build; nothing here needs root.

cache=${SLUICE_CACHE:-$HOME/.cache/sluice}/vm
root=$cache/root

# QEMU is of a later Debian: it runs with that one's loader and libraries.
qemu() {
    local libraries=$root/usr/lib/x86_64-linux-gnu
    exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/pulseaudio" \
        "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
}

# Programs, with the libraries and the loader that they are linked to, at the same places.
put_programs() { # folder, program...
    local folder=$1 program library
    shift
    for program in "$@"; do
        cp -L "$program" "$folder/bin/"
        for library in $(ldd "$program" 2>/dev/null | grep -oE '/[^ ]+'); do
            mkdir -p "$folder${library%/*}"
            [ -e "$folder$library" ] || cp -L "$library" "$folder$library"
        done
    done
}

# The RAM disk from which the machine runs: busybox, modules, programs, init and the tests.
make_disk() { # file, kernel, folder to make it in, programs and scripts...
    local file=$1 folder=$3
    mkdir -p "$folder"/{bin,dev,proc,sys,tmp,modules}
    cp "$root/usr/bin/busybox" "$folder/bin/"
    ln -s busybox "$folder/bin/sh"
    cp "$cache/kernels/$2"/*.ko "$folder/modules/"
    put_programs "$folder" "${@:4}"
    mv "$folder/bin/init" "$folder/init"
    (cd "$folder" && find . | "$root/usr/bin/busybox" cpio -o -H newc 2>/dev/null) >"$file"
}

card_device() { # work folder
    echo '{"driver": "vfio-user-pci", "id": "card", "bus": "rp0", "addr": "0.0", "x-msg-timeout": 60000,' \
        '"socket": {"type": "unix", "path": "'"$1/card"'"}}'
}

# A PC with an IOMMU and the card below a root port. Its console goes to console.log, its second serial line to tap; monitor
# takes commands. (Its timer works, but not always fast enough for a kernel that measures it on a busy machine.)
boot() { # work folder, kernel, disk, options of the kernel
    qemu -M q35,memory-backend=mem0,kernel-irqchip=split -accel tcg -cpu max -smp 2 -m 768M \
        -object memory-backend-memfd,id=mem0,size=768M,share=on -device intel-iommu,caching-mode=on \
        -nodefaults -no-reboot -display none -vga none \
        -kernel "$cache/kernels/$2/vmlinuz" -initrd "$3" -append "console=ttyS0 quiet intel_iommu=on no_timer_check panic=-1 $4" \
        -serial "file:$1/console.log" -serial "file:$1/tap" -chardev "pipe,id=monitor,path=$1/monitor" -mon monitor \
        -device pcie-root-port,id=rp0,chassis=1 -device "$(card_device "$1")"
}
