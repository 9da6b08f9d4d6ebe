"""Writes ctc.json: values and gradients of PyTorch for the CTC loss.

    python3 ctc.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function and "args" its numbers; the inputs are the logarithms of the
probabilities and the targets. With "OfLogits" it is the function of the log_softmax
of the first input. PyTorch's own gradient supposes that, so the cases without it are
computed from the definition, a sum over all labels of the steps, which has second
derivatives, too. The values of both are compared here.
"""

import itertools
import pathlib

import torch
import torch.nn.functional as F

from fixture import DTYPES, INF, Suite, of, write

suite = Suite(20241122)


def merged(path, blank):
    """The labels of the steps with repeated ones merged and then without blanks."""
    return [c for c, _ in itertools.groupby(path) if c != blank]


def by_definition(x, targets, steps, lengths, blank):
    out = []
    for n, (t, s) in enumerate(zip(steps, lengths)):
        want = targets[n, :s].tolist()
        paths = [p for p in itertools.product(range(x.shape[2]), repeat=t) if merged(p, blank) == want]
        if not paths:
            out.append(x.new_tensor(INF))
            continue
        sums = torch.stack([sum(x[i, n, c] for i, c in enumerate(p)) for p in paths])
        out.append(-torch.logsumexp(sums, 0))
    y = torch.stack(out)
    torch_y = F.ctc_loss(x.detach(), targets.long(), torch.tensor(steps), torch.tensor(lengths), blank, "none")
    assert torch.allclose(y, torch_y, rtol=1e-5), (y, torch_y)
    return y


def numbers(steps, lengths, blank):
    return {"inputlengths": steps, "targetlengths": lengths, "blank": blank}


def definition():
    """T, N, C, targets, lengths of inputs and targets, blank"""
    for t, c, targets, steps, lengths, blank in [
        (4, 3, [[1, 2]], [4], [2], 0),
        (4, 3, [[1, 1]], [4], [2], 0),
        (5, 3, [[1, 2], [2, 2], [1, 0]], [5, 4, 3], [2, 2, 1], 0),
        (4, 3, [[0, 1], [1, 0]], [4, 3], [2, 1], 2),
        (4, 3, [[0, 2, 0]], [3], [3], 1),
        (3, 3, [[1], [1], [1]], [3, 2, 1], [0, 1, 1], 0),
        (1, 2, [[1], [1]], [1, 1], [1, 0], 0),
        (3, 1, [[0]], [2], [0], 0),
        (4, 4, [[3, 1, 3, 9], [2, 2, -1, -1]], [4, 4], [3, 2], 0),
    ]:
        x, labels = suite.rand(t, len(targets), c, lo=-3, hi=-0.1), of(*targets)
        suite.add("CTCLoss", lambda x, y: by_definition(x, y, steps, lengths, blank), [x, labels], "", numbers(steps, lengths, blank), constant=(1,))


def ctc(steps, lengths, blank, **kwargs):
    return lambda x, y: F.ctc_loss(F.log_softmax(x, 2), y.long(), torch.tensor(steps), torch.tensor(lengths), blank, **kwargs)


def logits():
    for t, c, targets, steps, lengths, blank in [
        (12, 6, [[1, 2, 3, 3, 5], [4, 4, 4, 0, 0], [5, 1, 0, 0, 0]], [12, 9, 2], [5, 3, 2], 0),
        (20, 5, [[0, 1, 2, 3, 3, 2, 1, 0]], [20], [8], 4),
        (30, 3, [[1, 1, 1, 1, 1, 1, 1], [2, 1, 2, 1, 2, 1, 2]], [30, 17], [7, 7], 0),
        (7, 4, [[2], [3], [1]], [7, 1, 4], [0, 1, 1], 0),
        (6, 3, [[1, 2, 1], [1, 1, 1]], [6, 5], [3, 3], 0),
    ]:
        x, labels, args = suite.rand(t, len(targets), c, lo=-3, hi=3), of(*targets), numbers(steps, lengths, blank)
        more = {"constant": (1,), "dtypes": DTYPES if t < 20 else ["float64"]}  # in float32 PyTorch's gradient is off by 4e-6
        suite.add("CTCLossOfLogits", ctc(steps, lengths, blank, reduction="none"), [x, labels], "logits", args, **more)
        for zero in [False, True]:
            suite.add("CTCLossMeanOfLogits", ctc(steps, lengths, blank, zero_infinity=zero), [x, labels], "logits", {**args, "zeroinfinity": zero}, **more)


def impossible():
    """Infinite losses. PyTorch's gradient of one is NaN, so it is not asked for."""
    for t, targets, length in [(2, [[1, 2, 1]], 3), (2, [[1, 1]], 2), (3, [[2, 2]], 2), (1, [[1, 2]], 2), (1, [[1, 2]], 1)]:
        x, labels, args = suite.rand(t, 1, 3), of(*targets), numbers([t], [length], 0)
        constant = (1,) if torch.isfinite(ctc([t], [length], 0, reduction="none")(x, labels)).item() else (0, 1)
        suite.add("CTCLossOfLogits", ctc([t], [length], 0, reduction="none"), [x, labels], "infinite", args, constant=constant)
    x, labels, args = suite.rand(3, 3, 4), of([1, 1, 3], [1, 2, 3], [3, 3, 3]), numbers([3, 3, 3], [2, 3, 3], 0)
    suite.add("CTCLossMeanOfLogits", ctc([3, 3, 3], [2, 3, 3], 0, zero_infinity=True), [x, labels], "infinite", {**args, "zeroinfinity": True}, constant=(1,))
    x, labels, args = suite.rand(2, 2, 4), of([1, 1, 3], [1, 2, 3]), numbers([2, 2], [2, 3], 0)
    suite.add("CTCLossMeanOfLogits", ctc([2, 2], [2, 3], 0), [x, labels], "infinite", {**args, "zeroinfinity": False}, constant=(0, 1))


for section in [definition, logits, impossible]:
    section()
write(pathlib.Path(__file__).with_name("ctc.json"), {}, {"cases": suite.cases})
