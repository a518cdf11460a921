#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judges what scripts/guest/bench.sh reported, against scripts/targets.tsv.

    bench.py --gate 1|2 --kernel NAME --out FILE.tsv RESULTS...
    bench.py --sizes SIZE=RESULTS SIZE=RESULTS...
    bench.py --engines ENGINE=RESULTS ENGINE=RESULTS...
    bench.py --memory --kernel NAME --out FILE.tsv RESULTS

RESULTS are the guest's results, one file a boot of the same kernel. Gate 1 (instructions) wants two boots, which must agree
to the byte; gate 2 (cycles) takes the smallest value of each side over all boots.

Writes FILE.tsv, a line a row, and prints the same as a table. Last line: `N passed, N failed`. What counts as a test:
boots that agree (gate 1), each pair of measurements of one and the same thing (within 1 %), each row that is due now
(must), and that every row was measured.

With --sizes the results are of boots that differ in the region's size alone, in ascending order. A row of mmsim's costs at
most 1 % more in a region than in the next smaller one that has the row; each such pair is a test.

With --engines they are of boots whose caches are made by different engines. Nothing is judged: a row of the last one is a
test, passed when all have measured it.

With --memory they are of one boot of scripts/guest/mix.sh: what one mix of objects costs the host and each engine, in bytes. A
test is that each has been measured, with the same objects, and holds what was asked for.
"""

import argparse
import collections
import fnmatch
import os
import re
import sys

TARGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "targets.tsv")
TARGET_COLUMNS = "rows text kind must aim aim2 due generality source"
TSV_COLUMNS = ("gate kernel row text unit host host_median mmsim mmsim_median operations ratio ratio_low ratio_high "
               "ratio_special must aim due verdict source")
SAME_WITHIN = 0.01
PREFIX = "mmsim_bench: "

Target = collections.namedtuple("Target", TARGET_COLUMNS)


def number(text):
    return None if text == "-" else float(text)


def read_targets():
    with open(TARGETS, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    return [Target(*line)._replace(must=number(line[3]), aim=number(line[4]), aim2=number(line[5])) for line in lines]


class Boot:
    """What one guest reported: rows[name][side] = {value, median, n}, and the lines that are not rows."""

    def __init__(self, path):
        with open(path, encoding="utf-8", errors="replace") as f:
            self.lines = [line.strip()[len(PREFIX):] for line in f if line.startswith(PREFIX)]
        self.rows, self.broken, self.hoards, self.head, self.arrays, self.memory = {}, {}, {}, {}, [], []
        for line in self.lines:
            self.read(line)

    def read(self, line):
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if "array" in fields:
            self.arrays.append({key: int(value) for key, value in fields.items()})
        elif "memory" in fields:
            self.memory.append({key: value if key == "memory" else int(value) for key, value in fields.items()})
        elif "hoard" in fields:
            self.hoards[fields["hoard"]] = fields
        elif "side" in fields:
            side = {key: float(fields[key]) for key in ("value", "median", "n")}
            side["unit"] = fields["unit"]
            self.rows.setdefault(fields["row"], {})[fields["side"]] = side
        elif "row" in fields:
            self.broken[fields["row"]] = fields.get("skip") or fields.get("error")
        else:
            self.head.update(fields)

    def array(self):
        """Instructions a page to initialise the page array, and to release its pages as well: the best of all loads."""
        if not self.arrays:
            return {}
        init, release = (min(load[key] / load["array"] for load in self.arrays) for key in ("init", "release"))
        return {"array_init": init, "array_total": init + release}


class Report:
    """The rows of one gate and kernel, judged."""

    def __init__(self, gate, kernel, boots, targets):
        self.gate, self.kernel, self.boots, self.targets = gate, kernel, boots, targets
        self.passed, self.failed, self.notes, self.rows = 0, 0, [], []

    def test(self, passed, note):
        if passed:
            self.passed += 1
        else:
            self.failed += 1
            self.notes.append("FAILED: " + note)

    def judge(self):
        first = self.boots[0]
        if self.gate == 1:
            self.test(len(self.boots) > 1 and all(boot.lines == first.lines for boot in self.boots),
                      "two boots gave different lines (or there was one boot only): not deterministic")
        broken = {row: why for boot in self.boots for row, why in boot.broken.items()}
        self.test(not broken and bool(first.rows),
                  "not measured: " + (", ".join(f"{row} ({why})" for row, why in broken.items()) or "anything"))
        for row in first.rows:
            if row.startswith("aa_"):
                self.same(row)
            else:
                self.compare(row)
        for target in self.targets:
            if target.kind == "growth" and set(target.rows.split(":")) <= first.rows.keys():
                self.growth(target)
        if self.gate == 1:
            for row, value in first.array().items():
                self.plain(row, value)

    def sides(self, row, a, b):
        """The smallest value of each side, and the ratio that each boot gave by itself."""
        seen = [boot.rows[row] for boot in self.boots if {a, b} <= boot.rows.get(row, {}).keys()]
        best = [min((sides[side] for sides in seen), key=lambda side: side["value"]) for side in (a, b)]
        ratios = sorted(sides[b]["value"] / sides[a]["value"] for sides in seen)
        return best[0], best[1], ratios

    def same(self, row):
        a, b, ratios = self.sides(row, "a", "b")
        ratio = b["value"] / a["value"]
        self.add(row, row.replace("_", " ").replace("aa", "A/A"), a, b, ratio, ratios,
                 verdict="same" if abs(ratio - 1) <= SAME_WITHIN else "NOT THE SAME")
        self.test(abs(ratio - 1) <= SAME_WITHIN, f"{row}: one thing measured twice differs by {abs(ratio - 1):.1%}")

    def compare(self, row):
        host, mmsim, ratios = self.sides(row, "host", "mmsim")
        target = self.target(row)
        ratio = mmsim["value"] / host["value"]
        fields = {}
        if target:
            for kernel, _, count in (word.partition(":") for word in target.generality.split()):
                if self.gate == 1 and kernel == self.kernel:
                    fields["special"] = mmsim["value"] / (host["value"] - int(count))
            fields.update(self.verdict(row, target, ratio))
        shape = row.partition("_")[2].replace("batch", "batch of ")
        self.add(row, f"{target.text if target else row}, {shape}", host, mmsim, ratio, ratios, **fields)

    def growth(self, target):
        """What a row of mmsim's costs, measured against another one of its own: the smallest values of both."""
        seen = [[boot.rows[row]["mmsim"] for row in target.rows.split(":")] for boot in self.boots]
        many, few = (min(sides, key=lambda side: side["value"]) for sides in zip(*seen))
        ratios = sorted(a["value"] / b["value"] for a, b in seen)
        ratio = many["value"] / few["value"]
        self.add(target.rows, target.text, few, many, ratio, ratios, **self.verdict(target.rows, target, ratio))

    def plain(self, row, value):
        target = self.target(row)
        if target:
            self.add(row, target.text, None, {"value": value, "median": value, "n": 1, "unit": "ns"}, None, [],
                     **self.verdict(row, target, value))

    def target(self, row):
        return next((target for target in self.targets if fnmatch.fnmatch(row, target.rows)), None)

    def verdict(self, row, target, value):
        aim = target.aim if self.gate == 1 else target.aim2
        must = max(target.must, aim) if self.gate == 2 and None not in (target.must, aim) else target.must
        words = []
        for name, limit in (("must", must), ("aim", aim)):
            if limit is not None:
                words.append(f"{name} met" if value <= limit else f"{name.upper() if name == 'must' else name} not met")
        if must is not None:
            if target.due in ("now", f"gate {self.gate}"):
                self.test(value <= must, f"{row}: {value:.3f}, must be {must:g} at most")
            elif value > must:
                words.append("(memory bound)" if target.due == "gate 1" else f"(comes with {target.due})")
        return {"must": must, "aim": aim, "due": target.due, "verdict": " ".join(words), "source": target.source}

    def add(self, row, text, a, b, ratio, ratios, **fields):
        self.rows.append({
            "gate": self.gate, "kernel": self.kernel, "row": row, "text": text, "unit": b["unit"],
            "host": a and a["value"], "host_median": a and a["median"],
            "mmsim": b["value"], "mmsim_median": b["median"], "operations": int(b["n"]),
            "ratio": ratio, "ratio_low": ratios[0] if ratios else None, "ratio_high": ratios[-1] if ratios else None,
            "ratio_special": fields.get("special"), "must": fields.get("must"), "aim": fields.get("aim"),
            "due": fields.get("due"), "verdict": fields.get("verdict", ""), "source": fields.get("source")})

    def write(self, path):
        with open(path, "w", encoding="utf-8") as f:
            print(TSV_COLUMNS.replace(" ", "\t"), file=f)
            for row in self.rows:
                print("\t".join(cell(row[column], 4) for column in TSV_COLUMNS.split()), file=f)
            for family, fields in self.boots[-1].hoards.items():
                for side in ("host", "mmsim"):
                    print(f"# hoard\t{family}\t{side}\t{fields.get(side) or '-'}", file=f)

    def show(self):
        head = self.boots[0].head
        what = {1: "instructions", 2: "cycles"}[self.gate]
        print(f"\nGate {self.gate}, {what}: Linux {head.get('kernel', '?')}, {head.get('cpus', '?')} CPU, "
              f"{len(self.boots)} boots of {head.get('blocks', '?')} blocks; an operation's cost, the smallest slice")
        last = "less 144" if self.gate == 1 else "by boot"
        form = "{:<38}{:>10}{:>10}{:>8}{:>12}{:>7}{:>6}  {}"
        print(form.format("operation", "host", "mmsim", "ratio", last, "must", "aim", "verdict"))
        for row in self.rows:
            extra = cell(row["ratio_special"], 3)
            if self.gate == 2 and row["ratio_low"] is not None:
                extra = f"{row['ratio_low']:.2f}-{row['ratio_high']:.2f}"
            print(form.format(row["text"], cell(row["host"], 1), cell(row["mmsim"], 1), cell(row["ratio"], 3), extra,
                              cell(row["must"], 2), cell(row["aim"], 2), row["verdict"]).rstrip())
        print("orders 4 and 9: pair splits a largest block and merges it again; flat finds a free block of its order")
        print("Bytes in the caches after a family of rows (host: its per-CPU lists), host / mmsim:")
        for family, fields in self.boots[-1].hoards.items():
            print(f"  {family:<8}{fields.get('host') or '-':>12} /{fields.get('mmsim') or '-':>10}")
        for note in self.notes:
            print(note)


