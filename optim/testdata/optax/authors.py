"""Makes the reference files of the authors' PyTorch code beside it: python3 authors.py, with
adan.py of github.com/sail-sg/Adan (at 2c65beaf, without its import of cpp_extension) and the
package schedulefree 1.4.1 on PYTHONPATH, writes adan_authors.json,
sgdschedulefree_authors.json and adamwschedulefree_authors.json, in the format of
optax_rules.py, with "torch" for the version.

It has what optax lacks: w = β₂ and the proximal decay of Adan; warm-up and weights tʳ of the
rules without a schedule. Their reference classes keep x, which is the stored point; the
gradient is taken at y. Cases are cut off as those of optax_rules.py.
"""
import json

import numpy
import torch
from adan import Adan
from schedulefree.adamw_schedulefree_reference import AdamWScheduleFreeReference
from schedulefree.sgd_schedulefree_reference import SGDScheduleFreeReference

VERSION = {"1.13.0a0": "1.13.1"}.get(torch.__version__, torch.__version__)
torch.set_num_threads(1)
STEPS, STRIDE = 200, 5
NOISE = {"float64": 1e-10, "float32": 1e-6}
LIMIT = {"float64": 500, "float32": 30}


def ravine(x, y):
    return 0.5 * (x * x + 100 * (y * y))


def rosenbrock(x, y):
    a, b = 1 - x, y - x * x
    return a * a + 100 * (b * b)


def himmelblau(x, y):
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def booth(x, y):
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return a * a + b * b


LANDSCAPES = {
    ravine: ((-9.0, -1.0), 0.018, 0.2),
    rosenbrock: ((-1.2, 1.0), 0.0005, 0.02),
    himmelblau: ((4.5, 4.0), 0.003, 0.05),
    booth: ((-4.0, 6.0), 0.03, 0.2),
}
RULES = {
    "adan": (Adan, 2, {"foreach": False}, [
        ("plain", {}),
        ("betas", {"betas": (0.9, 0.8, 0.95), "eps": 1e-3}),
        ("decay", {"weight_decay": 0.1, "lr": 0.5}),
        ("no_prox", {"weight_decay": 0.05, "no_prox": True}),
        ("slow", {"lr": 0.2, "betas": (0.95, 0.3, 0.9), "weight_decay": 0.3}),
    ]),
    "sgdschedulefree": (SGDScheduleFreeReference, 1, {}, [
        ("plain", {}),
        ("warmup", {"warmup_steps": 20}),
        ("weights", {"warmup_steps": 50, "r": 0.5, "momentum": 0.8}),
        ("power", {"weight_lr_power": 0.5, "warmup_steps": 10, "weight_decay": 0.05, "r": 1.0}),
    ]),
    "adamwschedulefree": (AdamWScheduleFreeReference, 2, {}, [
        ("plain", {}),
        ("warmup", {"warmup_steps": 20}),
        ("weights", {"warmup_steps": 50, "r": 0.5, "betas": (0.8, 0.99)}),
        ("power", {"weight_lr_power": 0.5, "warmup_steps": 10, "weight_decay": 0.05, "r": 1.0, "eps": 1e-3}),
    ]),
}


def run(cls, options, landscape, start, dtype, noise=0.0, seed=0):
    """Points to evaluate and losses of STEPS steps."""
    rng = numpy.random.default_rng(seed)
    p = torch.tensor(start, dtype=dtype, requires_grad=True)
    opt = cls([p], **options)
    if hasattr(opt, "train"):
        opt.train()
    path, losses = [], []
    for step in range(STEPS + 1):
        state = opt.state[p]
        with torch.no_grad():
            if step:
                factor = torch.tensor(1 + noise * rng.choice((-1.0, 1.0), 2), dtype=dtype)
                for q in [p] + [state[k] for k in "xyz" if k in state]:
                    q.mul_(factor)
            at = state.get("x", p)
            path.append(at.tolist())
            losses.append(landscape(at[0], at[1]).item())
        opt.zero_grad()
        landscape(p[0], p[1]).backward()
        opt.step()
    return numpy.array(path), numpy.array(losses)


def comparable(cls, options, landscape, start, dtype):
    bound = LIMIT[dtype] * NOISE[dtype]
    want, loss = run(cls, options, landscape, start, torch.float64)
    top, steps = max(1, numpy.abs(loss).max()), STEPS
    for seed in (1, 2, 3):
        got, l = run(cls, options, landscape, start, torch.float64, NOISE[dtype], seed)
        off = numpy.abs(got - want).max(1) / numpy.maximum(1, numpy.abs(want).max(1))
        bad = numpy.flatnonzero(~(numpy.maximum(off, numpy.abs(l - loss) / top) <= bound))
        if len(bad):
            steps = min(steps, bad[0] - 1 - (bad[0] - 1) % STRIDE)
    return int(steps)


def number(v, dtype):
    """v so that json writes its shortest form."""
    return v if dtype == "float64" else float(str(numpy.float32(v)))


def cases(name):
    cls, column, fixed, sets = RULES[name]
    for landscape, row in LANDSCAPES.items():
        for title, given in sets:
            options = dict(given, lr=round(given.get("lr", 1.0) * row[column], 12))
            both = dict(options, **fixed)
            for dtype in ("float64", "float32"):
                steps = comparable(cls, both, landscape, row[0], dtype)
                path, loss = run(cls, both, landscape, row[0], getattr(torch, dtype))
                yield {
                    "name": "/".join((name, title, landscape.__name__, dtype)),
                    "optimizer": name,
                    "options": options,
                    "landscape": landscape.__name__,
                    "dtype": dtype,
                    "start": list(row[0]),
                    "steps": steps,
                    "stride": STRIDE,
                    "path": [[number(v, dtype) for v in q] for q in path[:steps + 1:STRIDE].tolist()],
                    "loss": [number(v, dtype) for v in loss[:steps + 1:STRIDE].tolist()],
                }


if __name__ == "__main__":
    for name in RULES:
        made = list(cases(name))
        with open(name + "_authors.json", "w") as f:
            f.write('{"torch": %s, "cases": [\n' % json.dumps(VERSION))
            f.write(",\n".join(json.dumps(c) for c in made))
            f.write("\n]}\n")
        print(name, len(made), "cases; cut:", [(c["name"], c["steps"]) for c in made if c["steps"] < STEPS], flush=True)
