"""Makes the PyTorch reference files of the optimizers that optim.py does not have:

    python3 elementwise.py

It needs PyTorch 2.x: 1.13 has another NAdam, and lacks options. It writes

    nadam.json, radam.json, adamax.json, adadelta.json, rprop.json, asgd.json, sparseadam.json

in the format of optim.py, and elementwise.json:

    {"torch": "2.15.0", "cases": [{
        "name":      unique name of the case,
        "optimizer": class name in lower case,
        "options":   {PyTorch's argument names: values},
        "dtype":     "float64" | "float32",
        "start":     [6 numbers, 2 numbers],
        "records":   [{"step": s, "params": [{
            "steps": the parameter's own count,
            "param": [numbers],
            "state": {PyTorch's names of buffers: [numbers]}}, ...]}]}]}

A case has two parameters, a 3x2 matrix and a vector of 2, in one group, with the gradients of gradient(), which
has zeros, changes of sign, rows of zeros, and steps at which one or both parameters have none. After CHANGE steps the
learning rate is halved. Numbers are stored after the steps RECORDED, and are to be compared with
the bounds of optim.py.

The default dtype is that of the case, since PyTorch keeps scalars of the state in it.
"""
import torch

import optim
from optim import LANDSCAPES, LIMIT, STEPS, number

optim.VERSION = torch.__version__.split("+")[0]
CHANGE = 100
RECORDED = (1, 2, 3, 4, 6, 20, 50, 100, 101, 102, 150, 200)


class SparseAdam(torch.optim.SparseAdam):
    """SparseAdam with the rows of the gradient that are not zero, the elements of a vector and all of a scalar."""

    def step(self):
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is not None:
                    p.grad = p.grad.to_sparse(min(1, p.dim())) if p.dim() else p.grad.to_sparse()
        super().step()


# "lr" is a factor of the learning rate that BASE takes from the line of LANDSCAPES.
NADAM = [
    ("plain", {}),
    ("betas", {"betas": (0.8, 0.99), "weight_decay": 0.01}),
    ("short", {"betas": (0.3, 0.99), "eps": 1e-2, "lr": 0.3}),
    ("schedule", {"momentum_decay": 0.1, "weight_decay": 0.1}),
    ("constant", {"momentum_decay": 0.0, "betas": (0.9, 0.9), "lr": 0.5}),
    ("decoupled", {"weight_decay": 0.3, "decoupled_weight_decay": True}),
    ("maximize", {"eps": 1e-3, "maximize": True, "weight_decay": 0.01, "decoupled_weight_decay": True}),
]
RADAM = [
    ("plain", {}),
    ("betas", {"betas": (0.8, 0.99), "weight_decay": 0.01}),
    ("short", {"betas": (0.3, 0.9), "eps": 1e-2}),
    ("never", {"betas": (0.9, 0.6), "lr": 0.5}),
    ("large", {"betas": (0.9, 0.9999), "eps": 1e-3, "weight_decay": 0.1}),
    ("decoupled", {"weight_decay": 0.3, "decoupled_weight_decay": True}),
    ("maximize", {"eps": 1e-3, "maximize": True, "weight_decay": 0.01}),
]
ADAMAX = [
    ("plain", {}),
    ("betas", {"betas": (0.8, 0.9), "weight_decay": 0.01}),
    ("short", {"betas": (0.3, 0.99), "eps": 1e-1, "lr": 0.3}),
    ("no_momentum", {"betas": (0.0, 0.99), "lr": 0.5}),
    ("no_memory", {"betas": (0.9, 0.0), "eps": 1.0, "lr": 0.3}),
    ("decay", {"weight_decay": 0.3, "eps": 1e-3}),
    ("maximize", {"eps": 1e-3, "maximize": True, "weight_decay": 0.01}),
]
ADADELTA = [
    ("plain", {}),
    ("rho", {"rho": 0.95, "eps": 1e-3, "lr": 0.3}),
    ("slow", {"rho": 0.99, "eps": 1e-4, "lr": 0.5}),
    ("no_memory", {"rho": 0.0, "eps": 1e-3, "lr": 0.3}),
    ("frozen", {"rho": 1.0, "eps": 1e-2, "lr": 0.002}),
    ("decay", {"weight_decay": 0.3, "eps": 1e-5}),
    ("maximize", {"maximize": True, "weight_decay": 0.01, "eps": 1e-5}),
]
RPROP = [
    ("plain", {}),
    ("etas", {"etas": (0.3, 1.5)}),
    ("gentle", {"etas": (0.8, 1.05), "lr": 0.5}),
    ("least", {"step_sizes": (1e-2, 50), "lr": 0.5}),
    ("most", {"step_sizes": (1e-6, 0.1)}),
    ("clamped", {"step_sizes": (1e-3, 0.02), "lr": 10.0}),
    ("maximize", {"maximize": True, "etas": (0.4, 1.1)}),
]
ASGD = [
    ("plain", {}),
    ("lambd", {"lambd": 0.1}),
    ("alpha", {"lambd": 0.5, "alpha": 0.5, "t0": 50}),
    ("fast", {"lambd": 1.0, "alpha": 2.0, "t0": 0}),
    ("constant", {"lambd": 0.0, "alpha": 1.0, "t0": 10.5}),
    ("decay", {"weight_decay": 0.3, "t0": -3, "alpha": 0.0}),
    ("maximize", {"maximize": True, "weight_decay": 0.01, "t0": 20}),
]
SPARSE_ADAM = [
    ("plain", {}),
    ("betas", {"betas": (0.8, 0.99)}),
    ("short", {"betas": (0.3, 0.99), "eps": 1e-2, "lr": 0.3}),
    ("no_momentum", {"betas": (0.0, 0.9), "lr": 0.5}),
    ("same", {"betas": (0.9, 0.9), "eps": 1e-4}),
    ("large", {"betas": (0.95, 0.9999), "eps": 1e-1}),
    ("maximize", {"eps": 1e-3, "maximize": True}),
]
OPTIMIZERS = {
    torch.optim.NAdam: NADAM,
    torch.optim.RAdam: RADAM,
    torch.optim.Adamax: ADAMAX,
    torch.optim.Adadelta: ADADELTA,
    torch.optim.Rprop: RPROP,
    torch.optim.ASGD: ASGD,
    SparseAdam: SPARSE_ADAM,
}
# From the learning rates of a landscape: of SGD, of SGD with momentum, of adaptive rules. RAdam begins as momentum.
BASE = {
    torch.optim.RAdam: lambda sgd, momentum, adaptive: 0.05 * adaptive,
    torch.optim.Adadelta: lambda sgd, momentum, adaptive: 1.0,
    torch.optim.ASGD: lambda sgd, momentum, adaptive: sgd,
}


