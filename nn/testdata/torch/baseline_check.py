"""Replays baseline.json with torch.optim and prints how well PyTorch itself reproduces it.

    python3 baseline_check.py

needs torch 1.13.1; later versions round otherwise, see baseline_roundoff.py. For
each row it prints the largest deviation over all snapshots: of a weight relative
to itself, the step of that, and relative to the largest weight of the snapshot. It
exits with status 1 if the former exceeds 1e-12.
"""

import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

CLASSES = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "adagrad": torch.optim.Adagrad,
           "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
BOUND = 1e-12


def replay(baseline, row):
    """Yields (step, weights, expected weights) for every snapshot of the row."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Sigmoid()).double()
    vector_to_parameters(torch.tensor(baseline["init"], dtype=torch.float64), model.parameters())
    x = torch.tensor(baseline["input"], dtype=torch.float64)
    opt = CLASSES[row["optimizer"]](model.parameters(), **row["options"])
    snapshots = {int(step): torch.tensor(w, dtype=torch.float64) for step, w in row["snapshots"].items()}
    for step in range(1, max(snapshots) + 1):
        opt.zero_grad()
        model(x).sum().backward()
        opt.step()
        if step in snapshots:
            yield step, parameters_to_vector(model.parameters()).detach(), snapshots[step]


def main():
    torch.set_num_threads(1)
    baseline = json.loads(pathlib.Path(__file__).with_name("baseline.json").read_text())
    print(f"torch {torch.__version__}")
    worst = 0.0
    for row in baseline["rows"]:
        relative, at, scaled = 0.0, 0, 0.0
        for step, got, want in replay(baseline, row):
            err = (got - want).abs()
            r = (err / want.abs()).max().item()
            if r >= relative:
                relative, at = r, step
            scaled = max(scaled, (err.max() / want.abs().max()).item())
        worst = max(worst, relative)
        print(f"{row['name']:38} {relative:8.1e} at step {at:4}   {scaled:8.1e} of the largest weight")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
