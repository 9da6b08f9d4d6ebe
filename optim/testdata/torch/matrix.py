"""Makes the files of the optimizers of torch.optim that see a parameter as a matrix,
Adafactor and Muon:

    python3 matrix.py

adafactor.json and muon.json have their paths on landscapes, in the format of optim.py.
Muon, which is for matrices alone, has one parameter [[x, y]] there.

matrix.json has paths on losses of matrices:

    {"torch": version,
     "problems": {name: [one per parameter: {
         "shape": of the parameter, [] for a scalar,
         "start": its elements,
         "a", "b": matrices, "c": of the shape of the parameter, "w": a number}]},
     "cases": [{
         "name":      unique name,
         "optimizer": class name in lower case,
         "options":   {PyTorch's argument names: values},
         "problem":   a name,
         "dtype":     "float64" | "float32",
         "bfloat16":  true for Muon as torch has it, see below,
         "steps":     number of steps,
         "cut":       why they are fewer than 200, else absent,
         "stride":    every stride-th step is stored,
         "path":      [[all elements of all parameters] after 0, stride, ... steps],
         "loss":      [loss at the same points],
         "state":     [one per parameter: {name: elements}] after steps}]}

A parameter is a list of matrices X along its last two axes; a vector is a matrix
of one row. The loss is the sum of w(AXB - C)^2 over all elements, in the dtype of
the case.

torch computes the Newton-Schulz steps of Muon in bfloat16. Here they are
computed in the dtype of the parameter: NEWTON_SCHULZ below is torch's own source
with the dtype replaced, put into torch.optim._muon. Only the cases with
bfloat16 are those of an unchanged torch.

Files are compared as those of optim.py, whose docstring also says when a case has
fewer than STEPS steps.
"""
import inspect
import json
import math
import random

import numpy
import torch

import optim
from optim import LIMIT, STEPS, number

torch.set_default_dtype(torch.float64)
VERSION = optim.VERSION = torch.__version__.split("+")[0]
STRIDE = 10


def newton_schulz():
    """torch's function in the dtype of the gradient, and unchanged."""
    unchanged = torch.optim._muon._zeropower_via_newtonschulz
    source = inspect.getsource(unchanged)
    assert source.count("dtype=torch.bfloat16") == 1
    names = dict(vars(torch.optim._muon))
    exec(source.replace("dtype=torch.bfloat16", "dtype=grad.dtype"), names)
    return names["_zeropower_via_newtonschulz"], unchanged


NEWTON_SCHULZ, BFLOAT16 = newton_schulz()


def use(newton_schulz):
    torch.optim._muon._zeropower_via_newtonschulz = newton_schulz


def problem(seed, shapes):
    rng = numpy.random.RandomState(seed)
    out = []
    for shape in shapes:
        m, n = ([1, 1] + shape)[-2:]
        def matrix(k):
            return (numpy.eye(k) + 0.3 * rng.randn(k, k)).round(3).ravel().tolist()
        size = math.prod(shape)
        out.append({"shape": shape, "start": (2 * rng.randn(size)).round(3).tolist(), "a": matrix(m), "b": matrix(n),
                    "c": (3 * rng.randn(size)).round(3).tolist(), "w": round(rng.uniform(0.5, 2), 3)})
    return out


PROBLEMS = {
    "mixed": problem(1, [[4, 3], [5], [2, 3, 4], []]),
    "matrices": problem(2, [[3, 5], [5, 3], [4, 4], [1, 3]]),
}

