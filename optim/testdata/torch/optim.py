"""Makes the PyTorch reference files beside it:

    python3 optim.py

It writes sgd.json, rmsprop.json, adam.json, adamw.json, adagrad.json, each

    {"torch": "1.13.1", "cases": [{
        "name":      unique name of the case,
        "optimizer": class name in lower case,
        "options":   {PyTorch's argument names: values},
        "landscape": ravine | rosenbrock | himmelblau | beale | booth | styblinski_tang,
        "dtype":     "float64" | "float32",
        "start":     [x, y],
        "steps":     number of optimizer steps,
        "cut":       why they are fewer than 200, else absent,
        "stride":    every stride-th step is stored,
        "path":      [[x, y] after 0, stride, 2 stride, ... steps],
        "loss":      [loss at the same points]}]}

x and y are two 0-dimensional tensors. Numbers are the shortest decimals that
read back as the same float (float64 or float32).

Files are to be compared with a bound of 1e-12 (float64) or 1e-5 (float32) on

    max(|x' - x|, |y' - y|) / max(1, |x|, |y|)     for every stored point
    |L' - L| / max(1, the largest stored |L|)      for every stored loss

A case has fewer than 200 steps where its path is too sensitive for that: a
second run moves x and y by a relative 1e-10 before every step. The ratio of
the deviation, measured as above, to 1e-10 is the number of ulps to which one
ulp of round-off per step grows; from the step where it exceeds LIMIT[dtype]
the case is cut off. Fewer than 200 are also those of a run that diverges.
"""
import json
import math
import random

import numpy
import torch

# Debian's package of 1.13.1 calls itself 1.13.0a0.
VERSION = {"1.13.0a0": "1.13.1"}.get(torch.__version__, torch.__version__)

STEPS, STRIDE = 200, 5
LIMIT = {"float64": 500, "float32": 50}
torch.set_num_threads(1)


# ---- landscapes --------------------------------------------------------------

def ravine(x, y):
    return 0.5 * (x * x + 100 * (y * y))


def rosenbrock(x, y):
    a, b = 1 - x, y - x * x
    return a * a + 100 * (b * b)


def himmelblau(x, y):
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def beale(x, y):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * (y * y), 2.625 - x + x * (y * y * y)
    return a * a + b * b + c * c


def booth(x, y):
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return a * a + b * b


def styblinski_tang(x, y):
    def term(z):
        s = z * z
        return s * s - 16 * s + 5 * z
    return 0.5 * (term(x) + term(y))


# Per landscape: start, start for maximize, learning rate of SGD, of SGD with
# momentum, and of the rules whose steps do not depend on the gradient's size.
LANDSCAPES = {
    ravine: ((-9.0, -1.0), None, 0.018, 0.004, 0.2),
    rosenbrock: ((-1.2, 1.0), None, 0.0005, 0.0002, 0.02),
    himmelblau: ((4.5, 4.0), (-0.5, -1.2), 0.003, 0.0008, 0.05),
    beale: ((1.0, 1.5), None, 0.002, 0.0005, 0.02),
    booth: ((-4.0, 6.0), None, 0.03, 0.008, 0.2),
    styblinski_tang: ((0.7, -1.1), (0.6, -0.4), 0.008, 0.002, 0.05),
}


# ---- option sets; "lr" is a factor of the landscape's learning rate ----------

