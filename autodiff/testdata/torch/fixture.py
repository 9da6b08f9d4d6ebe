"""What the PyTorch fixture scripts of this repository share: how tensors become JSON.

A tensor is {"shape": [...], "data": [...]} in row-major order. Every number is
the shortest decimal that reads back as the same float32 or float64; NaN and the
infinities are the strings "nan", "inf" and "-inf".

A case is one function applied to some inputs:

    {"op": "Add", "case": "broadcast", "dtype": "float64", "args": {},
     "inputs": [tensor, ...], "w": tensor, "output": tensor, "grads": [tensor or null, ...]}

grads are the gradients of sum(output * w) with respect to each input, computed
in the dtype of the case; null where PyTorch defines none. Some cases also have
"u", one tensor an input, and "second": the gradients of sum(grads * u) over all
inputs, with null for zero.
"""

import json
import math

import numpy as np
import torch

# Debian's package of 1.13.1 calls itself 1.13.0a0.
VERSION = {"1.13.0a0": "1.13.1"}.get(torch.__version__, torch.__version__)

DTYPES = {"float64": torch.float64, "float32": torch.float32}

torch.set_num_threads(1)


def number(v):
    """The shortest JSON number that reads back as the numpy scalar v."""
    if not np.isfinite(v):
        return "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")
    return float(np.format_float_scientific(v)) if v.dtype == np.float32 else float(v)


def tensor(t):
    """The JSON form of a tensor."""
    t = t.detach()
    return {"shape": list(t.shape), "data": [number(v) for v in t.contiguous().numpy().reshape(-1)]}


def gradient(y, w, xs, second=False):
    """Returns the gradients of sum(y * w) with respect to xs; None where there is none."""
    if not y.requires_grad:
        return [None] * len(xs)
    wrt = [x for x in xs if x.requires_grad]
    grads = iter(torch.autograd.grad((y * w).sum(), wrt, allow_unused=True, create_graph=second))
    return [next(grads) if x.requires_grad else None for x in xs]


def maybe(t):
    return None if t is None else tensor(t)


def case(op, fn, inputs, dtype, weight, name="", args=None, constant=(), second=False):
    """Applies fn to inputs and returns the case.

    inputs are float64 tensors; weight(shape) gives w and u. The inputs numbered
    in constant take no gradient.
    """
    xs = [x.detach().to(DTYPES[dtype]).requires_grad_(i not in constant) for i, x in enumerate(inputs)]
    y = fn(*xs)
    out = {"op": op, "case": name, "dtype": dtype, "args": args or {}, "inputs": [tensor(x) for x in xs]}
    out["output"] = tensor(y.to(DTYPES[dtype]))
    w = weight(y.shape).to(DTYPES[dtype])
    if y.requires_grad:
        out["w"] = tensor(w)
    grads = gradient(y, w, xs, second)
    out["grads"] = [maybe(g) for g in grads]
    if second and y.requires_grad:
        us = [weight(x.shape).to(x.dtype) for x in xs]
        s = sum((g * u).sum() for g, u in zip(grads, us) if g is not None)
        out["u"] = [tensor(u) for u in us]
        out["second"] = [maybe(g) for g in gradient(s, 1, xs)]
    return out


def write(path, header, lists):
    """Writes header and the named lists, one entry a line, so that changes read well as a diff."""
    def dump(v):
        return json.dumps(v, allow_nan=False, separators=(",", ":"))

    parts = [f"{dump(k)}: {dump(v)}" for k, v in {"torch": VERSION, **header}.items()]
    for key, entries in lists.items():
        parts.append(f"{dump(key)}: [\n" + ",\n".join(dump(e) for e in entries) + "\n]")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{path.name}: {sum(len(e) for e in lists.values())} entries, {path.stat().st_size} bytes")


NAN, INF = math.nan, math.inf

# The values at which functions and their derivatives have their special cases.
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-12, -1e-12, 1000.0, -1000.0, INF, -INF, NAN]


def of(*values):
    return torch.tensor(values, dtype=torch.float64)


class Suite:
    """Cases whose numbers come from one stream."""

    def __init__(self, seed):
        self.rng = torch.Generator().manual_seed(seed)
        self.cases = []

    def rand(self, *shape, lo=-2.0, hi=2.0):
        """Uniform numbers with three decimals, none of them zero."""
        x = torch.rand(shape, generator=self.rng, dtype=torch.float64) * (hi - lo) + lo
        x = (x * 1000).round() / 1000
        return torch.where(x == 0, torch.full_like(x, 0.125), x)

    def weight(self, shape):
        return self.rand(*shape, lo=0.5, hi=1.5) * torch.where(self.rand(*shape) > 0, 1.0, -1.0)

    def add(self, op, fn, inputs, name="", args=None, constant=(), dtypes=DTYPES):
        """Appends the case in each dtype, with the same w; in float64 with second derivatives at common points."""
        state = self.rng.get_state()
        for dtype in dtypes:
            self.rng.set_state(state)
            # abs is left out: PyTorch 1.13.1 gives uninitialised memory for its second derivative.
            second = dtype == "float64" and name in ("", "broadcast") and op != "Abs"
            self.cases.append(case(op, fn, inputs, dtype, self.weight, name, args, constant, second))
