"""Writes nn.json: what PyTorch computes for the parts of package nn.

    python3 nn.py

needs torch 1.13.1 and numpy. Tensors and cases have the form described in
autodiff/testdata/torch/fixture.py; "op" is a name in torch.nn.functional. Lists:

- "spiral": the classifier 0 Linear(2, 32), 1 ReLU, 2 Linear(32, 32), 3 ReLU,
  4 Linear(32, 2) with mean cross-entropy on 40 points in 2 classes, per dtype:
  "init" (parameters by torch name), "logits", "loss" and "grads" at the start, and
  "runs": the full-batch training runs, each with the loss before every one of
  its steps, the loss after the last, and the final parameters. "roundoff" is
  how far losses and final parameters move, relative to the largest entry of each
  tensor, when the points are given in reverse order: the accuracy that the
  rounding of PyTorch's own sums leaves.
- "losses": mse_loss, binary_cross_entropy_with_logits and cross_entropy with each
  reduction; inputs are input and target. Class labels are numbers, as in Go.
- "activations": functions of one tensor.
- "gains": calculate_gain.
- "init": the bound of the uniform and the deviation of the normal initialisers, as
  passed to uniform_ and normal_; "linear" is the default of nn.Linear.
"""

import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "autodiff/testdata/torch"))

import fixture  # noqa: E402

rng = torch.Generator().manual_seed(20240612)


def rand(*shape, lo=-2.0, hi=2.0):
    x = torch.rand(shape, generator=rng, dtype=torch.float64) * (hi - lo) + lo
    return (x * 1000).round() / 1000


def of(values):
    return torch.tensor(values, dtype=torch.float64)


def weight(shape):
    return rand(*shape, lo=0.25, hi=1.5)


def in_both(entries, op, fn, inputs, name="", args=None, constant=()):
    """Appends the case in float64 and in float32, with the same w."""
    state = rng.get_state()
    for dtype in fixture.DTYPES:
        rng.set_state(state)
        entries.append(fixture.case(op, fn, inputs, dtype, weight, name, args, constant))


def spiral_data(n=20):
    """n points on each of two spiral arms, three quarters of a turn, and their classes."""
    t = torch.linspace(0.15, 1, n, dtype=torch.float64)
    angle = 1.5 * math.pi * t
    arm = torch.stack([t * torch.cos(angle), t * torch.sin(angle)], 1)
    x = torch.cat([arm, -arm]) + rand(2 * n, 2, lo=-0.03, hi=0.03)
    return (x * 1e4).round() / 1e4, torch.arange(2 * n) // n


def spiral_model(dtype):
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((p * 1e4).round() / 1e4)
    return model.to(dtype)


def named(model):
    return {k: fixture.tensor(v) for k, v in model.named_parameters()}


def train(x, labels, dtype, make, steps):
    """Returns the losses before each step and after the last, and the trained model."""
    model = spiral_model(dtype)
    opt = make(model.parameters())
    losses = []
    for step in range(steps + 1):
        opt.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        losses.append(loss.detach())
        if step < steps:
            loss.backward()
            opt.step()
    return torch.stack(losses), model


def deviation(a, b):
    return ((a - b).abs().max() / b.abs().max()).item()


def spiral():
    points, labels = spiral_data()
    runs = {
        "adam": (lambda p: torch.optim.Adam(p, lr=0.01), {"lr": 0.01}),
        "sgd": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), {"lr": 0.1, "momentum": 0.9}),
    }
    for name, dtype in fixture.DTYPES.items():
        x = points.to(dtype)
        model = spiral_model(dtype)
        logits = model(x)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        out = {
            "dtype": name, "x": fixture.tensor(x), "labels": labels.tolist(), "init": named(model),
            "logits": fixture.tensor(logits), "loss": fixture.tensor(loss),
            "grads": {k: fixture.tensor(p.grad) for k, p in model.named_parameters()}, "runs": [],
        }
        for optimizer, (make, options) in runs.items():
            losses, model = train(x, labels, dtype, make, 50)
            flipped, other = train(x.flip(0), labels.flip(0), dtype, make, 50)
            moved = max(deviation(b, a) for a, b in zip(model.parameters(), other.parameters()))
            out["runs"].append({
                "optimizer": optimizer, "options": options, "losses": fixture.tensor(losses), "final": named(model),
                "roundoff": {"losses": deviation(flipped, losses), "final": moved},
            })
        yield out


