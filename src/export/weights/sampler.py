"""Draws samples by weight, as `lenslet balance --weights` wrote them."""

import csv
from pathlib import Path

import torch
from torch.utils.data import WeightedRandomSampler

# Wherever this is run.
WEIGHTS = Path(__file__).resolve().parent / "weights.csv"


def balanced_sampler(paths, weights=WEIGHTS, seed=0):
    """A sampler for a dataset whose samples have these paths, in its order.

    Paths are relative to the folder of the dataset or of the export, with / between folders. What is not in the file
    is never drawn. An epoch has as many draws as the plan has samples, repeats included.
    """
    with open(weights, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    weight_of = {row["path"]: int(row["repeat"]) * float(row["weight"]) for row in rows}
    return WeightedRandomSampler(
        [weight_of.get(path, 0.0) for path in paths],
        num_samples=sum(int(row["repeat"]) for row in rows),
        replacement=True,
        generator=torch.Generator().manual_seed(seed),
    )
