#!/usr/bin/env python3
"""Run an outside measurement and compare what it counts with the floors that it must not fall below.

    floors.py conformance ENGINE FOLDER FLOORS     cases that agree, by group (FOLDER/run.py)
    floors.py names ENGINE FOLDER FLOORS           recall and false positives of `ENGINE domain` (FOLDER/score.py)

FLOORS has lines `conformance GROUP COUNT`, `names recall|false SET PERCENT` (false: in 100,000, a ceiling). Sets are those
of the table for the verdict 'fraud', with _ in place of spaces. Prints the measurement and what fell short; the exit
status is 1 when anything did.
"""
import re, subprocess, sys


def floors(path, kind):
    with open(path, encoding="utf8") as f:
        rows = [l.split() for l in f if l.strip() and not l.startswith("#")]
    return [r[1:] for r in rows if r[0] == kind]


def run(command):
    p = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(p.stdout, end="", flush=True)
    if p.returncode:
        sys.exit("floors: %s ended with status %d" % (command[1], p.returncode))
    return p.stdout


def conformance(engine, folder, wanted):
    out = run([sys.executable, folder + "/run.py", "--engine", engine])
    have = {g: int(n) for g, n in re.findall(r"^(\S+)\s+(\d+) of\s+\d+$", out, re.M)}
    return ["%s: %d agree, the floor is %s" % (g, have.get(g, 0), n) for g, n in wanted if have.get(g, 0) < int(n)]


def names(engine, folder, wanted):
    out = run([sys.executable, folder + "/score.py", "--engine", engine])
    table = out.split("verdict 'fraud'\n", 1)[1].split("\n\n", 1)[0]
    have = {("recall" if k == "recall" else "false", label.strip().replace(" ", "_")): float(v)
            for k, label, v in re.findall(r"^  (recall|false positives)\s+(.+?)\s+([\d.]+) (?:%|in 100,000)", table, re.M)}
    short = []
    for kind, label, value in wanted:
        got = have.get((kind, label))
        if got is None or (got < float(value) if kind == "recall" else got > float(value)):
            short.append("%s %s: %s, wanted %s %s" % (kind, label, got, "at least" if kind == "recall" else "at most", value))
    return short


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("conformance", "names"):
        sys.exit(__doc__)
    kind, engine, folder, path = sys.argv[1:]
    short = {"conformance": conformance, "names": names}[kind](engine, folder, floors(path, kind))
    for line in short:
        print("below the floor: " + line)
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
