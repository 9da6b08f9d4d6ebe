"""Writes index.json: values and gradients of PyTorch for indexing, sorting and scans.

    python3 index.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function, "axis" and "dims" its numbers in the order of the Go
function's, and "fill" the value of MaskedFill as a string. Indices and masks are inputs
without a gradient. Functions with two results have two ops: SortIndices has the
second result of Sort. PyTorch has no sparsemax: it is found here by trying every
size of the support.
"""

import itertools
import pathlib

import torch
import torch.nn.functional as F

from fixture import INF, NAN, Suite, of, write

suite = Suite(20240717)
rand = suite.rand
LAYOUTS = [((5,), 0), ((1,), 0), ((2, 3), 1), ((2, 3), 0), ((3, 1), -1), ((2, 3, 2), 1), ((2, 3, 4), -3), ((2, 1, 70), 0), ((1, 3, 70), 1)]


def places(n, *shape):
    """Whole numbers below n, each of shape."""
    return torch.randint(0, n, shape, generator=suite.rng).double()


def gather():
    for shape, axis, index in [((5,), 0, (5,)), ((5,), 0, (9,)), ((1,), 0, (2,)), ((3, 4), 0, (3, 4)), ((3, 4), 1, (3, 2)), ((3, 4), -2, (5, 4)),
                               ((3, 4), 0, (2, 2)), ((3, 4), -1, (1, 6)), ((2, 3, 4), 1, (2, 5, 4)), ((2, 3, 4), 2, (1, 3, 7)), ((2, 3, 4), 0, (2, 2, 1)),
                               ((2, 1), 1, (2, 3))]:
        at = places(shape[axis], *index)
        suite.add("Gather", lambda x, i: torch.gather(x, axis, i.long()), [rand(*shape), at], args={"axis": axis}, constant=(1,))
    for x in [of(NAN, INF, -INF, 1.0), of(0.0, INF, 2.0, 3.0)]:
        suite.add("Gather", lambda x, i: torch.gather(x, 0, i.long()), [x, of(1, 1, 0, 3, 3)], "special", {"axis": 0}, (1,))
    for shape, axis, index in [((2, 3), 1, (2, 1)), ((2, 3), 1, (1, 2)), ((1, 3), 1, (4, 2)), ((2, 3, 4), 1, (1, 2, 1)), ((2, 3, 1), -2, (1, 4, 5)), ((3,), 0, (2,))]:
        at = places(shape[axis], *index)
        suite.add("TakeAlongAxis", lambda x, i: torch.take_along_dim(x, i.long(), axis), [rand(*shape), at], args={"axis": axis}, constant=(1,))


def scatter():
    for shape, axis, index in [((5,), 0, (5,)), ((5,), 0, (12,)), ((3,), 0, (1,)), ((3, 4), 0, (3, 4)), ((3, 4), 1, (3, 2)), ((3, 4), -2, (5, 4)),
                               ((3, 4), 0, (5, 2)), ((3, 4), -1, (1, 6)), ((2, 3, 4), 1, (2, 5, 4)), ((2, 3, 4), 0, (1, 2, 3))]:
        at = places(shape[axis], *index)
        suite.add("ScatterAdd", lambda x, i, s: torch.scatter_add(x, axis, i.long(), s), [rand(*shape), at, rand(*index)], args={"axis": axis}, constant=(1,))
    # PyTorch's rule for a longer src is wrong; it gives an error. The first elements are what is used.
    suite.add("ScatterAdd", lambda x, i, s: torch.scatter_add(x, 0, i.long(), s[:2, :3]), [rand(3, 4), places(3, 2, 3), rand(5, 4)], args={"axis": 0}, constant=(1,))
    suite.add("ScatterAdd", lambda x, i, s: torch.scatter_add(x, 0, i.long(), s), [of(1.0, NAN, INF, 2.0), of(2, 0, 2, 3), of(-INF, INF, 1.0, NAN)], "special", {"axis": 0}, (1,))


