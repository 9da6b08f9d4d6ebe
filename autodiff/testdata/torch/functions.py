"""Writes functions.json: values and gradients of PyTorch for special functions and activations.

    python3 functions.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py, and
"args" in ops.py, which has the other functions; here they also are "alpha",
"lo"/"hi" and "correction".
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture
from fixture import INF, NAN, SPECIAL, of

suite = fixture.Suite(20240614)
rand, add = suite.rand, suite.add


def functions():
    """Functions of one argument that have no parameters and are no activations."""
    fns = {
        "Asin": (torch.asin, -0.95, 0.95),
        "Acos": (torch.acos, -0.95, 0.95),
        "Atan": (torch.atan, -5, 5),
        "Sinh": (torch.sinh, -3, 3),
        "Cosh": (torch.cosh, -3, 3),
        "Asinh": (torch.asinh, -5, 5),
        "Acosh": (torch.acosh, 1.1, 5),
        "Atanh": (torch.atanh, -0.95, 0.95),
        "Floor": (torch.floor, -4, 4),
        "Ceil": (torch.ceil, -4, 4),
        "Round": (torch.round, -4, 4),
        "Trunc": (torch.trunc, -4, 4),
        "Frac": (torch.frac, -4, 4),
        "Exp2": (torch.exp2, -4, 4),
        "Log2": (torch.log2, 0.1, 5),
        "Log10": (torch.log10, 0.1, 5),
        "Rsqrt": (torch.rsqrt, 0.1, 5),
        "Erf": (torch.erf, -3, 3),
        "Erfc": (torch.erfc, -3, 3),
        "LogSigmoid": (F.logsigmoid, -5, 5),
        "Isnan": (torch.isnan, -2, 2),
        "Isinf": (torch.isinf, -2, 2),
        "Isfinite": (torch.isfinite, -2, 2),
    }
    for op, (fn, lo, hi) in fns.items():
        add(op, fn, [rand(2, 3, lo=lo, hi=hi)])
        add(op, fn, [of(*SPECIAL)], "special")
    for op in ["Floor", "Ceil", "Round", "Trunc"]:
        add(op, fns[op][0], [of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.0, 1e15)], "halves")
    for op in ["Log2", "Log10"]:
        add(op, fns[op][0], [of(1e-30, 8.0, 1000.0, 1e15, 1.000001)], "range")
    for op in ["Erf", "Erfc", "LogSigmoid", "Atan", "Asinh", "Exp2"]:
        add(op, fns[op][0], [of(1e-9, 0.5, -0.5, 5.0, -5.0, 20.5, -20.5, 80.0, -80.0)], "range", dtypes=["float64"])


def activations():
    fns = {
        "Gelu": (F.gelu, {}),
        "GeluTanh": (lambda x: F.gelu(x, approximate="tanh"), {}),
        "Silu": (F.silu, {}),
        "Mish": (F.mish, {}),
        "Selu": (F.selu, {}),
        "Elu": (lambda x: F.elu(x, 0.7), {"alpha": 0.7}),
        "Celu": (lambda x: F.celu(x, 1.5), {"alpha": 1.5}),
        "LeakyRelu": (lambda x: F.leaky_relu(x, 0.1), {"alpha": 0.1}),
        "Clamp": (lambda x: torch.clamp(x, -1.0, 0.5), {"lo": -1.0, "hi": 0.5}),
        "Hardtanh": (lambda x: F.hardtanh(x, -1.0, 0.5), {"lo": -1.0, "hi": 0.5}),
        "Relu6": (F.relu6, {}),
        "Hardsigmoid": (F.hardsigmoid, {}),
        "Hardswish": (F.hardswish, {}),
        "Softsign": (F.softsign, {}),
        "Tanhshrink": (F.tanhshrink, {}),
    }
    # PyTorch computes elu as exp(x) - 1, which is 0 for tiny x, and x - tanh x and 1 + erf(x) lose digits, too.
    special = of(0.0, -0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, 1000.0, -1000.0, INF, -INF, NAN)
    for op, (fn, args) in fns.items():
        # In float64, the gradient of hardsigmoid uses the 1/6 of float32.
        dtypes = ["float32"] if op == "Hardsigmoid" else fixture.DTYPES
        add(op, fn, [rand(2, 3)], "", args, dtypes=dtypes)
        # The slope of hardswish at 3 is 1 or 1.5, by the place in the array.
        left_out = {"Gelu": -3.0, "GeluTanh": -3.0, "Hardswish": 3.0}.get(op)
        add(op, fn, [special[special != left_out] if left_out else special], "special", args, dtypes=dtypes)
    add("Clamp", lambda x: torch.clamp(x, 1.0, -1.0), [of(-2.0, 0.0, 2.0, NAN)], "empty", {"lo": 1.0, "hi": -1.0})
    add("Hardtanh", lambda x: F.hardtanh(x, 1.0, -1.0), [of(-2.0, 0.0, 2.0, NAN)], "empty", {"lo": 1.0, "hi": -1.0})
    add("LeakyRelu", lambda x: F.leaky_relu(x, -1.0), [special], "special", {"alpha": -1.0}, dtypes=["float64"])
    for op in ["Elu", "Silu", "Mish", "Softsign"]:
        x = of(5.0, 20.5, -20.5, 80.0, -80.0) if op != "Mish" else of(5.0, 20.5, 80.0)
        add(op, fns[op][0], [x], "range", fns[op][1], dtypes=["float64"])


def functions_of_two():
    fns = {
        "Atan2": (torch.atan2, -2, 2),
        "Hypot": (torch.hypot, -2, 2),
        "Fmod": (torch.fmod, -4, 4),
        "Remainder": (torch.remainder, -4, 4),
        "FloorDivide": (lambda a, b: torch.div(a, b, rounding_mode="floor"), -4, 4),
        "Logaddexp": (torch.logaddexp, -5, 5),
        "Xlogy": (torch.xlogy, 0.1, 3),
    }
    values = of(0.0, -0.0, 1.0, -2.0, INF, -INF, NAN)
    for op, (fn, lo, hi) in fns.items():
        for a, b in [((3,), (3,)), ((2, 1), (1, 3)), ((), (2, 2))]:
            add(op, fn, [rand(*a, lo=lo, hi=hi), rand(*b, lo=lo, hi=hi)], "broadcast")
        add(op, lambda x: fn(torch.full_like(x, 2.0), x), [rand(3, lo=lo, hi=hi)], args={"left": 2.0})
        add(op, lambda x: fn(x, torch.full_like(x, 0.5)), [rand(3, lo=lo, hi=hi)], args={"right": 0.5})
        add(op, fn, [values.reshape(-1, 1), values], "special")
    for op in ["Fmod", "Remainder", "FloorDivide"]:
        add(op, fns[op][0], [of(1.0, 7.0, -7.0, 6.0, -6.0, 1e15), of(0.1, 2.0, 2.0, -2.0, -4.0, 7.0)], "range", dtypes=["float64"])
    add("Logaddexp", torch.logaddexp, [of(1000.0, -1000.0, 1000.0, 1e-9), of(-1000.0, -1000.0, 999.0, 0.0)], "range")
    for a, b, w in [((3,), (3,), (3,)), ((2, 1), (3,), ()), ((), (2, 2), (2, 1))]:
        add("Lerp", torch.lerp, [rand(*a), rand(*b), rand(*w, lo=-0.5, hi=1.5)], "broadcast")
    add("Lerp", lambda a, b: torch.lerp(a, b, 0.25), [rand(3), rand(3)], args={"right": 0.25})
    add("Lerp", torch.lerp, [of(1.0, 1.0, INF, 1.0, NAN, 1.0), of(2.0, 2.0, 1.0, -INF, 1.0, 1.0), of(0.0, 1.0, 0.25, 0.75, 0.5, INF)], "special")


def spreads():
    def dims(x, axes):
        return list(range(x.dim())) if axes is None else axes

    def products(x, axes):
        for axis in sorted((a % x.dim() for a in dims(x, axes)), reverse=True):
            x = x.prod(axis)
        return x

    def masks(reduce):
        def fn(x, axes):
            for axis in sorted((a % x.dim() for a in dims(x, axes)), reverse=True):
                x = reduce(x, axis)
            return x
        return fn

    fns = {
        "Var": (lambda x, axes: torch.var(x, dims(x, axes), unbiased=True), {}),
        "Std": (lambda x, axes: torch.std(x, dims(x, axes), unbiased=True), {}),
        "VarWith": (lambda x, axes: torch.var(x, dims(x, axes), correction=0), {"correction": 0}),
        "StdWith": (lambda x, axes: torch.std(x, dims(x, axes), correction=2), {"correction": 2}),
        "Prod": (products, {}),
        "Any": (masks(torch.any), {}),
        "All": (masks(torch.all), {}),
    }
    for op, (fn, args) in fns.items():
        def both(x, axes, name=""):
            add(op, lambda t: fn(t, axes), [x], name, args if axes is None else {**args, "axes": axes})

        for shape, axes in [((4,), None), ((3, 4), [0]), ((3, 4), [-1]), ((3, 4), None), ((2, 3, 2), [0, 2]), ((2, 3, 2), [1])]:
            x = rand(*shape)
            both(x * (x > -1) if op in ("Any", "All", "Prod") else x, axes)
        if op != "Prod":  # whose gradient of a NaN is the NaN over itself
            both(torch.tensor([[1.0, NAN, 2.0], [1.0, 3.0, 2.0]]).double(), [1], "nan")
        if op in ("Var", "Std"):
            both(torch.tensor([[0.5], [2.0]]).double(), [1], "one")
            both(torch.tensor([[2.0, 2.0], [1.0, 3.0]]).double(), [1], "equal")
        if op in ("Any", "All", "Prod"):
            both(torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0], [-0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]).double(), [1], "zeros")


for section in [functions, activations, functions_of_two, spreads]:
    section()
fixture.write(pathlib.Path(__file__).with_name("functions.json"), {}, {"cases": suite.cases})
