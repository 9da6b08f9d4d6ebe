"""Writes layout.json: values and gradients of PyTorch for the functions that move elements.

    python3 layout.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function and "args" its attributes: "axis" or "axes", and in "dims"
the other whole numbers, in the order of the Go function's; "right" is the value of
Pad. The pieces of Split and Chunk are put together again as vectors, each with the
elements multiplied by its number, from 1 on.
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture

rng = torch.Generator().manual_seed(20240613)
cases = []


def rand(*shape):
    x = torch.rand(shape, generator=rng, dtype=torch.float64) * 4 - 2
    return (x * 1000).round() / 1000


def weight(shape):
    return rand(*shape)


def add(op, fn, *shapes, **args):
    state = rng.get_state()
    for dtype in fixture.DTYPES:
        rng.set_state(state)
        cases.append(fixture.case(op, fn, [rand(*s) for s in shapes], dtype, weight, "", args, (), dtype == "float64"))


def numbered(parts):
    return torch.cat([p.reshape(-1) * (i + 1) for i, p in enumerate(parts)])


def pieces():
    for shape, axis, sizes in [((5,), 0, [2, 3]), ((5,), 0, [1, 1, 3]), ((2, 6), 1, [3, 2, 1]), ((3, 2, 2), -3, [1, 2]), ((2, 2), -1, [1, 1])]:
        add("Split", lambda x: numbered(torch.split(x, sizes, axis)), shape, axis=axis, dims=sizes)
    for shape, axis, size in [((5,), 0, 2), ((6,), 0, 2), ((5,), 0, 5), ((5,), 0, 9), ((2, 5), -1, 1), ((4, 2), 0, 3)]:
        add("Split", lambda x: numbered(torch.split(x, size, axis)), shape, axis=axis, dims=[size])
    for shape, axis, n in [((5,), 0, 4), ((6,), 0, 3), ((7,), 0, 3), ((7,), 0, 1), ((2, 5), 1, 2), ((3,), 0, 10), ((4, 2), -2, 2), ((9,), 0, 6)]:
        add("Chunk", lambda x: numbered(torch.chunk(x, n, axis)), shape, axis=axis, dims=[n])


def order():
    for shape, axes in [((5,), [0]), ((2, 3), [0]), ((2, 3), [1]), ((2, 3), [-1, 0]), ((2, 3, 2), [0, 2]), ((2, 3, 2), [1]),
                        ((2, 3, 4), [0, 1, 2]), ((1, 3), [0]), ((2, 1, 2, 3), [-1, 0])]:
        add("Flip", lambda x: torch.flip(x, axes), shape, axes=axes)
    for shape, axis, shift in [((5,), 0, 2), ((5,), 0, -1), ((5,), 0, 5), ((5,), 0, 13), ((5,), 0, -11), ((2, 3), 0, 1), ((2, 3, 2), 1, 2),
                               ((2, 3), -1, -1), ((1,), 0, 3)]:
        add("Roll", lambda x: torch.roll(x, shift, axis), shape, axis=axis, dims=[shift])


def repetition():
    for shape, times in [((3,), [2]), ((3,), [2, 1]), ((2, 3), [2]), ((2, 3), [2, 3]), ((2, 1), [1, 3]), ((2, 3), [1, 1]),
                         ((), [2]), ((), []), ((2,), [2, 1, 3]), ((2, 1, 2), [3, 2]), ((2, 2), [])]:
        add("Tile", lambda x: torch.tile(x, times), shape, dims=times)
    for shape, axis, n in [((3,), 0, 2), ((2, 3), 0, 2), ((2, 3), 1, 3), ((2, 3), -2, 1), ((2, 1, 2), 1, 2)]:
        add("RepeatInterleave", lambda x: torch.repeat_interleave(x, n, axis), shape, axis=axis, dims=[n])
    for value in [0.0, 1.5]:
        for shape, widths in [((3,), [1, 2]), ((3,), [0, 0]), ((3,), [0, 1]), ((3,), []), ((2, 3), [1, 0]), ((2, 3), [1, 0, 0, 2]), ((2, 3), [0, 0, 1, 1]),
                              ((4,), [-1, 2]), ((4,), [-1, -2]), ((2, 3), [1, -1, -1, 2]), ((1, 2, 2), [1, 1, 1, 1, 1, 1]), ((4,), [3, -4 + 1])]:
            add("Pad", lambda x: F.pad(x, widths, value=value), shape, dims=widths, right=value)


def matrices():
    for m, n in [(2, 3), (1, 1), (3, 1), (1, 2)]:
        add("Outer", torch.outer, (m,), (n,))
    for shape in [(3, 3), (2, 3), (3, 2), (1, 4), (1, 1)]:
        add("Trace", torch.trace, shape)
    for shape, ks in [((3,), [0, 1, -1, 2, -3]), ((1,), [0, -1, 2]), ((3, 3), [0, 1, 2, -1, -2]), ((2, 4), [0, 1, 2, 3, -1]),
                      ((4, 2), [0, 1, -1, -2, -3]), ((1, 3), [0, 2]), ((3, 1), [0, -2])]:
        for k in ks:
            add("Diag", lambda x: torch.diag(x, k), shape, dims=[k])
    for op, fn in {"Tril": torch.tril, "Triu": torch.triu}.items():
        for shape, ks in [((3, 3), [0, 1, -1, 2, -2, 7, -7]), ((2, 4), [0, 1, -1]), ((4, 2), [0, 1, -2]), ((2, 3, 3), [0, -1]),
                          ((2, 1, 2, 3), [1]), ((1, 1), [0, 1, -1])]:
            for k in ks:
                add(op, lambda x: fn(x, k), shape, dims=[k])


for section in [pieces, order, repetition, matrices]:
    section()
fixture.write(pathlib.Path(__file__).with_name("layout.json"), {}, {"cases": cases})
