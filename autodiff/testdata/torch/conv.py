"""Writes conv.json: values and gradients of PyTorch for convolutions.

    python3 conv.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function, and "dims" in "args" its numbers, one or two of each:

    Conv1d, Conv2d                      stride, padding, dilation, groups
    ConvTranspose1d, ConvTranspose2d    stride, padding, output padding, dilation, groups
    Im2col                              taps, stride, padding, dilation
    Col2im                              size, taps, stride, padding, dilation

All numbers are multiples of 1/8, so that all sums are exact in any order, and
the results can be compared in the last bit, in float32 too.
"""

import pathlib

import torch
import torch.nn.functional as F

from fixture import INF, NAN, Suite, write


class Eighths(Suite):
    def rand(self, *shape, lo=-2.0, hi=2.0):
        x = torch.rand(shape, generator=self.rng, dtype=torch.float64) * (hi - lo) + lo
        x = (x * 8).round() / 8
        return torch.where(x == 0, torch.full_like(x, 0.125), x)


suite = Eighths(20241122)


def flat(*numbers):
    return [n for v in numbers for n in (v if isinstance(v, tuple) else (v,))]


def conv(x, w, stride=1, padding=0, dilation=1, groups=1, bias=True, name="", special=None):
    n = len(w) - 2
    fn = {1: F.conv1d, 2: F.conv2d}[n]
    args = {"dims": flat(*[v if isinstance(v, tuple) else (v,) * n for v in (stride, padding, dilation)], groups)}
    inputs = [suite.rand(*x), suite.rand(*w)] + ([suite.rand(w[0])] if bias else [])
    if special is not None:
        inputs[special[0]].view(-1)[: len(special[1])] = torch.tensor(special[1], dtype=torch.float64)
    suite.add(f"Conv{n}d", lambda x, w, b=None: fn(x, w, b, stride, padding, dilation, groups), inputs, name, args)


def transposed(x, w, stride=1, padding=0, output=0, dilation=1, groups=1, bias=True):
    n = len(w) - 2
    fn = {1: F.conv_transpose1d, 2: F.conv_transpose2d}[n]
    args = {"dims": flat(*[v if isinstance(v, tuple) else (v,) * n for v in (stride, padding, output, dilation)], groups)}
    inputs = [suite.rand(*x), suite.rand(*w)] + ([suite.rand(w[1] * groups)] if bias else [])
    suite.add(f"ConvTranspose{n}d", lambda x, w, b=None: fn(x, w, b, stride, padding, output, groups, dilation), inputs, "", args)


def signals():
    conv((2, 3, 7), (4, 3, 3))
    conv((3, 7), (4, 3, 3), bias=False)
    conv((3, 7), (2, 3, 3), stride=2, padding=1)
    conv((1, 1, 1), (1, 1, 1))
    conv((2, 4, 9), (6, 2, 2), stride=2, padding=3, dilation=3, groups=2)
    conv((2, 4, 9), (4, 1, 3), padding=1, groups=4)
    conv((1, 2, 40), (3, 2, 5), stride=3, padding=2)
    conv((2, 2, 5), (2, 2, 5))
    conv((2, 2, 2), (2, 2, 1), padding=4)
    transposed((2, 3, 5), (3, 4, 3))
    transposed((3, 5), (3, 4, 3), stride=2, padding=1, output=1, bias=False)
    transposed((2, 4, 4), (4, 3, 2), stride=3, output=2, groups=2)
    transposed((2, 4, 4), (4, 1, 3), padding=1, dilation=3, output=2, groups=4)
    transposed((1, 1, 1), (1, 1, 1))


