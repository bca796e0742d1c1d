#!/usr/bin/env python3
"""Train the model of lookalike names.

    train.py --names DIR [--until 2024-01-01] [--out ../../detector/fraud/model.bin]

DIR holds the name lists that PROVENANCE.md describes; none of them is part of this repository. Only lists and rows that
their publishers allow to be used are read. Names first seen on or after --until are left out, so that what comes later can
test the model. Needs numpy, PyYAML and the go command; the same input gives the same file.
"""
import argparse, csv, gzip, hashlib, os, random, struct, subprocess, sys

import numpy as np
import yaml

import synthetic

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
BITS = 18
# Benign names in 100,000 that may be called fraud, by class of evidence in the order of detector/fraud/class.go.
CLASSES = "spelling lure series social game global short near brand gov".split()
BUDGET = (0, 1.6, 0.2, 0.1, 1.1, 0.1, 1.1, 1.5, 2.7, 0.4)
TRANCO = 0.3  # what Tranco names count in that; visited hosts count for the rest
SOFT = 0.25  # how far a name's score counts to both sides: no threshold hangs on a single name
MAY_TRAIN = {"cld_elliot", "hostsvn_threatVN"}  # BSD-3 and MIT; the others name no licence


def opened(folder, name):
    path = os.path.join(folder, name)
    return gzip.open(path + ".gz", "rt", encoding="utf8") if os.path.exists(path + ".gz") else open(path, encoding="utf8")


def column(folder, name):
    with opened(folder, name) as f:
        return [line.split("\t")[0].strip() for line in f if line.strip() and not line.startswith("#")]


def part(name):
    """A number from 0 to 99 that depends on the name alone: names of one series fall into one part."""
    letters = "".join(c for c in name if not c.isdigit())
    return hashlib.sha1(letters.encode()).digest()[0] * 100 // 256


