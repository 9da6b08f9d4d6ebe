"""Writes ops.json: values and gradients of PyTorch for every function of package autodiff.

    python3 ops.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function and "args" its attributes: "axes", "axis", "dims",
"perm", "index", "start"/"stop"/"step", "classes"; "left" or "right" is a plain
number given in place of that operand. Without "axes" or "perm" the function is
called without them.
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture
from fixture import INF, NAN, SPECIAL, of

suite = fixture.Suite(20240611)
rand, add = suite.rand, suite.add


def scalar(v):
    return torch.tensor(v, dtype=torch.float64)


def unary():
    fns = {
        "Neg": (torch.neg, -2, 2),
        "Exp": (torch.exp, -3, 3),
        "Log": (torch.log, 0.1, 5),
        "Log1p": (torch.log1p, -0.9, 3),
        "Expm1": (torch.expm1, -2, 2),
        "Sqrt": (torch.sqrt, 0.1, 5),
        "Sin": (torch.sin, -7, 7),
        "Cos": (torch.cos, -7, 7),
        "Tan": (torch.tan, -1.4, 1.4),
        "Tanh": (torch.tanh, -3, 3),
        "Sigmoid": (torch.sigmoid, -5, 5),
        "Softplus": (F.softplus, -5, 5),
        "Relu": (torch.relu, -2, 2),
        "Abs": (torch.abs, -2, 2),
        "Sign": (torch.sign, -2, 2),
        "Square": (torch.square, -3, 3),
        "Reciprocal": (torch.reciprocal, -2, 2),
        "StopGradient": (torch.detach, -2, 2),
    }
    for op, (fn, lo, hi) in fns.items():
        for shape in [(), (1,), (2, 3), (2, 1, 2)]:
            add(op, fn, [rand(*shape, lo=lo, hi=hi)])
        add(op, fn, [of(*SPECIAL)], "special")
    for op in ["Exp", "Expm1", "Log1p", "Tanh", "Sigmoid", "Softplus"]:
        add(op, fns[op][0], [of(1e-9, -1e-9, 0.5, -0.5, 19.5, 20.0, 20.5, -20.0, 30.0, -30.0, 80.0, -80.0)], "range")
    for op in ["Sin", "Cos", "Tan"]:
        add(op, fns[op][0], [of(100.0, -100.0, 1e4, 1.5707963, 3.1415927, -0.7853982)], "range")
    for op in ["Log", "Sqrt", "Reciprocal", "Square"]:
        add(op, fns[op][0], [of(1e-30, 1e-9, 1e9, 1e15)], "range")


BROADCAST = [
    ((), ()), ((2, 3), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)),
    ((2, 3), (2, 1)), ((1,), (2, 2)), ((2, 1, 3), (4, 1)), ((1, 1), (1,)),
]


def binary():
    fns = {
        "Add": (torch.add, -2, 2),
        "Sub": (torch.sub, -2, 2),
        "Mul": (torch.mul, -2, 2),
        "Div": (torch.div, 0.2, 3),
        "Pow": (torch.pow, 0.1, 3),
        "Maximum": (torch.maximum, -2, 2),
        "Minimum": (torch.minimum, -2, 2),
    }
    # Every pair of these, so each also meets itself (a tie).
    values = of(0.0, -0.0, 1.0, -2.0, 0.5, INF, -INF, NAN)
    for op, (fn, lo, hi) in fns.items():
        for a, b in BROADCAST:
            add(op, fn, [rand(*a, lo=lo, hi=hi), rand(*b, lo=lo, hi=hi)], "broadcast")
        for number in [2.0, -0.5]:
            left, right = {"left": number}, {"right": number}
            add(op, lambda x: fn(torch.full_like(x, number), x), [rand(3, lo=lo, hi=hi)], args=left)
            add(op, lambda x: fn(x, torch.full_like(x, number)), [rand(2, 2, lo=lo, hi=hi)], args=right)
            add(op, lambda x: fn(x, torch.full_like(x, number)), [rand(lo=lo, hi=hi)], args=right)
        add(op, fn, [values.reshape(-1, 1), values], "special")
    for op in ["Maximum", "Minimum"]:
        fn = fns[op][0]
        add(op, fn, [of(1.0, 2.0, 3.0, -1.0), of(1.0, 3.0, 2.0, -1.0)], "ties")
        add(op, fn, [torch.tensor([[1.0, 2.0], [2.0, 1.0]]).double(), of(2.0)], "ties")
        add(op, lambda x: fn(x, torch.zeros_like(x)), [of(-1.0, 0.0, 1.0)], "ties", {"right": 0.0})
    base = of(-2.0, -1.0, 0.0, 0.5, 2.0)
    for number in [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 1.5]:
        add("Pow", lambda x: torch.pow(x, number), [base], "constant exponent", {"right": number})
        if number >= 0:
            add("Pow", lambda x: torch.pow(number, x), [base], "constant base", {"left": number})


def comparisons():
    fns = {"Lt": torch.lt, "Le": torch.le, "Gt": torch.gt, "Ge": torch.ge, "Eq": torch.eq, "Ne": torch.ne}
    values = of(0.0, -0.0, 1.0, -1.0, INF, -INF, NAN)
    for op, fn in fns.items():
        for a, b in [((), ()), ((2, 3), (3,)), ((2, 1), (1, 3))]:
            add(op, fn, [rand(*a).round(), rand(*b).round()], "broadcast")
        add(op, lambda x: fn(x, 1.0), [of(0.0, 1.0, 2.0)], args={"right": 1.0})
        add(op, fn, [values.reshape(-1, 1), values], "special")

    def where(c, a, b):
        return torch.where(c != 0, a, b)

    for c, a, b in [((), (), ()), ((3,), (3,), (3,)), ((2, 3), (), (3,)), ((3,), (2, 3), (2, 1)),
                    ((2, 1), (1, 3), (4, 1, 1)), ((), (2, 2), (2,))]:
        cond = (rand(*c) > 0).double()
        add("Where", where, [cond, rand(*a), rand(*b)], "broadcast", constant=[0])
    nan = torch.full((6,), NAN, dtype=torch.float64)
    add("Where", where, [of(0.0, -0.0, 1.0, -1.0, NAN, 0.5), rand(6), nan], "special", constant=[0])
    add("Where", lambda c, x: where(c, x, torch.zeros_like(x)), [of(1.0, 0.0, 1.0), of(1.0, INF, -INF)], "special",
        {"right": 0.0}, constant=[0])


# shape and axes; None means all of them.
REDUCTIONS = [
    ((), None), ((1,), None), ((4,), None), ((4,), [0]), ((4,), [-1]), ((2, 3), None), ((2, 3), [0]), ((2, 3), [1]),
    ((2, 3), [0, 1]), ((1, 3), [0]), ((2, 1), [1]), ((2, 3, 2), [1]), ((2, 3, 2), [0, 2]), ((2, 3, 2), [-1, 0]),
    ((2, 3, 2), [-2]), ((2, 2, 1, 3), [1, 3]),
]


def reductions():
    def over(fn):
        return lambda x, axes, keep: fn(x, list(range(x.dim())) if axes is None else axes, keepdim=keep)

    fns = {
        "Sum": over(torch.sum),
        "Mean": over(torch.mean),
        "Max": over(torch.amax),
        "Min": over(torch.amin),
        "LogSumExp": over(torch.logsumexp),
        "Norm": lambda x, axes, keep: torch.linalg.vector_norm(x, dim=axes, keepdim=keep),
    }

    def both(op, x, axes, name=""):
        args = {} if axes is None else {"axes": axes}
        add(op, lambda t: fns[op](t, axes, False), [x], name, args)
        if op in ("Sum", "Mean", "Max", "Min"):
            add(op + "Keep", lambda t: fns[op](t, axes, True), [x], name, args)

    for op in fns:
        for shape, axes in REDUCTIONS:
            both(op, rand(*shape), axes)
        both(op, of(1.0, INF, 2.0), None, "inf")
        both(op, of(1.0, -INF, 2.0), None, "-inf")
        both(op, torch.tensor([[1.0, NAN, 2.0], [1.0, 3.0, 2.0]]).double(), [1], "nan")
    for op in ["Max", "Min"]:
        both(op, torch.tensor([[1.0, 3.0, 3.0], [1.0, 1.0, 1.0]]).double(), [1], "ties")
        both(op, torch.tensor([[2.0, 0.0], [2.0, 0.0]]).double(), None, "ties")
        both(op, of(0.0, -0.0, 0.0), None, "ties")
    for op in ["Sum", "Mean"]:
        both(op, of(INF, -INF, 1.0), None, "inf - inf")
    # PyTorch's gradient is exp(x - y): in float32, y = 1000.3 is rounded so far that 4 digits of it remain.
    for size, dtype in [(1000.0, "float64"), (100.0, "float32")]:
        x = of(size, size - 1, -size, -size, -size - 1, -2 * size).reshape(2, 3)
        add("LogSumExp", lambda t: torch.logsumexp(t, 1), [x], "large", {"axes": [1]}, dtypes=[dtype])
    both("LogSumExp", of(-INF, 0.0, -INF), None, "-inf")
    both("Norm", torch.zeros(2, 2).double(), [1], "zero")
    both("Norm", torch.zeros(()).double(), None, "zero")
    both("Norm", of(3.0, -4.0, 0.0), None, "345")


def softmaxes():
    for op, fn in {"Softmax": torch.softmax, "LogSoftmax": torch.log_softmax}.items():
        for shape, axis in [((1,), 0), ((4,), 0), ((4,), -1), ((2, 3), 0), ((2, 3), 1), ((2, 3), -2), ((2, 3, 2), 1),
                            ((2, 3, 2), -1), ((3, 1), 1)]:
            add(op, lambda x: fn(x, axis), [rand(*shape)], args={"axis": axis})
        big = torch.tensor([[1000.0, -1000.0, 0.0], [1000.0, 999.0, 998.0], [-1000.0, -1001.0, -1000.0]]).double()
        add(op, lambda x: fn(x, 1), [big], "large", {"axis": 1})
        add(op, lambda x: fn(x, 0), [of(0.0, -INF, 1.0)], "-inf", {"axis": 0})
        add(op, lambda x: fn(x, 0), [of(0.0, NAN, 1.0)], "nan", {"axis": 0})
        add(op, lambda x: fn(x, 0), [of(0.0, INF, 1.0)], "inf", {"axis": 0})


def products():
    for n in [1, 3, 5]:
        add("Dot", torch.dot, [rand(n), rand(n)])
    add("Dot", lambda a, b: (a * b).sum(), [rand(2, 3), rand(2, 3)], "matrices")
    shapes = [
        ((3,), (3,)), ((1,), (1,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((1, 3), (3, 1)),
        ((2, 1), (1, 2)), ((1, 1), (1, 1)), ((2, 2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 1)), ((1, 2, 2), (3, 2, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((5, 4), (4, 6)),
    ]
    for a, b in shapes:
        add("MatMul", torch.matmul, [rand(*a), rand(*b)], "broadcast")
    add("MatMul", torch.matmul, [torch.tensor([[1.0, NAN], [2.0, 3.0]]).double(), rand(2, 2)], "nan")
    add("MatMul", torch.matmul, [torch.tensor([[1.0, INF], [2.0, 3.0]]).double(), rand(2, 2)], "inf")


def layout():
    for shape in [(2, 3), (1, 1), (2, 3, 2)]:
        add("Transpose", lambda x: x.mT, [rand(*shape)])
    for shape, perm in [((2, 3), [1, 0]), ((2, 3), [0, 1]), ((2, 3, 2), [2, 0, 1]), ((2, 3, 2), [0, 2, 1]),
                        ((2, 1, 3), [1, 2, 0]), ((2, 3, 2), [0, -1, 1]), ((3,), [0]), ((2, 1, 2, 3), [3, 1, 0, 2])]:
        add("Transpose", lambda x: x.permute(perm), [rand(*shape)], args={"perm": perm})
    for shape, dims in [((2, 3), [3, 2]), ((2, 3), [6]), ((2, 3), [-1]), ((2, 3), [3, -1]), ((6,), [1, 2, 3]),
                        ((2, 3, 2), [-1, 4]), ((), [1]), ((), [1, 1]), ((1,), []), ((1, 1), []), ((2, 3), [2, 3])]:
        add("Reshape", lambda x: x.reshape(dims), [rand(*shape)], args={"dims": dims})
    for shape in [(), (3,), (2, 3), (2, 1, 2)]:
        add("Flatten", lambda x: x.reshape(-1), [rand(*shape)])
    for shape in [(1, 3, 1), (2, 3), (1, 1), ()]:
        add("Squeeze", torch.squeeze, [rand(*shape)])
    for shape, axes in [((1, 3, 1), [0]), ((1, 3, 1), [-1]), ((1, 3, 1), [0, 2]), ((1,), [0])]:
        dims = [n for i, n in enumerate(shape) if i not in axes and i - len(shape) not in axes]
        add("Squeeze", lambda x: x.reshape(dims), [rand(*shape)], args={"axes": axes})
    for shape, axis in [((), 0), ((3,), 0), ((3,), 1), ((3,), -1), ((2, 3), 1), ((2, 3), -2), ((2, 3), 2)]:
        add("Unsqueeze", lambda x: x.unsqueeze(axis), [rand(*shape)], args={"axis": axis})
    for shape, dims in [((), [2]), ((), [2, 3]), ((1,), [3]), ((3,), [2, 3]), ((2, 1), [2, 3]), ((1, 3), [2, 3]),
                        ((2, 1, 2), [2, 3, 2]), ((2, 1), [3, 2, 2]), ((2, 3), [2, 3])]:
        add("Expand", lambda x: x.expand(dims), [rand(*shape)], args={"dims": dims})


def pieces():
    slices = [
        ((5,), 0, 1, 4, 1), ((5,), 0, 0, 5, 2), ((5,), 0, 1, 5, 3), ((5,), 0, -3, -1, 1), ((5,), 0, -5, -1, 2),
        ((5,), 0, 2, 3, 1), ((2, 4), 1, 1, 3, 1), ((2, 4), -1, 0, 4, 3), ((4, 2), 0, 1, 4, 2), ((4, 2), -2, 0, -1, 1),
        ((2, 4, 2), 1, 0, -1, 2), ((2, 3, 3), 2, -2, 3, 1), ((5,), 0, 0, 5, 1), ((5,), 0, 0, 4, 7),
    ]
    for shape, axis, start, stop, step in slices:
        def cut(x):
            at = [slice(None)] * x.dim()
            at[axis] = slice(start, stop, step)
            return x[tuple(at)]
        args = {"axis": axis, "start": start, "stop": stop}
        if step != 1:
            args["step"] = step
        add("Slice", cut, [rand(*shape)], args=args)
    for shape, index in [((3,), [0]), ((3,), [-1]), ((2, 3), [1, 2]), ((2, 3), [-2, -1]), ((2, 1, 2), [1, 0, -1]), ((), [])]:
        add("At", lambda x: x[tuple(index)], [rand(*shape)], args={"index": index})
    concats = [
        ([(2,), (3,)], 0), ([(2, 2), (1, 2)], 0), ([(2, 1), (2, 3)], 1), ([(2, 1), (2, 2), (2, 1)], -1), ([(3,)], 0),
        ([(2, 1, 2), (2, 2, 2)], 1), ([(1, 2), (1, 2)], -2),
    ]
    for shapes, axis in concats:
        add("Concat", lambda *xs: torch.cat(xs, axis), [rand(*s) for s in shapes], args={"axis": axis})
    for shapes, axis in [([(), ()], 0), ([(), ()], -1), ([(2,), (2,)], 0), ([(2,), (2,), (2,)], 1), ([(2,), (2,)], -1),
                         ([(2, 3), (2, 3)], 1), ([(2, 3), (2, 3)], -2), ([(3,)], 0)]:
        add("Stack", lambda *xs: torch.stack(xs, axis), [rand(*s) for s in shapes], args={"axis": axis})
    for labels, classes in [([0, 2, 1], 3), ([1], 2), ([3, 0], 5), ([[0, 1], [1, 0]], 2), (1, 3), ([0, 0], 1)]:
        add("OneHot", lambda x: F.one_hot(x.long(), classes).to(x.dtype), [torch.tensor(labels, dtype=torch.float64)],
            args={"classes": classes}, constant=[0])


for section in [unary, binary, comparisons, reductions, softmaxes, products, layout, pieces]:
    section()
fixture.write(pathlib.Path(__file__).with_name("ops.json"), {}, {"cases": suite.cases})
