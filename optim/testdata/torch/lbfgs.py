"""Makes lbfgs.json beside it, as optim.py makes the others and with their format:

    python3 lbfgs.py

A step is opt.step(closure); "returned" has the losses that the steps returned, and
"evals" the number of evaluations so far, at the stored points. The paths end where a
start moved by 1e-12 has moved a point by a third of the bound (float32: a path in float64 is a thirtieth away), or
where a step no longer moves.
"""
import json
import pathlib

import torch

from optim import LANDSCAPES, VERSION

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

SETS = [
    ("plain", {"lr": 0.1}),
    ("one move", {"lr": 0.2, "max_iter": 1}),
    ("short memory", {"lr": 0.2, "history_size": 2, "max_iter": 5}),
    ("few evaluations", {"lr": 0.3, "max_iter": 8, "max_eval": 4}),
    ("strong wolfe", {"line_search_fn": "strong_wolfe"}),
    ("strong wolfe, one move", {"line_search_fn": "strong_wolfe", "max_iter": 1}),
    ("strong wolfe, short", {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 1, "lr": 0.5}),
    ("loose tolerances", {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-2, "tolerance_change": 1e-3, "max_iter": 3}),
    ("maximize", {"line_search_fn": "strong_wolfe", "maximize": True, "max_iter": 3}),
]


def run(f, start, options, dtype, nudge=0.0, steps=40):
    x, y = (torch.tensor(v * (1 + nudge), dtype=dtype, requires_grad=True) for v in start)
    opt = torch.optim.LBFGS([x, y], **options)
    state = opt.state[x]
    path, loss, returned, evals = [], [], [], []

    def closure():
        opt.zero_grad()
        value = f(x, y)
        value.backward()
        return value

    for _ in range(steps + 1):
        path.append([x.item(), y.item()])
        loss.append(f(x, y).item())
        evals.append(state.get("func_evals", 0))
        returned.append(float(opt.step(closure)))
    return path, loss, returned, evals


def cases():
    for f, (start, uphill, *_) in LANDSCAPES.items():
        for name, options in SETS:
            at = start
            if options.get("maximize"):
                if uphill is None:
                    continue
                at = uphill
            for dtype, bound in [("float64", 1e-12), ("float32", 1e-5)]:
                if dtype == "float32" and name not in ("plain", "one move"):  # a line search in float32 ends by rounding
                    continue
                kind = getattr(torch, dtype)
                path, loss, returned, evals = run(f, at, options, kind)
                other = run(f, at, options, torch.float64, 0.0 if dtype == "float64" else 1e-9)[0]
                if dtype == "float64":
                    other = run(f, at, options, kind, 1e-15)[0]
                steps = 0
                while steps < 40:
                    p, q = path[steps + 1], other[steps + 1]
                    off = max(abs(a - b) for a, b in zip(p, q)) / max(1, *(abs(v) for v in p))
                    if not off <= (0.3 if dtype == "float64" else 0.03) * bound or p == path[steps]:
                        break
                    steps += 1
                yield {"name": f"lbfgs/{name}/{f.__name__}/{dtype}", "options": options, "landscape": f.__name__, "dtype": dtype,
                       "start": at, "steps": steps, "path": path[:steps + 1], "loss": loss[:steps + 1],
                       "returned": returned[:steps], "evals": evals[:steps + 1]}


if __name__ == "__main__":
    found = list(cases())
    here = pathlib.Path(__file__).with_name("lbfgs.json")
    here.write_text('{"torch": %s, "cases": [\n%s\n]}\n' % (json.dumps(VERSION), ",\n".join(map(json.dumps, found))))
    print(here.name, len(found), "cases", here.stat().st_size, "bytes; steps", sorted(c["steps"] for c in found))