def mmsim_costs(boots, row):
    """mmsim's instructions for a row, of those boots that have it."""
    costs = [(name, boot.rows.get(row, {}).get("mmsim", {}).get("value")) for name, boot in boots]
    return [(name, cost) for name, cost in costs if cost is not None]


def read_named(words):
    return [(name, Boot(path)) for name, _, path in (word.partition("=") for word in words)]


def not_measured(boots):
    return [f"FAILED: {row} of {name} not measured: {why}" for name, boot in boots for row, why in boot.broken.items()]


def finish(passed, notes):
    print("\n".join(notes), end="\n" if notes else "")
    print(f"{passed} passed, {len(notes)} failed")
    return 1 if notes else 0


def compare_sizes(sizes):
    """A table of mmsim's instructions by row and size, and the counts of rows that don't grow and that do."""
    boots = read_named(sizes)
    passed, notes = 0, not_measured(boots)
    print("\nmmsim's instructions by the size of the region")
    print(f"{'operation':<38}" + "".join(f"{size:>10}" for size, _ in boots))
    for row in dict.fromkeys(row for _, boot in boots for row in boot.rows):
        known = mmsim_costs(boots, row)
        if len(known) < 2:
            continue
        print(f"{row:<38}" + "".join(f"{cell(dict(known).get(size), 1):>10}" for size, _ in boots))
        for (small, less), (large, more) in zip(known, known[1:]):
            if more <= less * (1 + SAME_WITHIN):
                passed += 1
            else:
                notes.append(f"FAILED: {row}: {more:.1f} in {large}, {less:.1f} in {small}: it grows with the region")
    if not passed and not notes:
        notes.append("FAILED: no row was measured in two sizes")
    return finish(passed, notes)


