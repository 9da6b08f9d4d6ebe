"""Writes baseline_roundoff.json: how far PyTorch's own runs of baseline.json are from it, disturbed by round-off.

    python3 baseline_roundoff.py

"disturbed" has, for each row and stored step, the largest deviation of a weight, relative to itself, in RUNS
runs; the first is as stored, and each other starts with every weight moved to the float64 above or below it.
Where that is more than 1e-12, round-off alone is. "path" has, for such rows, the weights of the first run after
more steps, up to the last one before that.

Needs torch 2.15.0.
"""
import json
import math
import pathlib
import random

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from baseline_check import BOUND, CLASSES

RUNS = 10
MORE = (2, 3, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)

here = pathlib.Path(__file__)
baseline = json.loads(here.with_name("baseline.json").read_text())
torch.set_num_threads(1)


def weights(row, init):
    """Returns the weights after each step."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1), torch.nn.Sigmoid()).double()
    vector_to_parameters(torch.tensor(init, dtype=torch.float64), model.parameters())
    x = torch.tensor(baseline["input"], dtype=torch.float64)
    opt = CLASSES[row["optimizer"]](model.parameters(), **row["options"])
    path = [init]
    for _ in range(max(map(int, row["snapshots"]))):
        opt.zero_grad()
        model(x).sum().backward()
        opt.step()
        path.append(parameters_to_vector(model.parameters()).tolist())
    return path


def deviation(got, want):
    return max(abs(a - b) / abs(b) for a, b in zip(got, want))


def measure(row):
    rng = random.Random(1)
    runs = [weights(row, baseline["init"])]
    while len(runs) < RUNS:
        runs.append(weights(row, [math.nextafter(w, rng.choice((-math.inf, math.inf))) for w in baseline["init"]]))
    disturbed = {step: max(deviation(run[int(step)], want) for run in runs) for step, want in row["snapshots"].items()}
    path = {}
    if max(disturbed.values()) > BOUND:
        for step in MORE:
            if max(deviation(run[step], runs[0][step]) for run in runs) > BOUND / 3:
                break
            path[str(step)] = runs[0][step]
    print(f"{row['name']:38} {max(disturbed.values()):8.1e}", *path)
    return {"name": row["name"], "disturbed": {step: float(f"{d:.1e}") for step, d in disturbed.items()}, "path": path}


rows = [measure(row) for row in baseline["rows"]]
text = '{"torch": %s, "rows": [\n%s\n]}\n' % (json.dumps(torch.__version__.split("+")[0]), ",\n".join(map(json.dumps, rows)))
here.with_name("baseline_roundoff.json").write_text(text)