def rows():
    for shape, axis, n in [((5,), 0, 7), ((1,), 0, 3), ((3, 4), 0, 5), ((3, 4), 1, 2), ((2, 3, 4), 1, 4), ((2, 3, 4), -1, 1), ((2, 3, 4), -3, 3)]:
        at = places(shape[axis], n)
        suite.add("IndexSelect", lambda x, i: torch.index_select(x, axis, i.long()), [rand(*shape), at], args={"axis": axis}, constant=(1,))
    for shape, index in [((5, 3), (4,)), ((5, 3), (2, 3)), ((5, 3), ()), ((1, 3), (2,)), ((4, 1), (2, 1, 3)), ((6, 40), (30,))]:
        at = places(shape[0], *index)
        suite.add("Embedding", lambda w, i: F.embedding(i.long(), w), [rand(*shape), at], constant=(1,))
    for v in [0.0, 2.5, -INF, NAN]:
        for shape, mask in [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), ()), ((2, 3), (2, 1)), ((3,), (2, 3)), ((), ())]:
            m = (rand(*mask) > 0).double() * rand(*mask)
            suite.add("MaskedFill", lambda x, m: torch.masked_fill(x, m.bool(), v), [rand(*shape), m], args={"fill": str(v)}, constant=(1,))
    suite.add("MaskedFill", lambda x, m: torch.masked_fill(x, m.bool(), 1.0), [of(NAN, INF, NAN, INF), of(1, 1, 0, 0)], "special", {"fill": "1"}, (1,))
    for shape, axis, size, step in [((7,), 0, 3, 1), ((7,), 0, 3, 2), ((7,), 0, 2, 3), ((7,), 0, 7, 1), ((7,), 0, 1, 1), ((7,), 0, 5, 9), ((1,), 0, 1, 1), ((2, 6), 1, 3, 3),
                                    ((6, 2), 0, 2, 2), ((2, 5, 3), 1, 2, 1), ((2, 5, 3), -3, 2, 1), ((2, 5, 3), -1, 2, 1)]:
        suite.add("Unfold", lambda x: x.unfold(axis, size, step), [rand(*shape)], args={"axis": axis, "dims": [size, step]})


def scans():
    functions = {"Cumsum": torch.cumsum, "Cumprod": torch.cumprod, "Logcumsumexp": torch.logcumsumexp}
    for op, fn in functions.items():
        for shape, axis in LAYOUTS:
            suite.add(op, lambda x: fn(x, axis), [rand(*shape)], args={"axis": axis})
    for x in [of(0.5, NAN, 1.0, 2.0), of(0.5, INF, 1.0, 2.0), of(-INF, 1.0, INF, 2.0), of(-0.0, 0.0, -0.0)]:
        suite.add("Cumsum", lambda x: torch.cumsum(x, 0), [x], "special", {"axis": 0})
    suite.add("Cumsum", lambda x: torch.cumsum(x, 0), [of(1e8, *[1.0] * 40)], "small terms", {"axis": 0})
    for where in [(0,), (1,), (4,), (0, 1), (1, 3), (0, 4), (0, 2, 4), (0, 1, 2, 3, 4)]:
        x = rand(5)
        x[list(where)] = 0
        suite.add("Cumprod", lambda x: torch.cumprod(x, 0), [x], args={"axis": 0})
    for axis in [0, 1]:
        suite.add("Cumprod", lambda x: torch.cumprod(x, axis), [rand(3, 4) * (rand(3, 4) > -1)], args={"axis": axis})
    for x in [of(0.0, -INF, -INF, 1.0), of(-INF, -INF, 1.0, 2.0), of(0.0, INF, 1.0, 2.0), of(-INF, 0.0, INF, INF, -INF), of(0.0, NAN, 1.0), of(1.0, INF, NAN),
              of(0.0, 800.0, 1.0, 2.0), of(800.0, 0.0, -800.0), of(-INF, -INF)]:
        suite.add("Logcumsumexp", lambda x: torch.logcumsumexp(x, 0), [x], "special", {"axis": 0})


TIES = [of(1, 0, 1, 0, 1), of(0.0, -0.0, 0.0, -0.0), of(NAN, 1, NAN, 2), of(INF, NAN, -INF, INF, -INF), of(2, 2, 2), of(NAN, NAN), of(3, 1, 2, INF)]


