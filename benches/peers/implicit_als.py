"""iALS here beside the library implicit, on one machine, in turns, with equally many threads.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install implicit
    cargo build --release -p anklang-models --example peers_ours
    /tmp/peers/bin/python benches/peers/implicit_als.py target/release/examples/peers_ours ../shared/data/gowalla

Both fit 16 epochs to train.txt and rank all items for the users of test.txt, each with parameters chosen on a fifth of the
train part (`--share 0.2` shows that). Every round runs each once, in a process of its own; the table tells the median over
rounds of the median epoch (wall; processor time of all threads beside it, which a busy machine disturbs less), Recall@20
(÷ |T|), NDCG@20 (ideal over min(|T|, 20)), and the most memory the process held until the fit's end.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

EPOCHS = 16
# Both chosen by the same search over weight and regularisation on a fifth of the train part, with 64 factors.
OURS = {"unobserved": 0.01, "regularization": 0.003}
THEIRS = {"alpha": 100.0, "regularization": 100.0}


def read(path):
    lists = {}
    for line in open(path):
        user, *items = map(int, line.split())
        lists[user] = items
    return lists


def part(train, share):
    """As `part` in ours.rs takes a share of each list away."""
    mask = (1 << 64) - 1
    wanted = {}
    for user, items in train.items():
        def order(item, user=user):
            mixed = ((user * 0x9E3779B97F4A7C15) ^ (item * 0xD6E8FEB86659FD93)) & mask
            return ((mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93) & mask
        items = sorted(items, key=order)
        kept = len(items) - int(len(items) * share)
        train[user], wanted[user] = items[:kept], items[kept:]
    return wanted


def peak_mb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024


def peer(args):
    """One fit of implicit, told as ours.rs tells its own."""
    import numpy as np
    import scipy.sparse as sp
    from implicit.als import AlternatingLeastSquares

    train, wanted = read(f"{args.data}/train.txt"), read(f"{args.data}/test.txt")
    items = 1 + max(max(max(row, default=0) for row in lists.values()) for lists in (train, wanted))
    if args.share:
        wanted = part(train, args.share)
    pairs = [(user, item) for user, row in train.items() for item in set(row)]
    users, cols = np.array(pairs, dtype=np.int32).T
    shape = (1 + max([*train, *wanted]), items)
    matrix = sp.csr_matrix((np.ones(len(pairs), dtype=np.float32), (users, cols)), shape=shape)
    del pairs, users, cols
    spec = json.loads(args.spec)
    model = AlternatingLeastSquares(**spec, iterations=args.epochs, num_threads=args.threads, use_gpu=False, random_state=1)
    steps = []
    model.fit_callback = lambda *_: steps.append((time.perf_counter(), time.process_time()))
    start = time.perf_counter()
    model.fit(matrix, show_progress=False)
    told = {"fit_s": time.perf_counter() - start, "fit_mb": peak_mb()}
    for name, clock in (("step_s", 0), ("step_cpu_s", 1)):
        told[name] = [after[clock] - before[clock] for before, after in zip(steps, steps[1:])]

    gains = 1 / np.log2(np.arange(20) + 2)
    asked = [user for user, row in wanted.items() if row]
    recalls, ndcgs = [], []
    for first in range(0, len(asked), 256):
        batch = asked[first:first + 256]
        scores = model.user_factors[batch] @ model.item_factors.T
        for user, row in zip(batch, scores):
            row[train.get(user, [])] = -np.inf
            best = np.argpartition(-row, 20)[:20]
            best = best[np.argsort(-row[best], kind="stable")]
            hits = np.isin(best, wanted[user])
            count = len(set(wanted[user]))
            recalls.append(hits.sum() / count)
            ndcgs.append(gains[hits].sum() / gains[:min(count, 20)].sum())
    told["recall"], told["ndcg"] = float(np.mean(recalls)), float(np.mean(ndcgs))
    print(json.dumps(told))


def run(command, threads):
    # implicit asks for one thread of the linear algebra below it: its own threads are the parallelism.
    single = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    env = os.environ | single | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    return json.loads(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("data")
    parser.add_argument("--factors", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--spec", help="one fit of implicit with these arguments, and nothing else")
    args = parser.parse_args()
    if args.spec:
        return peer(args)
    share = [str(args.share)] if args.share else []
    print("factors  who       epoch s  cpu s  recall   ndcg  peak MB")
    for factors in args.factors:
        ours = json.dumps({"model": "als", "factors": factors, "epochs": args.epochs, **OURS})
        theirs = json.dumps({"factors": factors, **THEIRS})
        again = [sys.executable, __file__, args.ours, args.data, "--spec", theirs, "--share", str(args.share)]
        again += ["--epochs", str(args.epochs), "--threads", str(args.threads)]
        told = {"ours": [], "implicit": []}
        for _ in range(args.rounds):
            told["ours"].append(run([args.ours, args.data, ours, *share], args.threads))
            told["implicit"].append(run(again, args.threads))
        for who, runs in told.items():
            wall, cpu = (statistics.median(statistics.median(one[name]) for one in runs) for name in ("step_s", "step_cpu_s"))
            last = runs[-1]
            row = f"{factors:7}  {who:8} {wall:8.3f} {cpu:6.3f}  {last['recall']:.4f} {last['ndcg']:.4f} {last['fit_mb']:8}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
