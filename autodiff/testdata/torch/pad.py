"""Writes pad.json: values and gradients of PyTorch for padding by elements, and p-norms.

    python3 pad.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py. "dims"
are the widths of a padding, "axes" and "p" those of a norm. PyTorch's
reflect, replicate and circular take the last axes of images only, with two axes in
front.
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture
from fixture import INF, NAN, of

suite = fixture.Suite(20261122)
rand, add = suite.rand, suite.add

for op, mode in {"PadReflect": "reflect", "PadReplicate": "replicate", "PadCircular": "circular"}.items():
    for shape, widths in [((2, 3, 4), [2, 1]), ((1, 2, 5), [0, 3]), ((1, 1, 4), [3, 3]), ((2, 1, 3, 4), [1, 2, 2, 1]), ((1, 2, 4, 2), [1, 0, 0, 3]), ((1, 1, 2, 3), [0, 0, 1, 0])]:
        add(op, lambda x: F.pad(x, widths, mode=mode), [rand(*shape)], "", {"dims": widths})
    add(op, lambda x: F.pad(x, [1, 1], mode=mode), [of(1.0, NAN, INF, -INF).reshape(1, 1, 4)], "special", {"dims": [1, 1]})

# PyTorch 1.13.1 gives uninitialised memory for the second derivative of |x|, which is 0.
for p in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, -1.0, INF, -INF]:
    p_json = fixture.number(torch.tensor(p, dtype=torch.float64).numpy()[()])
    for shape, axes in [((4,), None), ((2, 3), [1]), ((2, 3), [-2]), ((2, 3, 2), [0, 2])]:
        args = {"p": p_json} if axes is None else {"p": p_json, "axes": axes}
        add("NormP", lambda x: torch.linalg.vector_norm(x, p, axes), [rand(*shape)], "linear" if p in (0.0, 1.0, INF, -INF) else "", args)
    if p in (1.0, 2.0, 3.0, INF):
        add("NormP", lambda x: torch.linalg.vector_norm(x, p, 1), [of(0.0, 0.0, 1.0, -2.0).reshape(2, 2)], "zero", {"p": p_json, "axes": [1]})

fixture.write(pathlib.Path(__file__).with_name("pad.json"), {}, {"cases": suite.cases})