def compare_engines(engines):
    """A table of the host's instructions and of each engine's, for the rows that all engines have; these are counted."""
    boots = read_named(engines)
    passed, notes = 0, not_measured(boots)
    print("\nInstructions by engine")
    print(f"{'operation':<38}{'host':>10}" + "".join(f"{engine:>10}" for engine, _ in boots))
    for row in boots[-1][1].rows:
        known = mmsim_costs(boots, row)
        if len(known) < len(boots):
            notes.append(f"FAILED: {row} was not measured with each engine")
            continue
        host = boots[0][1].rows[row]["host"]["value"]
        print(f"{row:<38}{cell(host, 1):>10}" + "".join(f"{cell(cost, 1):>10}" for _, cost in known))
        passed += 1
    if not passed and not notes:
        notes.append("FAILED: no row was measured")
    return finish(passed, notes)


def compare_memory(kernel, path, out):
    """A table of what the mix costs the host and the engines, and the counts of those that were measured and not."""
    sides = Boot(path).memory
    columns = ("memory", "objects", "asked", "held", "hoarded")
    with open(out, "w", encoding="utf-8") as f:
        print("\t".join(columns), file=f)
        for side in sides:
            print("\t".join(str(side[column]) for column in columns), file=f)
    asked = sides[0]["asked"] if sides else 0
    print(f"\nMemory: a recorded mix of kmalloc on Linux {kernel}, {sides[0]['objects'] if sides else 0} objects, bytes")
    form = "{:<8}{:>10}{:>10}{:>12}{:>10}"
    print(form.format("", "asked", "held", "held/asked", "hoarded"))
    good = []
    for side in sides:
        print(form.format(side["memory"], side["asked"], side["held"], f"{side['held'] / side['asked']:.3f}", side["hoarded"]))
        if side["asked"] == asked and side["held"] > asked and side["hoarded"] >= 0:
            good.append(side["memory"])
    bad = [name for name in ("host", "slub", "slab", "slob") if name not in good]
    for name in bad:
        print(f"FAILED: memory of {name} wasn't measured, or holds less than was asked for")
    print(f"{len(good)} passed, {len(bad)} failed")
    return 1 if bad else 0


def cell(value, digits):
    if value is None or value == "":
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def main():
    parser = argparse.ArgumentParser(description="judges the benchmark's results")
    parser.add_argument("--gate", type=int, choices=(1, 2))
    parser.add_argument("--kernel")
    parser.add_argument("--out")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--engines", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("results", nargs="+")
    args = parser.parse_args()
    if args.sizes:
        return compare_sizes(args.results)
    if args.engines:
        return compare_engines(args.results)
    if args.memory and None not in (args.kernel, args.out):
        return compare_memory(args.kernel, args.results[0], args.out)
    if None in (args.gate, args.kernel, args.out):
        parser.error("--gate, --kernel and --out are wanted")
    report = Report(args.gate, args.kernel, [Boot(path) for path in args.results], read_targets())
    report.judge()
    report.write(args.out)
    report.show()
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