SGD = [
    ("plain", {}),
    ("decay", {"weight_decay": 0.05}),
    ("momentum", {"momentum": 0.9}),
    ("dampened", {"momentum": 0.85, "dampening": 0.3, "weight_decay": 0.01}),
    ("nesterov", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.001}),
    ("heavy", {"momentum": 0.95, "dampening": 0.9}),
    ("maximize", {"momentum": 0.5, "weight_decay": 0.01, "maximize": True}),
]
RMSPROP = [
    ("plain", {"lr": 0.25}),
    ("alpha", {"lr": 0.08, "alpha": 0.9, "eps": 1e-2, "weight_decay": 0.01}),
    ("momentum", {"lr": 0.05, "momentum": 0.8}),
    ("centered", {"lr": 0.1, "centered": True, "alpha": 0.95, "eps": 1e-3}),
    ("all", {"lr": 0.05, "centered": True, "momentum": 0.5, "weight_decay": 0.01, "eps": 1e-2}),
    ("short", {"lr": 0.05, "alpha": 0.5, "eps": 1.0, "momentum": 0.3}),
    ("maximize", {"lr": 0.2, "eps": 1e-2, "maximize": True}),
]
ADAM = [
    ("plain", {}),
    ("betas", {"betas": (0.8, 0.99), "weight_decay": 0.01}),
    ("short", {"betas": (0.3, 0.99), "eps": 1e-2, "lr": 0.3}),
    ("amsgrad", {"amsgrad": True}),
    ("amsgrad_decay", {"amsgrad": True, "weight_decay": 0.1, "betas": (0.9, 0.9)}),
    ("no_momentum", {"betas": (0.0, 0.99), "eps": 1.0, "lr": 0.5}),
    ("maximize", {"eps": 1e-3, "maximize": True}),
]
ADAMW = [
    ("plain", {}),
    ("decay", {"weight_decay": 0.3}),
    ("no_decay", {"weight_decay": 0.0, "betas": (0.8, 0.99)}),
    ("amsgrad", {"amsgrad": True, "weight_decay": 0.1, "eps": 1e-4}),
    ("short", {"betas": (0.3, 0.99), "eps": 1e-2, "lr": 0.3}),
    ("amsgrad_decay", {"amsgrad": True, "weight_decay": 1.0, "betas": (0.95, 0.9), "eps": 1e-3}),
    ("maximize", {"eps": 1e-3, "maximize": True}),
]
ADAGRAD = [
    ("plain", {"lr": 4.0}),
    ("lr_decay", {"lr": 4.0, "lr_decay": 0.02}),
    ("accumulator", {"lr": 4.0, "initial_accumulator_value": 0.5, "eps": 1e-5}),
    ("decay", {"lr": 4.0, "weight_decay": 0.05}),
    ("large_eps", {"lr": 2.0, "weight_decay": 0.5, "eps": 1.0}),
    ("all", {"lr": 4.0, "lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 2.0, "eps": 1e-2}),
    ("maximize", {"lr": 2.0, "maximize": True}),
]
OPTIMIZERS = {
    torch.optim.SGD: SGD,
    torch.optim.RMSprop: RMSPROP,
    torch.optim.Adam: ADAM,
    torch.optim.AdamW: ADAMW,
    torch.optim.Adagrad: ADAGRAD,
}


# ---- runs --------------------------------------------------------------------

def run(cls, options, landscape, start, dtype, noise=0.0, seed=0):
    """The path and the losses of STEPS steps, as lists of floats."""
    rng = random.Random(seed)
    matrix = getattr(cls, "matrix", False)  # the parameter is [[x, y]]
    p = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in ([[list(start)]] if matrix else start)]
    opt = cls(p, **options)
    path, losses = [], []
    for step in range(STEPS + 1):
        if noise and step:
            with torch.no_grad():
                for q in p[0].view(2) if matrix else p:
                    q.mul_(1 + noise * rng.choice((-1, 1)))
        at = p[0].view(2).unbind() if matrix else p
        loss = landscape(*at)
        path.append([q.item() for q in at])
        losses.append(loss.item())
        opt.zero_grad()
        loss.backward()
        opt.step()
    return path, losses


def comparable(cls, options, landscape, start, limit):
    """The number of steps over which round-off stays below limit ulps, and why there are no more."""
    noise = 1e-10
    want, wl = run(cls, options, landscape, start, torch.float64)
    for step, l in enumerate(wl):
        if not math.isfinite(l) or abs(l) > 1e8:
            return step - step % STRIDE, "the loss is beyond 1e8 at step %d" % step
    top = max(1, max(map(abs, wl)))
    for seed in (1, 2, 3):
        got, gl = run(cls, options, landscape, start, torch.float64, noise, seed)
        for step in range(STEPS + 1):
            scale = max(1, *map(abs, want[step]))
            deviation = max(abs(a - b) for a, b in zip(want[step], got[step])) / scale
            loss = abs(gl[step] - wl[step]) / top
            if max(deviation, loss) > limit * noise:
                return step - 1 - (step - 1) % STRIDE, "round-off grows to more than %d ulps at step %d" % (limit, step)
    return STEPS, None


def number(v, dtype):
    """v so that json writes its shortest form."""
    return v if dtype == "float64" else float(str(numpy.float32(v)))


def case(cls, name, options, landscape, at, dtype, cut):
    """A case, made in dtype; cut is what comparable returns."""
    steps, why = cut
    path, loss = run(cls, options, landscape, at, getattr(torch, dtype))
    return {
        "name": "/".join((cls.__name__.lower(), name, landscape.__name__, dtype)),
        "optimizer": cls.__name__.lower(),
        "options": options,
        "landscape": landscape.__name__,
        "dtype": dtype,
        "start": list(at),
        "steps": steps,
        **({"cut": why} if why else {}),
        "stride": STRIDE,
        "path": [[number(v, dtype) for v in q] for q in path[:steps + 1:STRIDE]],
        "loss": [number(v, dtype) for v in loss[:steps + 1:STRIDE]],
    }


def cases(cls, sets):
    for landscape, (start, top, lr_sgd, lr_momentum, lr_adaptive) in LANDSCAPES.items():
        for name, given in sets:
            options = dict(given)
            at = top if options.get("maximize") else start
            if at is None:
                continue
            if cls is not torch.optim.SGD:
                lr = lr_adaptive
            elif options.get("momentum"):
                lr = lr_momentum
            else:
                lr = lr_sgd
            options["lr"] = round(options.get("lr", 1.0) * lr, 12)
            for dtype in ("float64", "float32"):
                yield case(cls, name, options, landscape, at, dtype, comparable(cls, options, landscape, at, LIMIT[dtype]))


def write(name, items):
    items = list(items)
    with open(name, "w") as f:
        f.write('{"torch": %s, "cases": [\n' % json.dumps(VERSION))
        f.write(",\n".join(json.dumps(c) for c in items))
        f.write("\n]}\n")
    return items


if __name__ == "__main__":
    for cls, sets in OPTIMIZERS.items():
        made = write(cls.__name__.lower() + ".json", cases(cls, sets))
        short = [(c["name"], c["steps"]) for c in made if c["steps"] < STEPS]
        print(cls.__name__, len(made), "cases; cut:", short)
