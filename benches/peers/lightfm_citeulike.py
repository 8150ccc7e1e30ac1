"""LightFM (PyPI `lightfm` 1.17) on a split that Anklang wrote, measured as Anklang measures.

    cargo run --release -p anklang-datasets --example content -- DATA/citeulike-a cold_items validation --write /tmp/validation
    cargo run --release -p anklang-datasets --example content -- DATA/citeulike-a cold_items test --write /tmp/test
    pip install numpy scipy lightfm     # lightfm needs "cython<3" and --no-build-isolation with newer tools
    python lightfm_citeulike.py DATA/citeulike-a /tmp/validation /tmp/test

Parameters are chosen on the validation part by N@20; the test part is asked once with the best. Items are their tags, rows
of length 1 as `LightFM` documents for hybrid models; where all items may be listed (a warm split), each item has a feature
of its own as well. R@20 is divided by |T|, IDCG has min(|T|, 20) places; ties keep the order of items.
"""

import itertools
import sys
import time

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

SEED = 1
SEARCH = list(itertools.product(("warp",), (64, 128), (0.02, 0.05), (0.0, 1e-6), (10, 30)))


def lists(path):
    for line in open(path):
        row = [int(word) for word in line.split()]
        yield row[0], row[1:]


def tags(folder):
    rows = [[int(word) for word in line.split()[1:]] for line in open(f"{folder}/item-tag.dat")]
    entries = [(item, tag) for item, row in enumerate(rows) for tag in set(row)]
    items, columns = zip(*entries)
    matrix = sp.csr_matrix((np.ones(len(entries), np.float32), (items, columns)), shape=(len(rows), max(columns) + 1))
    length = np.asarray(matrix.sum(1)).ravel()
    return sp.diags(1 / np.maximum(length, 1)).dot(matrix).tocsr().astype(np.float32)


def split(folder, items):
    train = dict(lists(f"{folder}/train.txt"))
    test = dict(lists(f"{folder}/test.txt"))
    pairs = [(member, item) for member, row in train.items() for item in set(row)]
    matrix = sp.coo_matrix((np.ones(len(pairs), np.float32), tuple(zip(*pairs))), shape=(max(train) + 1, items))
    cold = np.array([int(line) for line in open(f"{folder}/candidates.txt")], dtype=int)
    return matrix, train, test, cold


def measure(model, features, train, test, cold, k=20):
    candidates = cold if len(cold) else np.arange(features.shape[0])
    biases, vectors = model.get_item_representations(features[candidates])
    _, members = model.get_user_representations()
    discount = 1 / np.log2(np.arange(2, k + 2))
    recall, ndcg = [], []
    for member, targets in test.items():
        scores = vectors @ members[member] + biases
        if not len(cold):
            scores[train[member]] = -np.inf
        top = candidates[np.argsort(-scores, kind="stable")[:k]]
        hits = np.isin(top, targets)
        recall.append(hits.sum() / len(targets))
        ndcg.append((hits * discount).sum() / discount[: min(k, len(targets))].sum())
    return float(np.mean(recall)), float(np.mean(ndcg))


def run(content, folder, loss, rank, rate, alpha, epochs):
    train_matrix, train, test, cold = split(folder, content.shape[0])
    features = content if len(cold) else sp.hstack([sp.identity(content.shape[0], dtype=np.float32), content]).tocsr()
    began = time.time()
    model = LightFM(no_components=rank, loss=loss, learning_rate=rate, item_alpha=alpha, random_state=SEED)
    model.fit(train_matrix, item_features=features, epochs=epochs, num_threads=1)
    return *measure(model, features, train, test, cold), time.time() - began


def main():
    data, validation, test = sys.argv[1:]
    content = tags(data)
    best = None
    for settings in SEARCH:
        recall, ndcg, seconds = run(content, validation, *settings)
        print(f"validation R@20 {recall:.4f} N@20 {ndcg:.4f} {seconds:.0f} s {settings}", flush=True)
        best = max(best or (0.0, None), (ndcg, settings))
    recall, ndcg, seconds = run(content, test, *best[1])
    print(f"test R@20 {recall:.4f} N@20 {ndcg:.4f} {seconds:.0f} s {best[1]}")


if __name__ == "__main__":
    main()