def base(cls, *rates):
    return BASE.get(cls, lambda sgd, momentum, adaptive: adaptive)(*rates)


def cases(cls, sets):
    for landscape, (start, top, *rates) in LANDSCAPES.items():
        for name, given in sets:
            options = dict(given)
            at = top if options.get("maximize") else start
            if at is None:
                continue
            options["lr"] = round(options.get("lr", 1.0) * base(cls, *rates), 12)
            for dtype in ("float64", "float32"):
                torch.set_default_dtype(torch.float64)
                cut = optim.comparable(cls, options, landscape, at, LIMIT[dtype])
                torch.set_default_dtype(getattr(torch, dtype))
                yield optim.case(cls, name, options, landscape, at, dtype, cut)


# ---- given gradients ----------------------------------------------------------

def gradient(which, step, row, column):
    """The gradient of an element of parameter 0 or 1 at step 1, 2, ...; None for all of a parameter without one."""
    if step % (7, 5)[which] == 3:
        return None
    if step % 13 == 0 or (step + row) % 3 == 0:
        return 0.0
    i = 2 * row + column
    return ((step * (2 * i + 3) + 5 * i * i + which) % 11 - 5) / 4


def follow(cls, name, given, dtype):
    torch.set_default_dtype(getattr(torch, dtype))
    options = dict(given)
    options["lr"] = round(options.get("lr", 1.0) * {torch.optim.Adadelta: 1.0}.get(cls, 0.05), 12)
    start = [[(i * 7 % 12 - 5) / 4 for i in range(6)], [1.0, -2.0]]
    params = [torch.tensor(start[0]).reshape(3, 2).requires_grad_(), torch.tensor(start[1]).requires_grad_()]
    opt = cls(params, **options)
    records = []
    for step in range(1, STEPS + 1):
        for which, p in enumerate(params):
            width = p.shape[1] if p.dim() == 2 else 1
            g = [gradient(which, step, i // width, i % width) for i in range(p.numel())]
            p.grad = None if g[0] is None else torch.tensor(g).reshape(p.shape)
        opt.step()
        if step == CHANGE:
            opt.param_groups[0]["lr"] *= 0.5
        if step not in RECORDED:
            continue
        records.append({"step": step, "params": [{
            "steps": int(opt.state[p]["step"]) if opt.state[p] else 0,
            "param": flat(p, dtype),
            "state": {k: flat(v, dtype) for k, v in opt.state[p].items() if k != "step"},
        } for p in params]})
    return {"name": "/".join((cls.__name__.lower(), name, dtype)), "optimizer": cls.__name__.lower(),
            "options": options, "dtype": dtype, "start": start, "records": records}


def flat(t, dtype):
    return [number(v, dtype) for v in t.detach().reshape(-1).tolist()]


if __name__ == "__main__":
    for cls, sets in OPTIMIZERS.items():
        made = optim.write(cls.__name__.lower() + ".json", cases(cls, sets))
        short = [(c["name"], c["steps"]) for c in made if c["steps"] < STEPS]
        print(cls.__name__, len(made), "cases; cut:", short, flush=True)
    made = optim.write("elementwise.json", (follow(cls, name, given, dtype) for cls, sets in OPTIMIZERS.items()
                                            for name, given in sets for dtype in ("float64", "float32")))
    print(len(made), "cases of given gradients")
