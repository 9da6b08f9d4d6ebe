"""What PyTorch has around the step: python3 around.py writes around.json,

    {"torch": version,
     "norms":  [{"name", "dtype", "grads": [matrix, vector, scalar], "max", "type",
                 "total": norm before, "clipped": [gradients after]}],
     "values": [{"name", "dtype", "grads", "clip", "clipped"}],
     "averages": [{"name", "dtype", "decay" (EMA) or null (SWA),
                   "updates": [[[matrix, vector] of the model, [matrix, vector] of the average] ...]}],
     "paths": [{"name", "kind": "accumulate", "k", "optimizer", "options", "landscape", "start",
                "path": [[x, y] after 0, 1, ... 60 micro-batches]}]}

by clip_grad_norm_, clip_grad_value_, swa_utils.AveragedModel, and backward of a
loss divided by k and step every k-th time. Micro-batch i has the loss of the
landscape, one of optim.py, times 1 + (i mod 3); float64. "type" is a
number, or "Infinity"; numbers that are not finite are strings, as exchange.py
writes them.
"""
import json
import math
import random

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from exchange import VERSION, tree
from optim import himmelblau, ravine, rosenbrock

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def plain(v):
    names = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return tree(v, lambda v: "NaN" if v != v else names.get(v, v))


def grads(dtype, rng, size):
    return [torch.tensor([[rng.gauss(0, size) for _ in range(3)] for _ in range(4)], dtype=dtype),
            torch.tensor([rng.gauss(0, size) for _ in range(5)], dtype=dtype),
            torch.tensor(rng.gauss(0, size), dtype=dtype)]


def params(values):
    out = []
    for g in values:
        p = torch.zeros_like(g).requires_grad_()
        p.grad = g.clone()
        out.append(p)
    return out


def norms():
    rng = random.Random(1)
    sets = [(1, 1.0, 2.0), (100, 1.0, 2.0), (1e-3, 1.0, 2.0), (10, 0.5, 1.0), (10, 2.5, 3.0), (10, 2.0, 0.5),
            (10, 0.1, math.inf), (0.01, 5.0, math.inf), (10, 0.0, 2.0), (0, 1.0, 2.0), (10, math.inf, 2.0),
            (math.inf, 1.0, 2.0), (math.nan, 1.0, 2.0), (math.nan, 1.0, math.inf)]
    for size, top, kind in sets:
        for name in ("float64", "float32"):
            g = grads(getattr(torch, name), rng, 1 if not math.isfinite(size) else size)
            if not math.isfinite(size):
                g[1][2] = size
            ps = params(g)
            total = torch.nn.utils.clip_grad_norm_(ps, top, kind)
            yield {"name": "%s/size=%s,max=%s,type=%s" % (name, size, top, kind), "dtype": name, "grads": plain(g),
                   "max": plain(top), "type": plain(kind), "total": plain(total), "clipped": plain([p.grad for p in ps])}


def values():
    rng = random.Random(2)
    for size, clip in [(1, 0.5), (10, 0.1), (0.1, 1.0), (10, 0.0), (1, math.inf), (math.nan, 0.5), (math.inf, 0.5)]:
        for name in ("float64", "float32"):
            g = grads(getattr(torch, name), rng, 1 if not math.isfinite(size) else size)
            if not math.isfinite(size):
                g[1][2] = size
            ps = params(g)
            torch.nn.utils.clip_grad_value_(ps, clip)
            yield {"name": "%s/size=%s,clip=%s" % (name, size, clip), "dtype": name, "grads": plain(g), "clip": plain(clip),
                   "clipped": plain([p.grad for p in ps])}


class Model(torch.nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(2, 3, dtype=dtype))
        self.b = torch.nn.Parameter(torch.zeros(3, dtype=dtype))


def averages():
    for decay in (0.999, 0.9, 0.3, 0.0, 1.0, None):
        for name in ("float64", "float32"):
            rng = random.Random(3)
            model = Model(getattr(torch, name))
            average = AveragedModel(model, multi_avg_fn=None if decay is None else get_ema_multi_avg_fn(decay))
            updates = []
            for _ in range(25):
                with torch.no_grad():
                    for p in model.parameters():
                        for e in p.view(-1):
                            e += rng.gauss(0, 1)
                average.update_parameters(model)
                updates.append([plain(list(model.parameters())), plain(list(average.module.parameters()))])
            yield {"name": "%s/%s" % (name, decay), "dtype": name, "decay": decay, "updates": updates}


def paths():
    for f, start, scale in ((ravine, (-9.0, -1.0), 1.0), (rosenbrock, (-1.2, 1.0), 0.05), (himmelblau, (4.5, 4.0), 0.2)):
        for cls, options in ((torch.optim.SGD, {"lr": round(0.004 * scale, 12)}),
                             (torch.optim.SGD, {"lr": round(0.004 * scale, 12), "momentum": 0.5}),
                             (torch.optim.Adam, {"lr": round(0.1 * scale, 12), "betas": [0.9, 0.99]})):
            for k in (1, 3, 4):
                p = [torch.tensor(v, requires_grad=True) for v in start]
                opt = cls(p, **options)
                path = [plain(p)]
                for i in range(60):
                    ((1 + i % 3) * f(*p) / k).backward()
                    if i % k == k - 1:
                        opt.step()
                        opt.zero_grad()
                    path.append(plain(p))
                yield {"name": "accumulate/%s/%s/%d" % (f.__name__, options, k), "kind": "accumulate", "k": k,
                       "optimizer": cls.__name__.lower(), "options": options, "landscape": f.__name__, "start": list(start), "path": path}


if __name__ == "__main__":
    with open("around.json", "w") as f:
        f.write('{"torch": "%s"' % VERSION)
        for key, items in (("norms", norms()), ("values", values()), ("averages", averages()), ("paths", paths())):
            f.write(',\n"%s": [\n' % key + ",\n".join(json.dumps(c) for c in items) + "\n]")
        f.write("}\n")
