"""Makes lbfgs.json beside it, as optim.py makes the others and with their format:

    python3 lbfgs.py

A step is opt.step(closure); "returned" has the losses that the steps returned, and
"evals" the number of evaluations so far, at the stored points. A path has fewer than STEPS steps, and says so as
"cut", if it ends where a step no longer moves, or where a start moved by 1e-15 has moved a point by a third of
the bound (float32: starts moved by 3e-7 likewise, and a path in float64 is a thirtieth of it away).
"""
import json
import pathlib

import torch

from optim import LANDSCAPES, STEPS, VERSION

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


def run(f, start, options, dtype, nudge=0.0):
    x, y = (torch.tensor(v * (1 + nudge), dtype=dtype, requires_grad=True) for v in start)
    opt = torch.optim.LBFGS([x, y], **options)
    state = opt.state[x]
    path, loss, returned, evals = [], [], [], []

    def closure():
        opt.zero_grad()
        value = f(x, y)
        value.backward()
        return value

    for _ in range(STEPS + 1):
        path.append([x.item(), y.item()])
        loss.append(f(x, y).item())
        evals.append(state.get("func_evals", 0))
        returned.append(opt.step(closure).item())
        if path[-2:-1] == path[-1:]:  # the path ends here
            break
    return path + path[-1:] * STEPS, loss, returned, evals


def cases():
    for f, (start, uphill, *_) in LANDSCAPES.items():
        for name, options in SETS:
            at = start
            if options.get("maximize"):
                if uphill is None:
                    continue
                at = uphill
            f64, f32 = torch.float64, torch.float32
            for dtype, kind, bound, others in (("float64", f64, 1e-12, [(f64, 1e-15, 0.3)]),
                                               ("float32", f32, 1e-5, [(f64, 0.0, 0.03), (f32, 3e-7, 0.3), (f32, -3e-7, 0.3)])):
                path, loss, returned, evals = run(f, at, options, kind)
                others = [(run(f, at, options, k, nudge)[0], part) for k, nudge, part in others]
                steps, why = 0, None
                while steps < STEPS and not why:
                    p = path[steps + 1]
                    if not all(abs(a - b) <= part * bound * max(1, *map(abs, p)) for other, part in others for a, b in zip(p, other[steps + 1])):
                        why = "round-off grows beyond the bound at step %d" % (steps + 1)
                    elif p == path[steps]:
                        why = "step %d no longer moves" % (steps + 1)
                    else:
                        steps += 1
                yield {"name": f"lbfgs/{name}/{f.__name__}/{dtype}", "optimizer": "lbfgs", "options": options,
                       "landscape": f.__name__, "dtype": dtype, "start": at, "steps": steps, **({"cut": why} if why else {}),
                       "stride": 1, "path": path[:steps + 1], "loss": loss[:steps + 1],
                       "returned": returned[:steps], "evals": evals[:steps + 1]}


if __name__ == "__main__":
    found = list(cases())
    here = pathlib.Path(__file__).with_name("lbfgs.json")
    here.write_text('{"torch": %s, "cases": [\n%s\n]}\n' % (json.dumps(VERSION.split("+")[0]), ",\n".join(map(json.dumps, found))))
    print(here.name, len(found), "cases", here.stat().st_size, "bytes; steps", sorted(c["steps"] for c in found))
