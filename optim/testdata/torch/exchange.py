"""Optimizers that change hands between PyTorch and this package in mid-run.

    python3 exchange.py make     writes exchange.json
    python3 exchange.py resume   reads exchange_go.json, which the test
                                 TestTorchTakesOver wrote with -update, and
                                 writes exchange_back.json

to_lists and from_lists translate a state_dict of torch from and to the layout
of TorchState and LoadTorchState.

exchange.json is {"torch": version, "cases": [{
    "name":      unique name,
    "optimizer": class name in lower case,
    "options":   {PyTorch's argument names: values},
    "dtype":     "float64" | "float32",
    "params":    [w, b] after 20 steps, a (3, 2) matrix and a vector of 2,
    "state":     state_dict after 20 steps, as to_lists makes it,
    "end":       [w, b] after 40 steps}]}

exchange_go.json has the same after 20 steps of this package, from the same
start, and no "end"; exchange_back.json has {"name", "end"}: where torch comes
in 20 steps more.

The loss is (x - c)^T A (x - c)/2, A = diag(1, 2, ... n), per parameter, with c =
0.5, and x0 = 1, -2, 3, -4, ... For Muon, whose Newton-Schulz steps are computed as in matrix.py, b is a (1, 2) matrix. The gradient of b is zero in every third step. All
in the dtype of the case.
"""
import json
import math
import sys

import torch

import matrix  # takes Muon's Newton-Schulz steps out of bfloat16

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
VERSION = torch.__version__.split("+")[0]
SHAPES = [(3, 2), (2,)]  # for Muon (1, 2)
matrix.use(matrix.NEWTON_SCHULZ)
HALF = 20

CASES = [
    ("SGD", {"lr": 0.02}),
    ("SGD", {"lr": 0.02, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("RMSprop", {"lr": 0.02}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.9, "centered": True, "eps": 1e-3}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "betas": (0.8, 0.99), "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.2}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.1}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "momentum_decay": 0.01, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.05, "betas": (0.9, 0.9)}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.05, "weight_decay": 0.1}),
    ("Adadelta", {"lr": 1.0, "rho": 0.8}),
    ("Rprop", {"lr": 0.05, "etas": (0.4, 1.3)}),
    ("SparseAdam", {"lr": 0.05, "betas": (0.8, 0.99)}),
    ("ASGD", {"lr": 0.05, "t0": 10, "lambd": 0.01}),
    ("Adafactor", {"lr": 0.05}),
    ("Adafactor", {"lr": 0.05, "eps": (1e-6, 0.1), "weight_decay": 0.1, "beta2_decay": -0.6}),
    ("Muon", {"lr": 0.02}),
    ("Muon", {"lr": 0.02, "adjust_lr_fn": "match_rms_adamw", "nesterov": False}),
]


def tree(v, number):
    if isinstance(v, torch.Tensor):
        v = v.tolist()
    if isinstance(v, dict):
        return {str(k): tree(e, number) for k, e in v.items()}
    if isinstance(v, (list, tuple)):
        return [tree(e, number) for e in v]
    return number(v) if isinstance(v, (float, str)) else v


def to_lists(state_dict):
    """A state_dict without tensors."""
    names = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return tree(state_dict, lambda v: "NaN" if v != v else names.get(v, v))


def from_lists(d, params, sparse=False):
    """The state_dict of an optimizer of params; sparse for SparseAdam, whose step
    is an int."""
    d = tree(d, lambda v: float(v) if v in ("NaN", "Infinity", "-Infinity") else v)
    state = {}
    for index, entry in d["state"].items():
        p = params[int(index)]
        state[int(index)] = {
            k: v if v is None or sparse and k == "step" else torch.tensor(v, dtype=torch.float32 if k == "step" else p.dtype)
            for k, v in entry.items()}
    groups = [dict(g, betas=tuple(g["betas"])) if "betas" in g else dict(g) for g in d["param_groups"]]
    return {"state": state, "param_groups": groups}


def start(dtype, cls):
    out = []
    for shape in SHAPES:
        if cls == "Muon" and len(shape) == 1:
            shape = (1, *shape)
        n = math.prod(shape)
        x = [(i + 1) * (-1) ** i for i in range(n)]
        out.append(torch.tensor(x, dtype=dtype).reshape(shape).requires_grad_())
    return out


def run(opt, params, first):
    for step in range(first, first + HALF):
        for i, p in enumerate(params):
            a = torch.arange(1, p.numel() + 1, dtype=p.dtype).reshape(p.shape)
            p.grad = a * (p.detach() - 0.5)
            if i == 1 and step % 3 == 2:
                p.grad.zero_()
            if isinstance(opt, torch.optim.SparseAdam):
                p.grad = p.grad.to_sparse()
        opt.step()


def lists(params):
    return [p.tolist() for p in params]


def name_of(cls, options, dtype):
    return "/".join([cls.lower(), ",".join("%s=%s" % o for o in options.items()), dtype]).replace(" ", "")


def make():
    for cls, options in CASES:
        for dtype in ("float64", "float32"):
            params = start(getattr(torch, dtype), cls)
            opt = getattr(torch.optim, cls)(params, **options)
            run(opt, params, 0)
            case = {"name": name_of(cls, options, dtype), "optimizer": cls.lower(), "options": options, "dtype": dtype,
                    "params": lists(params), "state": to_lists(opt.state_dict())}
            run(opt, params, HALF)
            yield dict(case, end=lists(params))


def resume():
    classes = {c.lower(): getattr(torch.optim, c) for c, _ in CASES}
    with open("exchange_go.json") as f:
        cases = json.load(f)["cases"]
    for case in cases:
        dtype = getattr(torch, case["dtype"])
        params = [torch.tensor(v, dtype=dtype).requires_grad_() for v in case["params"]]
        # Options are deliberately not given: load_state_dict has to bring them.
        extra = {"lr": 0.123}
        opt = classes[case["optimizer"]](params, **extra)
        opt.load_state_dict(from_lists(case["state"], params, "sparse" in case["optimizer"]))
        run(opt, params, HALF)
        yield {"name": case["name"], "end": lists(params)}


def write(name, items):
    with open(name, "w") as f:
        f.write('{"torch": %s, "cases": [\n' % json.dumps(VERSION))
        f.write(",\n".join(json.dumps(c) for c in items))
        f.write("\n]}\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        write("exchange.json", make())
    elif sys.argv[1:] == ["resume"]:
        write("exchange_back.json", resume())
    else:
        sys.exit(__doc__)