def images():
    conv((2, 3, 5, 6), (4, 3, 3, 2))
    conv((3, 5, 6), (4, 3, 3, 2), padding=(1, 0), bias=False)
    conv((3, 5, 6), (4, 3, 3, 2), padding=1)
    conv((1, 1, 1, 1), (3, 1, 1, 1))
    conv((2, 2, 6, 7), (3, 2, 2, 3), stride=(2, 3), padding=(1, 2))
    conv((2, 2, 6, 7), (3, 2, 2, 3), stride=(3, 1), padding=(0, 2), dilation=(2, 3))
    conv((1, 2, 8, 8), (3, 2, 3, 3), stride=3)  # the last rows and columns are left out
    conv((2, 6, 4, 4), (6, 2, 3, 3), padding=1, groups=3)
    conv((1, 4, 5, 4), (12, 2, 3, 3), stride=(2, 1), groups=2)
    conv((2, 3, 5, 5), (3, 1, 3, 3), padding=1, groups=3)
    conv((1, 3, 7, 6), (6, 1, 3, 3), stride=2, padding=(0, 2), dilation=(1, 2), groups=3)
    conv((1, 3, 9, 9), (5, 3, 1, 1))
    conv((3, 3, 2, 2), (5, 3, 1, 1), bias=False)
    conv((2, 3, 5, 5), (4, 3, 1, 1), stride=2, padding=1)
    conv((2, 2, 4, 5), (4, 2, 4, 5))
    conv((2, 2, 4, 5), (1, 2, 3, 3))
    conv((2, 2, 1, 5), (3, 2, 1, 3), padding=(2, 1))
    conv((1, 1, 12, 12), (3, 1, 3, 3), padding=1)
    transposed((2, 3, 4, 3), (3, 4, 3, 2))
    transposed((3, 4, 3), (3, 4, 3, 2), stride=(2, 3), padding=(1, 0), output=(1, 2), bias=False)
    transposed((2, 3, 2, 3), (3, 2, 2, 2), padding=(1, 2), output=(2, 1), dilation=(3, 2))
    transposed((2, 4, 2, 3), (4, 3, 2, 2), stride=2, groups=2)
    transposed((2, 3, 3, 3), (3, 1, 3, 3), stride=2, padding=1, output=1, groups=3)
    transposed((1, 3, 9, 9), (3, 3, 1, 1))
    transposed((1, 1, 1, 1), (1, 1, 1, 1))
    transposed((1, 2, 2, 2), (2, 3, 2, 2), stride=4)


def special():
    """NaN and infinities, without padding: see Conv2d for what PyTorch makes of that."""
    values = [NAN, 1.0, 2.0, INF, -INF, 0.5, 0.25, INF]
    for which in (0, 1):
        conv((1, 2, 4, 4), (3, 2, 2, 2), name="special", special=(which, values))
        conv((1, 2, 4, 4), (2, 1, 2, 2), groups=2, name="special", special=(which, values))
        conv((1, 2, 9), (3, 2, 3), name="special", special=(which, values))


def columns():
    for x, taps, stride, padding, dilation in [
        ((2, 2, 5, 4), (2, 3), (1, 1), (0, 0), (1, 1)),
        ((2, 5, 4), (2, 3), (1, 1), (1, 2), (1, 1)),
        ((2, 2, 5, 4), (2, 3), (2, 3), (1, 0), (1, 1)),
        ((1, 3, 5, 4), (3, 2), (1, 2), (2, 0), (2, 3)),
        ((1, 1, 1, 1), (1, 1), (1, 1), (0, 0), (1, 1)),
        ((1, 2, 3, 3), (1, 1), (2, 1), (3, 3), (1, 1)),
        ((2, 1, 4, 4), (4, 4), (1, 1), (0, 0), (1, 1)),
    ]:
        numbers = flat(taps, stride, padding, dilation)
        unfold = lambda x: F.unfold(x, taps, dilation, padding, stride)
        fold = lambda y: F.fold(y, x[-2:], taps, dilation, padding, stride)
        suite.add("Im2col", unfold, [suite.rand(*x)], "", {"dims": numbers})
        y = unfold(torch.zeros(x))
        suite.add("Col2im", fold, [suite.rand(*y.shape)], "", {"dims": flat(x[-2:]) + numbers})


for section in [signals, images, special, columns]:
    section()
write(pathlib.Path(__file__).with_name("conv.json"), {}, {"cases": suite.cases})