def losses():
    out = []
    mse_inputs = [(rand(4), rand(4)), (rand(3, 2), rand(3, 2)), (rand(), rand()), (of([1e3, -1e3, 0.0]), of([0.0, 1e3, 0.0]))]
    bce_inputs = [(rand(4, lo=-4, hi=4), of([0.0, 1.0, 1.0, 0.0])), (rand(3, 2), rand(3, 2, lo=0, hi=1)), (rand(), of(1.0)),
                  (of([1e3, -1e3, 1e3, -1e3, 0.0, -0.0, 40.0, -40.0]), of([1.0, 0.0, 0.0, 1.0, 0.5, 1.0, 0.25, 0.25]))]
    large = of([[1e3, -1e3, 0.0], [-1e3, 1e3, 1e3], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3]])
    labelled = [(rand(4, 3), [0, 2, 1, 2]), (rand(1, 2), [1]), (rand(5, 1), [0] * 5), (large, [0, 0, 1, 2])]
    soft = [(rand(4, 3), torch.softmax(rand(4, 3), 1)), (rand(2, 2), of([[1.0, 0.0], [0.25, 0.75]])),
            (large, torch.softmax(rand(4, 3), 1)), (rand(2, 3), of([[0.0, 0.0, 0.0], [1.0, 1.0, 0.5]]))]
    for reduction in ["mean", "sum", "none"]:
        args = {"reduction": reduction}
        for a, b in mse_inputs:
            in_both(out, "mse_loss", lambda x, y: F.mse_loss(x, y, reduction=reduction), [a, b], args=args)
        for a, b in bce_inputs:
            in_both(out, "binary_cross_entropy_with_logits",
                    lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction=reduction), [a, b], args=args,
                    constant=[1])
        for a, b in labelled:
            in_both(out, "cross_entropy", lambda x, y: F.cross_entropy(x, y.long(), reduction=reduction), [a, of(b)],
                    "labels", args, constant=[1])
        for a, b in soft:
            in_both(out, "cross_entropy", lambda x, y: F.cross_entropy(x, y, reduction=reduction), [a, b],
                    "probabilities", args)
    return out


def activations():
    out = []
    fns = {
        "relu": [{}], "sigmoid": [{}], "tanh": [{}], "softplus": [{}, {"beta": 2.0}], "silu": [{}], "mish": [{}],
        "gelu": [{}, {"approximate": "tanh"}], "leaky_relu": [{}, {"negative_slope": 0.2}], "elu": [{}, {"alpha": 0.5}],
        "celu": [{}], "selu": [{}], "relu6": [{}], "hardtanh": [{}], "hardsigmoid": [{}], "hardswish": [{}],
        "logsigmoid": [{}], "softsign": [{}], "tanhshrink": [{}],
        "softmax": [{"dim": 1}, {"dim": 0}], "log_softmax": [{"dim": 1}],
    }
    edges = of([[0.0, -0.0, 1.0, -1.0], [6.0, -6.0, 3.0, -3.0], [30.0, -30.0, 1000.0, -1000.0]])
    for op, settings in fns.items():
        for args in settings:
            fn = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}.get(op) or getattr(F, op)
            in_both(out, op, lambda x: fn(x, **args), [rand(2, 5, lo=-4, hi=4)], args=args)
            in_both(out, op, lambda x: fn(x, **args), [edges], "edges", args)
    return out


def gains():
    names = ["linear", "conv1d", "conv2d", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    out = [{"nonlinearity": n, "param": None, "gain": float(nn.init.calculate_gain(n))} for n in names]
    for a in [0.2, 0.0, 1.0, math.sqrt(5)]:
        out.append({"nonlinearity": "leaky_relu", "param": a, "gain": nn.init.calculate_gain("leaky_relu", a)})
    return out


class Recorder(torch.Tensor):
    """A tensor that remembers the last arguments of uniform_ and normal_."""

    def uniform_(self, lo, hi):
        assert lo == -hi
        self.drawn = {"bound": hi}
        return self

    def normal_(self, mean, std):
        assert mean == 0
        self.drawn = {"std": std}
        return self


def drawn(fill, shape, **args):
    t = torch.empty(shape).as_subclass(Recorder)
    with torch._C.DisableTorchFunction():
        fill(t, **args)
    return t.drawn


def init():
    out = []
    kinds = [{"nonlinearity": n, "a": 0.0} for n in ["relu", "leaky_relu", "tanh", "linear"]]
    kinds.append({"nonlinearity": "leaky_relu", "a": math.sqrt(5)})
    for shape in [(32, 2), (2, 32), (10, 784), (1, 1), (8, 4, 3, 3)]:
        def row(name, args):
            got = drawn(getattr(nn.init, name), shape, **args)
            out.append({"init": name, "shape": shape, "args": args, **got})
        for mode in ["fan_in", "fan_out"]:
            for kind in kinds:
                row("kaiming_uniform_", {"mode": mode, **kind})
                row("kaiming_normal_", {"mode": mode, **kind})
        for gain in [1.0, nn.init.calculate_gain("tanh"), nn.init.calculate_gain("relu")]:
            row("xavier_uniform_", {"gain": gain})
            row("xavier_normal_", {"gain": gain})
        if len(shape) == 2:  # nn.Linear.reset_parameters
            bound = drawn(nn.init.kaiming_uniform_, shape, a=math.sqrt(5))["bound"]
            out.append({"init": "linear", "shape": shape, "args": {}, "bound": bound, "bias_bound": 1 / math.sqrt(shape[1])})
    return out


fixture.write(HERE / "nn.json", {}, {
    "spiral": list(spiral()), "losses": losses(), "activations": activations(), "gains": gains(), "init": init(),
})