CASES = [
    ("Adafactor", "mixed", {}),
    ("Adafactor", "mixed", {"lr": 0.02}),
    ("Adafactor", "mixed", {"lr": 0.01, "eps": (0.3, 0.5)}),
    ("Adafactor", "mixed", {"lr": 0.01, "beta2_decay": 0.0, "maximize": True}),
    ("Adafactor", "matrices", {"lr": 0.03, "beta2_decay": -1.0}),
    ("Adafactor", "matrices", {"lr": 0.01, "beta2_decay": -0.5, "weight_decay": 0.5}),
    ("Adafactor", "matrices", {"lr": 0.02, "d": 2.0, "eps": (1e-6, 1.0)}),
    ("Muon", "matrices", {}),
    ("Muon", "matrices", {"lr": 0.01, "weight_decay": 0.0}),
    ("Muon", "matrices", {"lr": 0.01, "nesterov": False, "momentum": 0.8}),
    ("Muon", "matrices", {"lr": 0.02, "adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.2}),
    ("Muon", "matrices", {"lr": 0.01, "adjust_lr_fn": "spectral_unclamped", "momentum": 0.0}),
    ("Muon", "matrices", {"lr": 0.005, "adjust_lr_fn": "original", "ns_steps": 9, "ns_coefficients": (2.0, -1.5, 0.5)}),
    ("Muon", "matrices", {"lr": 0.01, "ns_steps": 1, "eps": 5.0, "momentum": 1.05}),
]
BFLOAT16_CASES = [
    ("Muon", "matrices", {}),
    ("Muon", "matrices", {"lr": 0.01, "weight_decay": 0.0}),
    ("Muon", "matrices", {"lr": 0.01, "nesterov": False, "momentum": 0.8}),
]


class Muon(torch.optim.Muon):
    matrix = True  # for optim.py


# "lr" is a factor of the last learning rate of a line of LANDSCAPES.
ADAFACTOR = [
    ("plain", {}),
    ("decay", {"beta2_decay": -0.5, "weight_decay": 0.1}),
    ("eps", {"eps": (1e-3, 1.0), "lr": 0.5}),
    ("clip", {"d": 2.0, "eps": (1e-6, 0.1)}),
    ("no_memory", {"beta2_decay": 0.0, "eps": (0.1, 0.5), "lr": 0.3}),
    ("large_eps", {"eps": (3.0, 0.5), "beta2_decay": -1.0, "lr": 2.0}),
    ("maximize", {"maximize": True, "weight_decay": 0.01, "eps": (0.1, 0.5)}),
]
MUON = [
    ("plain", {"lr": 0.1}),
    ("no_decay", {"weight_decay": 0.0, "lr": 0.2}),
    ("no_nesterov", {"nesterov": False, "momentum": 0.8, "lr": 0.1}),
    ("rms", {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.3, "lr": 0.5}),
    ("unclamped", {"adjust_lr_fn": "spectral_unclamped", "momentum": 0.5, "lr": 0.1}),
    ("cubic", {"ns_steps": 9, "ns_coefficients": (2.0, -1.5, 0.5), "eps": 1e-2, "lr": 0.1}),
    ("one_step", {"ns_steps": 1, "eps": 20.0, "momentum": 0.99, "weight_decay": 0.01, "lr": 0.2}),
]


def paths(cls, sets):
    for landscape, (start, top, *_, lr) in optim.LANDSCAPES.items():
        for name, given in sets:
            options = dict(given)
            at = top if options.get("maximize") else start
            if at is None:
                continue
            options["lr"] = round(options.get("lr", 1.0) * lr, 12)
            for dtype in ("float64", "float32"):
                yield optim.case(cls, name, options, landscape, at, dtype, optim.comparable(cls, options, landscape, at, LIMIT[dtype]))


def run(make, given, dtype, steps, noise=0.0, seed=0):
    """The path, losses and last state."""
    rng = random.Random(seed)
    params, data = [], []
    for p in given:
        shape = p["shape"]
        m, n = ([1, 1] + shape)[-2:]
        value = lambda key, *s: torch.tensor(p[key], dtype=dtype).reshape(s)
        params.append(value("start", *shape).requires_grad_())
        data.append((value("a", m, m), value("b", n, n), value("c", -1, m, n), torch.tensor(p["w"], dtype=dtype)))
    opt = make(params)
    path, losses = [], []
    for step in range(steps + 1):
        if noise and step:
            with torch.no_grad():
                for q in params:
                    q.mul_(1 + noise * torch.tensor([rng.choice((-1, 1)) for _ in range(q.numel())]).reshape(q.shape))
        loss = sum((w * (a @ q.reshape(c.shape) @ b - c) ** 2).sum() for q, (a, b, c, w) in zip(params, data))
        path.append([v for q in params for v in q.detach().reshape(-1).tolist()])
        losses.append(loss.item())
        opt.zero_grad()
        loss.backward()
        if step < steps:
            opt.step()
    return path, losses, [opt.state.get(q, {}) for q in params]


def comparable(make, given, limit):
    """The number of steps over which round-off stays below limit ulps, and why there are no more."""
    noise, steps, why = 1e-10, STEPS, None
    want, wl, _ = run(make, given, torch.float64, steps)
    top = max(1, max(map(abs, wl)))
    for seed in (1, 2, 3):
        got, gl, _ = run(make, given, torch.float64, steps, noise, seed)
        for step in range(steps + 1):
            deviation = max(abs(a - b) / max(1, abs(a)) for a, b in zip(want[step], got[step]))
            if max(deviation, abs(gl[step] - wl[step]) / top) > limit * noise:
                steps, why = step - 1 - (step - 1) % STRIDE, "round-off grows to more than %d ulps at step %d" % (limit, step)
                break
    return steps, why


def flat(v, dtype):
    return [number(e, dtype) for e in v.reshape(-1).tolist()]


def case(name, optimizer, make, problems, key, options, dtype, **more):
    given = problems[key]
    steps, why = comparable(make, given, LIMIT[dtype])
    path, loss, state = run(make, given, getattr(torch, dtype), steps)
    return dict({
        "name": "/".join([name, key, dtype]), "optimizer": optimizer, "options": options, "problem": key,
        "dtype": dtype, "steps": steps, **({"cut": why} if why else {}), "stride": STRIDE,
        "path": [[number(v, dtype) for v in q] for q in path[::STRIDE]],
        "loss": [number(v, dtype) for v in loss[::STRIDE]],
        "state": [{k: flat(v, dtype) for k, v in s.items() if isinstance(v, torch.Tensor) and k != "step"} for s in state],
    }, **more)


def named(cls, options):
    return cls.lower() + ":" + ",".join("%s=%s" % o for o in options.items()).replace(" ", "")


def cases():
    for newton_schulz, sets, more in ((NEWTON_SCHULZ, CASES, {}), (BFLOAT16, BFLOAT16_CASES, {"bfloat16": True})):
        use(newton_schulz)
        for cls, key, options in sets:
            for dtype in ("float64",) if more else ("float64", "float32"):
                make = lambda params: getattr(torch.optim, cls)(params, **options)
                name = named(cls, options) + ("/bfloat16" if more else "")
                if more:
                    LIMIT[dtype] = math.inf
                yield case(name, cls.lower(), make, PROBLEMS, key, options, dtype, **more)


def write(file, head, items):
    items = list(items)
    with open(file, "w") as f:
        f.write("{%s,\n" % json.dumps(head)[1:-1])
        f.write('"cases": [\n' + ",\n".join(json.dumps(c) for c in items) + "\n]}\n")
    for c in items:
        print(c["name"], c["steps"], c["loss"][0], c["loss"][-1])


if __name__ == "__main__":
    use(NEWTON_SCHULZ)
    for cls, sets in ((torch.optim.Adafactor, ADAFACTOR), (Muon, MUON)):
        made = optim.write(cls.__name__.lower() + ".json", paths(cls, sets))
        print(cls.__name__, len(made), "cases; cut:", [(c["name"], c["steps"]) for c in made if c["steps"] < STEPS])
    write("matrix.json", {"torch": VERSION, "problems": PROBLEMS}, cases())