def series(folder, rnd):
    """Names made from the published patterns of numbered series, one for every four members."""
    out = []
    with opened(folder, "series_patterns_dev.tsv") as f:
        for line in f:
            pattern, _, count = line.strip().partition("\t")
            if not count.isdigit() or "#.#" in pattern or pattern in ("#.com", "#.vip", "#.cc"):
                continue
            for _ in range(max(2, int(count) // 4)):
                n = rnd.choice([1, 2, 2, 3, 3, 4])
                out.append(pattern.replace("#", "".join(rnd.choice("0123456789") for _ in range(n))))
    return out


def load(folder, until, rnd):
    """Lists of (name, label, weight, whether it is a benign name as listed)."""
    rows = []
    later = set()  # names that test the model, whatever list they are on
    with opened(folder, "domains_scam_vn.tsv") as f:
        for r in csv.DictReader(f, delimiter="\t"):
            if r["first_seen"] >= until:
                later |= {r["host"], r["regdomain"]}
    with opened(folder, "domains_scam_vn.tsv") as f:
        for r in csv.DictReader(f, delimiter="\t"):
            if set(r["sources"].split(";")) <= MAY_TRAIN and r["first_seen"] < until and "tranco" not in r["flags"]:
                rows.append((r["host"], 1, 12.0))
    scam = {n for n, _, _ in rows}
    with opened(folder, "gambling_hostsvn.tsv") as f:
        for line in f:
            name, _, seen = line.strip().partition("\t")
            if seen and seen < until and name not in later:
                rows.append((name, 1, 0.5))
    rows += [(n, 1, 2.0) for n in series(folder, rnd)]
    for name, family, weight in (("malware_android_fakeapp_maltrail_20260823.tsv", "fakeapp", 0.15),):
        with opened(folder, name) as f:
            rows += [(n, 1, weight) for n, _, fam in (l.strip().partition("\t") for l in f) if fam == family and n not in later]
    with open(os.path.join(ROOT, "rules", "fraud", "brands.yaml"), encoding="utf8") as f:
        brands = yaml.safe_load(f)["brands"]
    made = synthetic.clean(synthetic.brand_names(brands, rnd) + synthetic.lure_names(rnd) + synthetic.series_names(rnd))
    rows += [(n, 1, 0.6) for n in made if n not in later]
    for name in column(folder, "benign_tranco1m_20250115.txt"):
        if name not in scam:
            vn = name.endswith(".vn")
            weight = 12.0 if vn else 1.0
            rows.append((name, 0, weight, True))
            if rnd.random() < 0.25:
                rows.append((synthetic.with_sub(name, rnd), 0, weight, False))
            if rnd.random() < 0.06:
                rows.append((synthetic.hosted(name, rnd), 0, weight, False))
    return [r if len(r) == 4 else (*r, False) for r in rows]


def features(names):
    """Feature numbers of the names in one row after the other, with the ends of the rows, and the count of features."""
    brands = os.path.join(ROOT, "rules", "fraud", "brands.yaml")
    p = subprocess.run(["go", "run", "./deploy/train/features", brands], cwd=ROOT, input="\n".join(names) + "\n",
                       stdout=subprocess.PIPE, text=True, check=True)
    first, _, rest = p.stdout.partition("\n")
    lines = rest.split("\n")[:len(names)]
    lengths = np.fromiter((l.count(" ") for l in lines), dtype=np.int64, count=len(names))
    classes = np.fromiter((int(l.partition(" ")[0]) if l else 0 for l in lines), dtype=np.int64, count=len(names))
    ids = np.fromstring("\n".join(l.partition(" ")[2] for l in lines), dtype=np.int32, sep=" ")
    assert len(ids) == lengths.sum(), (len(ids), lengths.sum())
    return ids, np.concatenate([[0], np.cumsum(lengths)]), classes, int(first)


def fit(ids, ends, y, weight, nfeat, epochs, seed, l2_feat, l2_gram, rate):
    """Logistic regression by mini-batches with Adagrad. The first number is the bias."""
    rng = np.random.default_rng(seed)
    dim = nfeat + (1 << BITS)
    w = np.zeros(dim)
    w[0] = -4
    acc = np.full(dim, 1e-3)
    l2 = np.concatenate([np.full(nfeat, l2_feat), np.full(1 << BITS, l2_gram)])
    l2[0] = 0
    n = len(y)
    for epoch in range(epochs):
        order = rng.permutation(n)
        loss = 0.0
        for k in range(0, n, 8192):
            rows = order[k:k + 8192]
            lens = ends[rows + 1] - ends[rows]
            where = np.repeat(ends[rows] - np.concatenate([[0], np.cumsum(lens)[:-1]]), lens) + np.arange(lens.sum())
            cols = ids[where]
            owner = np.repeat(np.arange(len(rows)), lens)
            z = w[0] + np.bincount(owner, weights=w[cols], minlength=len(rows))
            p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
            loss += float(np.sum(weight[rows] * -np.log(np.where(y[rows] == 1, p, 1 - p) + 1e-12)))
            g = weight[rows] * (p - y[rows])
            grad = np.bincount(cols, weights=g[owner], minlength=dim)
            grad[0] += g.sum()
            grad += l2 * w * (len(rows) / n)
            acc += grad * grad
            w -= rate * grad / np.sqrt(acc)
        print("epoch %d: loss %.5f" % (epoch + 1, loss / weight.sum()), file=sys.stderr)
    return w


def write(path, w, nfeat, fraud, suspicious):
    """fraud: thresholds by class of evidence, in the order of detector/fraud/class.go."""
    grams = w[nfeat:]
    scale = max(float(np.percentile(np.abs(grams[grams != 0]), 99.9)), 1e-6) / 127
    q = np.clip(np.round(grams / scale), -127, 127).astype(np.int8)
    with open(path, "wb") as f:
        f.write(b"KFM2" + struct.pack("<IIff", BITS, nfeat, scale, suspicious) + struct.pack("<%df" % len(fraud), *fraud))
        f.write(w[:nfeat].astype("<f4").tobytes() + q.tobytes())
    return np.concatenate([w[:nfeat], q * scale])


def scores(w, ids, ends):
    owner = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    return w[0] + np.bincount(owner, weights=w[ids], minlength=len(ends) - 1)


def false_alarms(z, t):
    """How many of the scores are above t, each counted softly."""
    return float(np.sum(1 / (1 + np.exp(np.clip((t - z) / SOFT, -50, 50)))))


def threshold(budget, hosts, all_hosts, seen, all_seen):
    """The lowest score that keeps the false alarms of one class within its budget."""
    for t in np.arange(-5, 12, 0.1):
        rate = 1e5 * ((1 - TRANCO) * false_alarms(hosts, t) / all_hosts + TRANCO * false_alarms(seen, t) / all_seen)
        if rate <= budget:
            return float(t)
    return 12.0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--names", required=True)
    ap.add_argument("--until", default="2024-01-01")
    ap.add_argument("--out", default=os.path.join(ROOT, "detector", "fraud", "model.bin"))
    ap.add_argument("--epochs", type=int, default=6)
    ap.add_argument("--suspicious", type=float, default=700, help="benign names in 100,000 that may be suspicious")
    a = ap.parse_args()
    rows = load(a.names, a.until, random.Random(7))
    names = [r[0] for r in rows]
    y = np.array([r[1] for r in rows], dtype=float)
    weight = np.array([r[2] for r in rows])
    fold = np.array([part(n) % 2 for n in names])
    print("%d names, %d of them fraudulent" % (len(rows), int(y.sum())), file=sys.stderr)
    ids, ends, classes, nfeat = features(names)
    weight = weight * (ends[1:] > ends[:-1])
    # Thresholds come from benign names that the model in question has not seen: each half is scored by the other's.
    z = np.full(len(rows), -30.0)
    for half in (0, 1):
        w = fit(ids, ends, y, weight * (fold != half), nfeat, a.epochs, 7, 2.0, 4.0, 0.15)
        z[fold == half] = scores(w, ids, ends)[fold == half]
    z[ends[1:] == ends[:-1]] = -30
    bad = set(column(a.names, "gambling_hostsvn.tsv")) | set(column(a.names, "phish_phishing_database_active_part2_20260801.txt"))
    with opened(a.names, "domains_scam_vn.tsv") as f:
        for r in csv.DictReader(f, delimiter="\t"):
            bad |= {r["host"], r["regdomain"]}
    benign = np.array([r[1] == 0 and r[0] not in bad and r[3] for r in rows])
    count = int(benign.sum())

    tz, tclass = z[benign], classes[benign]
    suspicious = float(np.sort(tz)[::-1][int(count * a.suspicious / 1e5)])

    # A second list, of hosts that people visit, which no model has seen: it sets thresholds and no weights.
    hosts = [n for n in column(a.names, "benign_crux1m_20251223.txt") if n not in bad]
    half = np.array([part(n) % 2 for n in hosts])
    hids, hends, hclasses, _ = features(hosts)
    w = fit(ids, ends, y, weight, nfeat, a.epochs, 7, 2.0, 4.0, 0.15)
    hz = np.where(hends[1:] > hends[:-1], scores(w, hids, hends), -30)

    def thresholds(mask):
        out = [1e9]
        for c in range(1, len(BUDGET)):
            t = threshold(BUDGET[c], hz[mask & (hclasses == c)], int(mask.sum()), tz[tclass == c], count)
            out.append(max(t, suspicious))
        return np.array(out)

    for k in (0, 1):  # what to expect of hosts that set no threshold
        wrong = (hz >= thresholds(half == k)[hclasses]) & (half != k)
        print("thresholds of half %d: %.1f in 100,000 of the other half" % (k, 1e5 * wrong.sum() / (half != k).sum()), file=sys.stderr)
    fraud = thresholds(half >= 0)
    write(a.out, w, nfeat, fraud, suspicious)
    print("%d benign names; thresholds: suspicious %.3f, %s" % (count, suspicious, ", ".join("%s %.2f" % p for p in zip(CLASSES[1:], fraud[1:]))), file=sys.stderr)


if __name__ == "__main__":
    main()
