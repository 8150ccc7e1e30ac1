"""Full ranking evaluation beside LensKit's: the same data, the same cheap model (popularity), lists of 20.

    python -m venv venv && venv/bin/pip install lenskit==2025.8.1
    anklang evaluate ../shared/data/gowalla --model popularity:half_life_days=0 --json > ours.json
    venv/bin/python benches/peers/ranking_lenskit.py ../shared/data/gowalla --ours ours.json [--members 3000]

Prints JSON: LensKit's seconds for scoring and ranking, and for measuring NDCG and recall; what it measured, which is to be
what was measured here; and how many times longer it took than ours, which scores, ranks and takes 13 measures. With
--members, only the first so many are asked, and the time for all is extrapolated.
"""

import argparse
import json
import time

import lenskit
import numpy as np
import pandas as pd
from lenskit import batch
from lenskit.basic import PopScorer
from lenskit.data import ItemListCollection, from_interactions_df
from lenskit.metrics import NDCG, Recall, RunAnalysis
from lenskit.pipeline import topn_pipeline


def read(path):
    users, items = [], []
    for line in open(path):
        user, *rest = map(int, line.split())
        users += [user] * len(rest)
        items += rest
    return pd.DataFrame({"user_id": np.array(users), "item_id": np.array(items)})


def main():
    words = argparse.ArgumentParser()
    words.add_argument("folder")
    words.add_argument("--ours")
    words.add_argument("--members", type=int)
    words.add_argument("--jobs", type=int)
    words = words.parse_args()
    folder = words.folder
    train, test = read(f"{folder}/train.txt"), read(f"{folder}/test.txt")
    members = test["user_id"].nunique()
    asked = words.members or members
    data = from_interactions_df(train)
    truth = ItemListCollection.from_df(test[test["user_id"] < np.sort(test["user_id"].unique())[asked - 1] + 1], ["user_id"])
    pipe = topn_pipeline(PopScorer())
    pipe.train(data)
    began, cpu = time.perf_counter(), time.process_time()
    lists = batch.recommend(pipe, [key.user_id for key in truth.keys()], n=20, n_jobs=words.jobs)
    ranked = time.perf_counter()
    analysis = RunAnalysis(NDCG(20), Recall(20))
    result = analysis.measure(lists, truth)
    done = time.perf_counter()
    means = {name: float(value) for name, value in result.list_summary()["mean"].items()}
    seconds = (done - began) * members / len(truth)
    said = {
        "lenskit": lenskit.__version__,
        "asked": len(truth),
        "rank_seconds": ranked - began,
        "measure_seconds": done - ranked,
        "seconds_for_all": seconds,
        # Of this process alone: all there is with --jobs 1, and what a busy machine does not change.
        "cpu_seconds_for_all": (time.process_time() - cpu) * members / len(truth),
        "means": means,
    }
    if words.ours:
        ours = json.load(open(words.ours))
        said["ours_seconds"] = ours["surroundings"]["costs"][0]["rank_seconds"]
        said["ours_means"] = {mean["of"]: mean["mean"] for mean in ours["models"][0]["means"]}
        said["times_longer"] = seconds / said["ours_seconds"]
    print(json.dumps(said, indent=1))


# Its workers import this file.
if __name__ == "__main__":
    main()
