#!/usr/bin/env python3
"""Run an outside measurement and compare what it counts with the floors that it must not fall below.

    floors.py conformance ENGINE FOLDER FLOORS     cases that agree, by group (FOLDER/run.py)
    floors.py names ENGINE FOLDER FLOORS           recall and false positives of `ENGINE domain` (FOLDER/score.py)
    floors.py agreement ENGINE FOLDER FLOORS       alerts of public rules as another engine raises them (FOLDER/bench/agree.py)
    floors.py cost ENGINE FOLDER FLOORS            processor time and memory with those rules (FOLDER/bench/measure.py)

FLOORS has lines `conformance GROUP COUNT`, `names recall|false SET PERCENT` (false: in 100,000, a ceiling), `agreement
captures|flows|near recall|precision PERCENT`, `cost processing|memory CEILING` (shares of gzip -1, MB). Sets are those of the
table for the verdict 'fraud', with _ in place of spaces. Prints the measurement and what fell short; the exit
status is 1 when anything did.
"""
import gzip, os, re, shutil, subprocess, sys, tempfile


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


def unpacked(folder, tmp):
    """The public rules as a plain file."""
    path = os.path.join(tmp, "public.rules")
    with gzip.open(folder + "/rules/et-open.rules.gz") as packed, open(path, "wb") as plain:
        shutil.copyfileobj(packed, plain)
    return path


def agreement(engine, folder, wanted):
    short = []
    with tempfile.TemporaryDirectory() as tmp:
        rules = unpacked(folder, tmp)
        for what, flags in (("captures", []), ("flows", ["--flows"]), ("near", ["--near"])):
            out = run([sys.executable, folder + "/bench/agree.py", "--engine", engine, "--rules", rules, "--worst", "3"] + flags)
            have = {k: float(v) for k, v in re.findall(r"^(recall|precision)\s+([\d.]+) %", out, re.M)}
            short += ["%s %s: %.2f, wanted at least %s" % (what, k, have.get(k, 0), v)
                      for w, k, v in wanted if w == what and have.get(k, 0) < float(v)]
    return short


def cost(engine, folder, wanted):
    with tempfile.TemporaryDirectory() as tmp:
        mix = os.path.join(tmp, "mix.pcap")
        run([sys.executable, folder + "/bench/mkmix.py", mix, "60", "60"])
        rules = unpacked(folder, tmp)
        for _ in range(3):  # who shares the machine makes some tries worthless: the first that is within counts
            out = run([sys.executable, folder + "/bench/measure.py", "--engine", os.path.abspath(engine), "--pcap", mix,
                       "--rules", rules, "--runs", "3"])
            have = {k: float(v) for k, v in re.findall(r"(processing|memory) ([\d.]+)", out)}
            short = ["%s: %s, wanted at most %s" % (k, have.get(k), v) for k, v in wanted if have.get(k, 1e9) > float(v)]
            if not short:
                break
    return short


def main():
    kinds = {"conformance": conformance, "names": names, "agreement": agreement, "cost": cost}
    if len(sys.argv) != 5 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    kind, engine, folder, path = sys.argv[1:]
    short = kinds[kind](engine, folder, floors(path, kind))
    for line in short:
        print("below the floor: " + line)
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
