# SPDX-License-Identifier: Apache-2.0
#
# The longest paths of a flattened 7-series netlist, by the cell delays of Yosys's own models.
#   awk -v top=MODULE -v wire=PS -f timing.awk cells_sim.v netlist.il
# Prints, one a line and tab-separated:
#   path  PS  LOGIC-CELLS  END-MODULE  START  END     the longest path into each module, longest first in no order
#   bits  N   REGISTER                                flip-flops that carry a register's name
# `wire` is added at every LUT input, as abc9 does. A path begins at a clocked cell, a black box or a port, and ends at one.
# Timing is only as good as the models: no routing, no clock skew, and what has no model (black boxes) counts nothing.

# ---- delays: arc[type, in, out], clocked[type, out], setup[type, in] in ps, the largest of each; pins with or without index
function keep(table, key, ps) {
    if (!(key in table) || table[key] < ps)
        table[key] = ps
}

function read_delays(line,    part, n, parts, i, pins, ps) {
    if (line ~ /\$setup/) {
        n = split(line, parts, /[(),]+/)
        sub(/\/\*[^*]*\*\//, "", parts[n - 1])
        keep(setup, type SUBSEP bare(parts[2]), parts[n - 1] + 0)
        return
    }
    sub(/^ *if *\([^=]*(==[^=]*)?\) *\(/, "(", line)
    n = split(line, parts, ";")
    for (i = 1; i < n; i++) {
        part = parts[i]
        ps = part
        sub(/.*= */, "", ps)
        sub(/ *=[^=>]*$/, "", part)
        split(part, pins, /[=*]>/)
        if (pins[1] ~ /edge/) {
            sub(/:.*/, "", pins[2])
            keep(clocked, type SUBSEP bare(pins[2]), ps + 0)
        } else if (pins[2] != "") {
            keep(arc, type SUBSEP bare(pins[1]) SUBSEP bare(pins[2]), ps + 0)
        }
    }
}

function bare(pin) {
    gsub(/[() ]/, "", pin)
    return pin
}

# ---- netlist: bits are "wire index"; driver[bit] is a cell, driver_pin[bit] its pin
function bits_of(from,    i, n, j, hi, lo, name) {
    n = 0
    for (i = from; i <= NF; i++) {
        if ($i == "{" || $i == "}")
            continue
        name = $i
        if (name !~ /^[\\$]/) {                     # a constant: width'bits, or a number of 32 bits
            hi = name ~ /'/ ? name + 0 : 32
            while (hi-- > 0)
                bit[n++] = ""
            continue
        }
        hi = width[name] - 1
        lo = 0
        if ($(i + 1) ~ /^\[/) {
            i++
            split(substr($i, 2), range, /[]:]/)
            hi = range[1] + 0
            lo = $i ~ /:/ ? range[2] + 0 : hi
        }
        for (j = hi; j >= lo; j--)
            bit[n++] = name " " j
    }
    return n                                        # bit[0] is the most significant
}

function read_pin(pin,    n, i, key) {
    n = bits_of(3)
    for (i = 0; i < n; i++) {
        key = n == 1 ? pin : pin "[" (n - 1 - i) "]"
        net[cell, key] = bit[i]
        if (is_output(pin, key)) {
            driver[bit[i]] = cell
            driver_pin[bit[i]] = key
            if (!(cell in out_net) && pin == "Q")
                out_net[cell] = bit[i]
        } else {
            inputs[cell] = inputs[cell] " " key
        }
    }
}

function whole(pin) {
    sub(/\[.*/, "", pin)
    return pin
}

function is_output(pin, key) {
    if (!(kind[cell] in modelled))
        return pin ~ /_o$/
    return (kind[cell] SUBSEP pin) in outputs
}

# ---- arrival times
function delay(table, type, pin) {
    if ((type SUBSEP pin) in table)
        return table[type, pin]
    pin = whole(pin)
    return (type SUBSEP pin) in table ? table[type, pin] : -1
}

function through(type, in_pin, out_pin) {
    if ((type SUBSEP in_pin SUBSEP out_pin) in arc)
        return arc[type, in_pin, out_pin]
    if ((type SUBSEP whole(in_pin) SUBSEP whole(out_pin)) in arc)
        return arc[type, whole(in_pin), whole(out_pin)]
    if ((type SUBSEP in_pin SUBSEP whole(out_pin)) in arc)
        return arc[type, in_pin, whole(out_pin)]
    return -1
}

function resolve(b) {
    while (!(b in driver) && (b in alias))
        b = alias[b]
    return b
}

# Sets at[b], first[b] (where its longest path begins) and hops[b] (cells on it).
function arrival(b,    c, out, n, pins, i, d, t, from, best) {
    b = resolve(b)
    if (b == "")
        return 0
    if (b in at)
        return at[b]
    at[b] = 0                                       # should there be a loop, it ends here
    first[b] = b
    if (!(b in driver))
        return 0
    c = driver[b]
    out = driver_pin[b]
    best = delay(clocked, kind[c], out)
    if (best < 0)
        best = 0
    if (!(kind[c] in modelled))
        first[b] = substr(c, 2) "." out
    n = split(inputs[c], pins, " ")
    for (i = 1; i <= n; i++) {
        d = through(kind[c], pins[i], out)
        if (d < 0)
            continue
        t = arrival(net[c, pins[i]]) + d + (kind[c] ~ /^(LUT|INV)/ ? wire : 0)
        if (t > best) {
            best = t
            from = resolve(net[c, pins[i]])
            first[b] = first[from]
            hops[b] = hops[from] + 1
        }
    }
    return at[b] = best
}

# ---- names for readers
function public(b,    name) {
    name = b in named ? named[b] : b
    if (name ~ /^\$/ && b in driver)
        name = driver[b]
    sub(/ [0-9]+$/, "", name)
    gsub(/\$flatten|\\/, "", name)
    sub(/\.?\$.*$/, "", name)
    return name == "" ? "(unnamed)" : name
}

# The instance that holds a register or memory; those that a loop makes are one.
function module_of(name) {
    gsub(/\[[0-9]+\]/, "[*]", name)
    sub(/(\.[0-9]+)+$/, "", name)
    return sub(/\.[^.]*$/, "", name) ? name : "(top)"
}

function end_at(b, name, pin, extra,    t, m) {
    t = arrival(b) + extra
    m = module_of(name)
    if (!(m in worst) || worst[m] < t) {
        worst[m] = t
        worst_end[m] = name pin
        worst_bit[m] = resolve(b)
    }
}

FNR == 1                                        { file++ }
file == 1 && $1 == "module"                     { type = $2; sub(/\(.*/, "", type) }
file == 1 && /=>|\*>|\$setup/                   { read_delays($0) }
file == 2 && FNR == 1 {
    for (key in arc)     { split(key, k, SUBSEP); outputs[k[1], whole(k[3])] = 1; modelled[k[1]] = 1 }
    for (key in clocked) { split(key, k, SUBSEP); outputs[k[1], whole(k[2])] = 1; modelled[k[1]] = 1 }
}
file == 2 && $1 == "module"                     { inside = $2 == "\\" top }
file != 2 || !inside                            { next }
$1 == "wire" {
    width[$NF] = 1
    for (i = 2; i < NF; i++) {
        if ($i == "width")
            width[$NF] = $(i + 1)
        if ($i == "output")
            port_out[$NF] = 1
    }
}
$1 == "cell"                                    { cell = $3; kind[cell] = substr($2, 2); in_cell = 1 }
$1 == "end"                                     { in_cell = 0 }
$1 == "connect" && in_cell                      { read_pin(substr($2, 2)) }
$1 == "connect" && !in_cell {
    n = bits_of(2)                                  # both sides, one after the other
    for (i = 0; i < n / 2; i++) {
        alias[bit[i]] = bit[i + n / 2]
        if (bit[i] ~ /^\\/ && !(bit[i + n / 2] in named))
            named[bit[i + n / 2]] = bit[i]
    }
}

END {
    for (c in kind) {
        n = split(inputs[c], pins, " ")
        name = c in out_net ? public(out_net[c]) : public(c)
        if (kind[c] ~ /^FD/)
            register[name]++
        for (i = 1; i <= n; i++) {
            d = delay(setup, kind[c], pins[i])
            if (d < 0 && kind[c] in modelled)
                continue
            end_at(net[c, pins[i]], name, "." pins[i], d < 0 ? 0 : d)
        }
    }
    for (w in port_out) {
        for (i = 0; i < width[w]; i++)
            end_at(w " " i, substr(w, 2), "", 0)
    }
    for (m in worst)
        printf "path\t%d\t%d\t%s\t%s\t%s\n", worst[m], hops[worst_bit[m]], m, public(first[worst_bit[m]]), worst_end[m]
    for (r in register)
        printf "bits\t%d\t%s\n", register[r], r
}
