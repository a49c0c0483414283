#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C array of a file. Usage: embed.py NAME FILE HEADER"""
import sys

name, source, header = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
rows = ["    " + ", ".join(str(byte) for byte in data[at:at + 24]) + "," for at in range(0, len(data), 24)]
with open(header, "w", encoding="ascii") as file:
    file.write(f"static const unsigned char {name}[] = {{\n" + "\n".join(rows) + "\n};\n")
