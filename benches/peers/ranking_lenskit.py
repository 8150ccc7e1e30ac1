"""Full ranking evaluation with LensKit: the same data, the same cheap model (popularity), lists of 20, NDCG and recall.

    python -m venv venv && venv/bin/pip install lenskit==2025.8.1
    venv/bin/python benches/peers/ranking_lenskit.py ../shared/data/gowalla [MEMBERS]

Prints JSON: seconds for scoring, ranking and measuring, and what was measured. With MEMBERS, only so many are asked, and the
time for all is extrapolated. Ours, for the ratio: `anklang evaluate ../shared/data/gowalla --model popularity --json`, where
`rank_seconds` is scoring, ranking and 13 measures.
"""

import json
import sys
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
    folder = sys.argv[1]
    train, test = read(f"{folder}/train.txt"), read(f"{folder}/test.txt")
    members = test["user_id"].nunique()
    asked = int(sys.argv[2]) if len(sys.argv) > 2 else members
    data = from_interactions_df(train)
    truth = ItemListCollection.from_df(test[test["user_id"] < np.sort(test["user_id"].unique())[asked - 1] + 1], ["user_id"])
    pipe = topn_pipeline(PopScorer())
    pipe.train(data)
    began = time.perf_counter()
    lists = batch.recommend(pipe, [key.user_id for key in truth.keys()], n=20)
    ranked = time.perf_counter()
    analysis = RunAnalysis(NDCG(20), Recall(20))
    result = analysis.measure(lists, truth)
    done = time.perf_counter()
    means = {name: float(value) for name, value in result.list_summary()["mean"].items()}
    print(
        json.dumps(
            {
                "lenskit": lenskit.__version__,
                "asked": len(truth),
                "rank_seconds": ranked - began,
                "measure_seconds": done - ranked,
                "seconds_for_all": (done - began) * members / len(truth),
                "means": means,
            }
        )
    )


# Its workers import this file.
if __name__ == "__main__":
    main()
