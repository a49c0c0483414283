#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generates headers, the SystemVerilog package and the documentation tables from rtl/regs.toml.

  regs.py TOML --out DIR        write sluice_defs.h, sluice_regs.h, sluice_regs_pkg.sv, registers.md
  regs.py TOML --readme FILE    renew the tables between the markers of FILE
  regs.py TOML --check FILE     exit 1 if those tables are not current
  regs.py TOML --devices DIR    write mgmt_devices.h and mgmt_devices_pkg.sv from rtl/mgmt/devices.toml
"""
import argparse
import pathlib
import re
import sys
import tomllib

SPDX = "SPDX-License-Identifier: Apache-2.0"
NOTE = "Generated from rtl/regs.toml by scripts/regs.py; do not edit."
NOTE_DEVICES = "Generated from rtl/mgmt/devices.toml by scripts/regs.py; do not edit."
BEGIN, END = "<!-- regs:begin -->", "<!-- regs:end -->"


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def values(enum):
    return [(k, v) for k, v in enum.items() if isinstance(v, dict)]


def fields(struct):
    return [(k, v) for k, v in struct.items() if isinstance(v, dict)]


def check(spec):
    """Refuses overlaps: two registers at one offset, two fields on one byte or bit."""
    taken = {}
    for kind, width in (("reg", 4), ("counter", 8)):
        for r in spec[kind]:
            for i in range(r.get("count", 1)):
                at = r["offset"] + i * r.get("stride", width)
                span = 16 if r["name"] == "msix_table" else width
                for b in range(at, at + span):
                    if b in taken:
                        sys.exit(f"regs: {r['name']} and {taken[b]} share offset {at:#x}")
                    taken[b] = r["name"]
            used = 0
            for f, v in r.get("fields", {}).items():
                mask = ((1 << v["width"]) - 1) << v["lsb"]
                if used & mask or mask >> 32:
                    sys.exit(f"regs: field {r['name']}.{f} overlaps or leaves the register")
                used |= mask
    snapshot = 8 * sum(r.get("count", 1) for r in spec["counter"])
    if (snapshot + 31) // 32 * 32 != spec["const"]["statistics_bytes"]["value"]:
        sys.exit(f"regs: statistics_bytes is {snapshot}, and not a multiple of 32")
    for s, st in spec["struct"].items():
        if spec["const"].get(f"{s}_bytes", {"value": st["bytes"]})["value"] != st["bytes"]:
            sys.exit(f"regs: {s}_bytes is not {st['bytes']}")
        used = set()
        for f, v in fields(st):
            span = set(range(v["offset"], v["offset"] + v["width"]))
            if used & span or max(span) >= st["bytes"]:
                sys.exit(f"regs: field {s}.{f} overlaps or leaves the structure")
            used |= span


def c_enum(name, enum):
    tag = f"enum sluice_{name}" if enum.get("public") else "enum"  # sluice.h has a struct sluice_op
    out = [f"/* {enum['doc']} */", f"{tag} {{"]
    out += [f"    SLUICE_{name.upper()}_{k.upper()} = {v['value']}, /* {v['doc']} */" for k, v in values(enum)]
    return out + ["};", ""]


def c_head(guard):
    return [f"/* {SPDX} */", f"/* {NOTE} */", f"#ifndef {guard}", f"#define {guard}", "",
            "#include <assert.h>", "#include <stdint.h>", ""]


def defs_h(spec):
    out = c_head("SLUICE_DEFS_H")
    for k, v in spec["const"].items():
        if k in ("max_content", "max_padding", "replay_window", "udp_header_bytes"):
            out.append(f"#define SLUICE_{k.upper()} {v['value']}u /* {v['doc']} */")
    out.append("")
    for name, enum in spec["enum"].items():
        if enum.get("public"):
            out += c_enum(name, enum)
    return out + ["#endif", ""]


def c_struct(name, st):
    out = [f"/* {st['doc']} All little endian. */", f"struct sluice_{name} {{"]
    at, gap = 0, 0
    plain = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t", 8: "uint64_t"}
    for f, v in sorted(fields(st), key=lambda kv: kv[1]["offset"]):
        if v["offset"] > at:
            out.append(f"    uint8_t gap{gap}[{v['offset'] - at}];")
            gap += 1
        bytes_only = f in ("cid", "nonce", "counter") and name in ("sqe", "cqe", "sa_params") and (v["width"] == 16 or f == "cid")
        if v["width"] in plain and v["offset"] % v["width"] == 0 and not bytes_only:
            out.append(f"    {plain[v['width']]} {f}; /* {v['doc']} */")
        else:
            out.append(f"    uint8_t {f}[{v['width']}]; /* {v['doc']} */")
        at = v["offset"] + v["width"]
    if at < st["bytes"]:
        out.append(f"    uint8_t gap{gap}[{st['bytes'] - at}];")
    out += ["};", f"static_assert(sizeof(struct sluice_{name}) == {st['bytes']}, \"{name}\");", ""]
    for f, v in fields(st):
        out.append(f"#define SLUICE_{name.upper()}_{f.upper()}_OFFSET {v['offset']}u")
    return out + [""]


def regs_h(spec):
    out = c_head("SLUICE_REGS_H") + ['#include "sluice_defs.h"', ""]
    for k, v in spec["meta"].items():
        out.append(f"#define SLUICE_{k.upper()} {v:#x}u")
    for k, v in spec["const"].items():
        if k not in ("max_content", "max_padding", "replay_window", "udp_header_bytes"):
            out.append(f"#define SLUICE_{k.upper()} {v['value']}u /* {v['doc']} */")
    out.append("")
    for name, enum in spec["enum"].items():
        if not enum.get("public"):
            out += c_enum(name, enum)
    for name, st in spec["struct"].items():
        out += c_struct(name, st)
    for r in spec["reg"] + spec["counter"]:
        up = r["name"].upper()
        pre = "SLUICE_REG_" if r in spec["reg"] else "SLUICE_CNT_"
        arg = f"(n) ({r['offset']:#06x}u + {r['stride']:#x}u * (uint32_t)(n))" if "count" in r else f" {r['offset']:#06x}u"
        out.append(f"#define {pre}{up}{arg} /* {r['doc']} */")
        for f, v in r.get("fields", {}).items():
            out.append(f"#define SLUICE_{up}_{f.upper()}_SHIFT {v['lsb']}")
            out.append(f"#define SLUICE_{up}_{f.upper()}_MASK {((1 << v['width']) - 1):#x}u /* {v['doc']} */")
    return out + ["", "#endif", ""]


def pkg_sv(spec):
    out = [f"// {SPDX}", f"// {NOTE}", "// verilator lint_off UNUSEDPARAM", "package sluice_regs_pkg;"]
    for k, v in spec["meta"].items():
        out.append(f"  localparam logic [31:0] {camel(k)} = 32'h{v:08x};")
    for k, v in spec["const"].items():
        out.append(f"  localparam int unsigned {camel(k)} = {v['value']};")
    for name, enum in spec["enum"].items():
        width = 16 if name == "sqe_flag" else 8
        for k, v in values(enum):
            out.append(f"  localparam logic [{width - 1}:0] {camel(name)}{camel(k)} = {width}'h{v['value']:x};")
    for name, st in spec["struct"].items():
        for f, v in fields(st):
            out.append(f"  localparam int unsigned {camel(name)}{camel(f)}Lsb = {8 * v['offset']};")
            out.append(f"  localparam int unsigned {camel(name)}{camel(f)}W = {8 * v['width']};")
    for r in spec["reg"] + spec["counter"]:
        pre = "Reg" if r in spec["reg"] else "Cnt"
        out.append(f"  localparam logic [15:0] {pre}{camel(r['name'])} = 16'h{r['offset']:04x};")
        if "stride" in r:
            out.append(f"  localparam int unsigned {pre}{camel(r['name'])}Stride = {r['stride']};")
        for f, v in r.get("fields", {}).items():
            out.append(f"  localparam int unsigned {camel(r['name'])}{camel(f)}Lsb = {v['lsb']};")
            out.append(f"  localparam int unsigned {camel(r['name'])}{camel(f)}W = {v['width']};")
    return out + ["endpackage", "// verilator lint_on UNUSEDPARAM", ""]


def tables_md(spec):
    out = ["### Registers (BAR 0, 32 bits each)", "", "| offset | name | access | meaning |", "|---|---|---|---|"]
    for r in spec["reg"]:
        many = f" + n * {r['stride']:#x}, n < {r['count']}" if "count" in r else ""
        out.append(f"| {r['offset']:#06x}{many} | {r['name'].upper()} | {r['access']} | {r['doc']} |")
        for f, v in r.get("fields", {}).items():
            out.append(f"| | .{f} [{v['lsb'] + v['width'] - 1}:{v['lsb']}] | | {v['doc']} |")
    out += ["", "### Counters (64 bits each, read from the snapshot)", "", "| offset | name | meaning |", "|---|---|---|"]
    for r in spec["counter"]:
        many = f" + n * {r['stride']:#x}, n < {r['count']}" if "count" in r else ""
        out.append(f"| {r['offset']:#06x}{many} | {r['name']} | {r['doc']} |")
    for name, st in spec["struct"].items():
        out += ["", f"### `{name}`, {st['bytes']} bytes", "", st["doc"], "",
                "| offset | bytes | field | meaning |", "|---|---|---|---|"]
        out += [f"| {v['offset']} | {v['width']} | {f} | {v['doc']} |" for f, v in fields(st)]
    for name, enum in spec["enum"].items():
        out += ["", f"### `{name}`", "", enum["doc"], "", "| value | name | meaning |", "|---|---|---|"]
        out += [f"| {v['value']:#x} | {k} | {v['doc']} |" for k, v in values(enum)]
    return out + [""]


def spliced(path, spec):
    text = path.read_text()
    if BEGIN not in text or END not in text:
        sys.exit(f"regs: {path} has no {BEGIN} ... {END}")
    body = BEGIN + "\n\n" + "\n".join(tables_md(spec)) + "\n" + END
    return text, re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: body, text, flags=re.S)


def device_regs(device):
    """Name, register, and its fields (with lsb) and values (commands), of each register of a device."""
    for name, r in device.items():
        if isinstance(r, dict):
            parts = [(k, v) for k, v in r.items() if k != "reg"]
            yield name, r["reg"], [p for p in parts if "lsb" in p[1]], [p for p in parts if "value" in p[1]]


def check_devices(spec):
    for dev, device in spec["device"].items():
        taken = set()
        for name, r, parts, _ in device_regs(device):
            if r["offset"] in taken or r["offset"] % 4 or r["offset"] > 0xFC:
                sys.exit(f"regs: {dev}.{name} is misplaced")
            taken.add(r["offset"])
            used = 0
            for f, v in parts:
                mask = ((1 << v["width"]) - 1) << v["lsb"]
                if used & mask or mask >> 32:
                    sys.exit(f"regs: field {dev}.{name}.{f} overlaps or leaves the register")
                used |= mask


def devices_h(spec):
    out = [f"/* {SPDX} */", f"/* {NOTE_DEVICES} */", "#ifndef MGMT_DEVICES_H", "#define MGMT_DEVICES_H", ""]
    for name, v in spec["region"].items():
        out += [f"#define MGMT_{name.upper()} {v['base']:#010x}u /* {v['doc']} */",
                f"#define MGMT_{name.upper()}_BYTES {v['bytes']}u"]
    base = spec["region"]["devices"]["base"]
    for dev, device in spec["device"].items():
        out += ["", f"/* {device['doc']} */"]
        for name, r, parts, kinds in device_regs(device):
            up = f"{dev}_{name}".upper()
            out.append(f"#define MGMT_{up} {base + 256 * device['page'] + r['offset']:#010x}u /* {r['access']}: {r['doc']} */")
            for f, v in parts:
                out.append(f"#define MGMT_{up}_{f.upper()}_SHIFT {v['lsb']}")
                out.append(f"#define MGMT_{up}_{f.upper()}_MASK {((1 << v['width']) - 1):#x}u /* {v['doc']} */")
            out += [f"#define MGMT_{up}_{k.upper()} {v['value']}u /* {v['doc']} */" for k, v in kinds]
    return out + ["", "#endif", ""]


def devices_pkg(spec):
    out = [f"// {SPDX}", f"// {NOTE_DEVICES}", "// verilator lint_off UNUSEDPARAM", "package mgmt_devices_pkg;"]
    for name, v in spec["region"].items():
        out.append(f"  localparam logic [31:0] {camel(name)} = 32'h{v['base']:08x};")
    for dev, device in spec["device"].items():
        out.append(f"  localparam logic [2:0] Page{camel(dev)} = 3'd{device['page']};")
        for name, r, parts, kinds in device_regs(device):
            own = camel(dev) + camel(name)
            out.append(f"  localparam logic [7:0] {own} = 8'h{r['offset']:02x};")
            out += [f"  localparam int unsigned {own}{camel(f)}Lsb = {v['lsb']};" for f, v in parts]
            out += [f"  localparam logic [3:0] {own}{camel(k)} = 4'd{v['value']};" for k, v in kinds]
    return out + ["endpackage", "// verilator lint_on UNUSEDPARAM", ""]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("toml", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--readme", type=pathlib.Path)
    ap.add_argument("--check", type=pathlib.Path)
    ap.add_argument("--devices", type=pathlib.Path)
    args = ap.parse_args()
    spec = tomllib.loads(args.toml.read_text())
    if args.devices:
        check_devices(spec)
        (args.devices / "mgmt_devices.h").write_text("\n".join(devices_h(spec)))
        (args.devices / "mgmt_devices_pkg.sv").write_text("\n".join(devices_pkg(spec)))
        return
    check(spec)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        for name, make in (("sluice_defs.h", defs_h), ("sluice_regs.h", regs_h),
                           ("sluice_regs_pkg.sv", pkg_sv), ("registers.md", tables_md)):
            (args.out / name).write_text("\n".join(make(spec)))
    if args.readme:
        args.readme.write_text(spliced(args.readme, spec)[1])
    if args.check:
        old, new = spliced(args.check, spec)
        if old != new:
            sys.exit(f"regs: the tables of {args.check} are not current: make docs")


if __name__ == "__main__":
    main()
