#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Manual pages of libsluice from its header, so that they cannot differ: one page for each part of driver/sluice.h that a line
"/* ---- NAME: summary */" begins, an overview from the comment at the top, and a page for each further function that leads to
its part's.

usage: manpages.py HEADER EXAMPLE VERSION OUT
"""
import re
import sys
from pathlib import Path

PART = re.compile(r"^/\* -{8,} (\w+): (.+) \*/$", re.M)
FUNCTION = re.compile(r"\b(sluice_\w+)\(")


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def code(lines):
    return [".PP", ".nf", *(escape(line) for line in lines), ".fi"]


def comment_lines(lines):
    """The text of a block comment, without its frame."""
    text = "\n".join(lines).strip()
    text = re.sub(r"^/\*\s?|\s*\*/$", "", text)
    return [re.sub(r"^\s\* ?", "", line) for line in text.split("\n")]


def prose(lines):
    """Running text. A line that is set in by two spaces begins an item of a list, with or without a hyphen."""
    out, after = [], None
    for line in lines:
        words = " ".join(line.split())
        if re.match(r"  \S", line):
            after = "item"
            out.append(".IP \\(bu 3" if words.startswith("- ") else ".IP")
            words = words.removeprefix("- ")
        elif not line.startswith(" ") and after != "text":
            after = "text" if words else None
            out += [".PP"] if words else []
        if words:
            out.append(escape(words))
        else:
            after = None
    return out


def paragraphs(text):
    """Comments and code of a part, in order: ("comment" or "code", lines)."""
    kind, block = None, []
    inside = False
    for line in text.split("\n"):
        starts = not inside and line.startswith("/*")
        is_comment = inside or starts
        if starts or (kind == "comment" and not is_comment) or not (inside or line.strip()):
            if block:
                yield kind, block
            block = []
        if not is_comment and not line.strip():
            kind = None
            continue
        inside = is_comment and "*/" not in line
        kind = "comment" if is_comment else "code"
        block.append(line)
    if block:
        yield kind, block


def prototypes(text):
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    bare = re.sub(r"\{.*?^\}", "", bare, flags=re.S | re.M)
    return [" ".join(m.group(0).split()) for m in re.finditer(r"^[a-z][\w \*]*\bsluice_\w+\([^;{]*\);", bare, re.M)]


def title(name, version):
    return ['.\\" SPDX-License-Identifier: Apache-2.0',
            f'.TH {name.upper()} 3 "" "sluice {version}" "libsluice"', ".ad l", ".SH NAME"]


def synopsis(protos):
    out = [".SH SYNOPSIS", ".nf", ".B #include <sluice.h>", ".PP"]
    for proto in protos:
        out.append(".BI \"" + escape(proto).replace('"', '\\(dq') + '"')
    return out + [".fi"]


def page(name, summary, text, names, version):
    protos = prototypes(text)
    functions = [FUNCTION.search(p).group(1) for p in protos]
    out = title(name, version)
    out += [", ".join(functions) + " \\- " + escape(summary)] + synopsis(protos) + [".SH DESCRIPTION"]
    for kind, lines in paragraphs(text):
        out += prose(comment_lines(lines)) if kind == "comment" else code(lines)
    others = [n for n in names if n != name]
    out += [".SH SEE ALSO", ".BR libsluice (3),"] + [f".BR {n} (3){',' if n != others[-1] else ''}" for n in others]
    return functions, "\n".join(out) + "\n"


def overview(top, parts, example, version):
    out = title("libsluice", version)
    out += ["libsluice \\- seal and open records on an engine", ".SH SYNOPSIS", ".nf", ".B #include <sluice.h>", ".PP",
            ".B cc prog.c $(pkg\\-config \\-\\-cflags \\-\\-libs libsluice)", ".fi", ".SH DESCRIPTION"]
    out += prose(comment_lines(top)[1:])
    out += [".SH FUNCTIONS"]
    for name, summary, _ in parts:
        out += [".TP", f".BR {name} (3)", escape(summary)]
    out += [".SH EXAMPLE"] + code(example.split("*/\n", 2)[-1].rstrip().split("\n"))
    out += [".SH SEE ALSO", ".BR sluice\\-card (1),", ".BR sluice\\-sim (1)"]
    return "\n".join(out) + "\n"


def main(header, example, version, out):
    text = Path(header).read_text(encoding="utf-8")
    pieces = PART.split(text.split("#ifdef __cplusplus\n}")[0])
    parts = [(pieces[i], pieces[i + 1], pieces[i + 2]) for i in range(1, len(pieces), 3)]
    names = [name for name, _, _ in parts]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.3"):
        old.unlink()
    top = re.search(r"^/\*\n.*?\*/", text, re.S | re.M).group(0).split("\n")
    (out / "libsluice.3").write_text(overview(top, parts, Path(example).read_text(encoding="utf-8"), version), encoding="utf-8")
    for name, summary, body in parts:
        functions, content = page(name, summary, body, names, version)
        if name not in functions:
            sys.exit(f"manpages.py: {name}: no such function in its part of {header}")
        (out / f"{name}.3").write_text(content, encoding="utf-8")
        for function in functions:
            if function != name:
                (out / f"{function}.3").write_text(f".so man3/{name}.3\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
