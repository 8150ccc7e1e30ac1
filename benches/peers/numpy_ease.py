"""EASE beside NumPy: the same matrix, the same run, one after the other.

    cargo build --release -p anklang-models --example peers_ease
    python numpy_ease.py TARGET_DIR/release/examples/peers_ease ../shared/data/gowalla 10000 200

Needs numpy and scipy. Each side runs in a process of its own, so that its peak memory is its own. NumPy's side is the
published one (Steck 2019: numpy.linalg.inv), in single precision; beside it the fastest that LAPACK has (potrf, potri).
"""

import json
import resource
import subprocess
import sys
import time

import numpy
import scipy.linalg
import scipy.sparse


def matrix(folder, items):
    users, columns = [], []
    with open(folder + "/train.txt") as lines:
        for line in lines:
            numbers = list(map(int, line.split()))
            users += numbers[:1] * (len(numbers) - 1)
            columns += numbers[1:]
    users, columns = numpy.array(users), numpy.array(columns)
    order = numpy.argsort(-numpy.bincount(columns), kind="stable")
    place = numpy.full(len(order), -1)
    place[order[:items]] = numpy.arange(min(items, len(order)))
    kept = place[columns] >= 0
    values = numpy.ones(kept.sum(), numpy.float32)
    shape = (users.max() + 1, min(items, len(order)))
    return scipy.sparse.csr_matrix((values, (users[kept], place[columns[kept]])), shape=shape)


def ease(folder, items, l2, way):
    x = matrix(folder, items)
    started = time.perf_counter()
    g = (x.T @ x).toarray()
    diagonal = numpy.diag_indices(len(g))
    g[diagonal] += l2
    if way == "numpy.linalg.inv":
        p = numpy.linalg.inv(g)
    else:
        c, info = scipy.linalg.lapack.spotrf(g.T, lower=1, overwrite_a=1)
        p, info = scipy.linalg.lapack.spotri(c, lower=1, overwrite_c=1)
        p = numpy.tril(p) + numpy.tril(p, -1).T
    b = p / -numpy.diag(p)
    b[diagonal] = 0
    seconds = time.perf_counter() - started
    total = float(numpy.abs(b[::100]).sum(dtype=numpy.float64))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": round(seconds, 3), "peak_mb": round(peak), "sum": total}))


def main():
    if sys.argv[1] == "--one":
        return ease(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
    ours, folder, items, l2 = sys.argv[1:5]
    rows = [("Anklang", [ours, folder, items, l2])]
    for way in ("numpy.linalg.inv", "potrf + potri"):
        rows.append((way, [sys.executable, __file__, "--one", folder, items, l2, way]))
    # Twice, in turns: others may use the machine too; the quicker counts.
    found = {name: [] for name, _ in rows}
    for _ in range(2):
        for name, command in rows:
            found[name].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    print(f"EASE, {items} items, single precision, numpy {numpy.__version__}, scipy {scipy.__version__}")
    print(f"{'':18} {'seconds':>8} {'peak MB':>8} {'sum of |B|':>14}")
    for name, _ in rows:
        best = min(found[name], key=lambda row: row["seconds"])
        print(f"{name:18} {best['seconds']:8.2f} {best['peak_mb']:8.0f} {best['sum']:14.4f}")


main()