def sorting():
    longer = [((200,), 0), ((49, 3), 0), ((3, 48), 1)]
    for shape, axis in LAYOUTS + longer:
        inputs = [rand(*shape), (rand(*shape) * 2).round()]
        for down in [False, True]:
            for x in inputs:
                args = {"axis": axis, "descending": down}
                suite.add("Sort", lambda x: torch.sort(x, stable=True, dim=axis, descending=down).values, [x], args=args)
                suite.add("SortIndices", lambda x: torch.sort(x, stable=True, dim=axis, descending=down).indices, [x], args=args)
    for down, x in itertools.product([False, True], TIES):
        args = {"axis": 0, "descending": down}
        suite.add("Sort", lambda x: torch.sort(x, stable=True, dim=0, descending=down).values, [x], "special", args)
        suite.add("SortIndices", lambda x: torch.sort(x, stable=True, dim=0, descending=down).indices, [x], "special", args)
    for shape, axis in LAYOUTS:
        n = shape[axis]
        for k, largest in itertools.product(sorted({1, (n + 1) // 2, n}), [False, True]):
            args = {"axis": axis, "dims": [k], "largest": largest}
            x = rand(*shape)
            suite.add("Topk", lambda x: torch.topk(x, k, axis, largest).values, [x], args=args)
            suite.add("TopkIndices", lambda x: torch.topk(x, k, axis, largest).indices, [x], args=args)
    for largest in [False, True]:
        suite.add("Topk", lambda x: torch.topk(x, 3, 0, largest).values, [of(1, NAN, INF, -INF)], "special", {"axis": 0, "dims": [3], "largest": largest})


def extremes():
    for op, fn in {"Argmax": torch.argmax, "Argmin": torch.argmin}.items():
        for shape, axis in LAYOUTS:
            for x in [rand(*shape), rand(*shape).round()]:
                suite.add(op, lambda x: fn(x, axis), [x], args={"axis": axis})
        for x in TIES:
            suite.add(op, lambda x: fn(x, 0), [x], "special", {"axis": 0})
            suite.add(op, lambda x: fn(x, 0), [torch.stack([x, x.flip(0)], 1)], "special", {"axis": 0})
    for shape, axis in LAYOUTS:
        x = rand(*shape)
        suite.add("Median", lambda x: torch.median(x, axis).values, [x], args={"axis": axis})
        suite.add("MedianIndices", lambda x: torch.median(x, axis).indices, [x], args={"axis": axis})
    for x in [of(1, NAN, 0, NAN, 2), of(NAN), of(INF, -INF, 1, 2), of(INF, NAN), of(3, 1), of(-INF, NAN, INF)]:
        suite.add("Median", lambda x: torch.median(x, 0).values, [x], "special", {"axis": 0})
        suite.add("MedianIndices", lambda x: torch.median(x, 0).indices, [x], "special", {"axis": 0})


def sparsemax(x, axis):
    """max(x - t, 0) for the support that the definition allows, of all sizes of supports."""
    return torch.stack([sparse_row(row) for row in x.movedim(axis, -1).reshape(-1, x.shape[axis])]).reshape(
        x.movedim(axis, -1).shape).movedim(-1, axis)


def sparse_row(x):
    order = x.detach().argsort(descending=True, stable=True)
    for k in range(len(x), 0, -1):
        support = torch.zeros(len(x), dtype=torch.bool)
        support[order[:k]] = True
        t = (x[support].sum() - 1) / k
        if (x[support] > t).all() and (x[~support] <= t).all():
            return torch.where(support, x - t, torch.zeros_like(x))
    raise ValueError(x)


def sparse():
    for shape, axis in LAYOUTS + [((200,), 0)]:
        for scale in [0.2, 1.0, 20.0]:
            suite.add("Sparsemax", lambda x: sparsemax(x, axis), [rand(*shape) * scale], args={"axis": axis})
    # ties, elements that are just outside, large ones, and -Inf
    for x in [of(0, 0, 0), of(1, 1, -3), of(1, 0, 0), of(2, 1, 1, 0), of(0.5, -0.5, 0.5, -0.5), of(1e6, 1e6 - 0.5, 0), of(-1e6, -1e6), of(0.25, -INF, 0), of(-INF, 3)]:
        suite.add("Sparsemax", lambda x: sparsemax(x, 0), [x], "special", {"axis": 0}, dtypes=["float64"])


for section in [gather, scatter, rows, scans, sorting, extremes, sparse]:
    section()
write(pathlib.Path(__file__).with_name("index.json"), {}, {"cases": suite.cases})
