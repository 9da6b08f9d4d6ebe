"""Writes curvature.json: PyTorch's values and gradients of what is made of derivatives.

    python3 curvature.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py. The
functions take the gradients inside with create_graph=True, so that the gradients of
the case are third derivatives and more. Matrices are dense here: rows of Jacobians
and Hessians, multiplied. "op" is the Go function; "GradientStep" is the loss of a
model after dims[0] steps down the gradient of another loss. "terms" is the size of
the terms that are subtracted from each other, as in norm.py.
"""

import pathlib

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

import fixture

suite = fixture.Suite(20240620)
rand = suite.rand


def add(op, fn, inputs, name="", args=None, constant=()):
    # what is subtracted in derivatives of derivatives is of order 1
    suite.add(op, fn, inputs, name, {"terms": 1, **(args or {})}, constant)


def grad(y, xs, dy=None):
    return torch.autograd.grad(y, xs, dy, create_graph=True, allow_unused=True)


def flat(ts):
    return torch.cat([t.reshape(-1) for t in ts])


def rows(y, xs):
    """The Jacobian of the vector y, one row an element, differentiable."""
    out = []
    for e in y.reshape(-1):
        gs = grad(e, xs)
        out.append(flat([torch.zeros_like(x) if g is None else g for g, x in zip(gs, xs)]))
    return torch.stack(out)


def energy(w, b, x):
    return (torch.tanh(x @ w + b) ** 2).mean() + (w**4).sum() / 10 + torch.exp(b).sum()


def hessian(w, b, x):
    return rows(flat(grad(energy(w, b, x), [w, b])), [w, b])


def traces():
    def trace(w, b, x, *probes):
        h = hessian(w, b, x)
        vs = [flat(probes[i : i + 2]) for i in range(0, len(probes), 2)]
        return sum(v @ h @ v for v in vs) / len(vs)

    def diagonal(w, b, x, *probes):
        h = hessian(w, b, x)
        vs = [flat(probes[i : i + 2]) for i in range(0, len(probes), 2)]
        return sum(v * (h @ v) for v in vs) / sum(v * v for v in vs)

    for shape, n, count in [((2, 3), 4, 1), ((2, 3), 4, 3), ((1, 1), 1, 2), ((3, 2), 1, 2)]:
        for op, fn in [("HutchinsonTrace", trace), ("HutchinsonDiagonal", diagonal)]:
            w, b, x = rand(*shape, lo=-1, hi=1), rand(shape[1], lo=-1, hi=1), rand(n, shape[0], lo=-1, hi=1)
            probes = [t for _ in range(count) for t in (rand(*shape), rand(shape[1]))]
            add(op, fn, [w, b, x] + probes, constant=range(3, 3 + 2 * count))
            signs = [torch.where(t > 0, 1.0, -1.0).double() for t in probes]
            add(op, fn, [w, b, x] + signs, "signs", constant=range(3, 3 + 2 * count))


def classifier(w, u, x):
    return torch.tanh(x @ w) @ u


def fishers():
    def fisher(w, u, x, v, z):
        logits = classifier(w, u, x)
        p = torch.softmax(logits, -1).reshape(-1, logits.shape[-1])
        j = rows(logits, [w, u]).reshape(*p.shape, -1)
        f = sum(ji.T @ (torch.diag(pi) - torch.outer(pi, pi)) @ ji for ji, pi in zip(j, p)) / len(p)
        return f @ flat([v, z])

    def empirical(w, u, x, v, z, labels):
        losses = F.cross_entropy(classifier(w, u, x), labels.long(), reduction="none")
        j = rows(losses, [w, u])
        return j.T @ (j @ flat([v, z])) / len(losses)

    for n, d, h, c in [(4, 2, 3, 3), (1, 2, 2, 2), (3, 1, 1, 4)]:
        ws = [rand(d, h, lo=-1, hi=1), rand(h, c, lo=-1, hi=1), rand(n, d)]
        vs = [rand(d, h), rand(h, c)]
        add("FisherVP", fisher, ws + vs)
        add("EmpiricalFisherVP", empirical, ws + vs + [(rand(n).abs() * 100).floor() % c], constant=[5])
    # one example without an axis for it, and examples in two axes
    for lead in [(), (2, 2)]:
        add("FisherVP", fisher, [rand(2, 3), rand(3, 3), rand(*lead, 2), rand(2, 3), rand(3, 3)])


def several():
    def fn(a, b, d, e):
        return flat(grad([torch.sin(a) * b, (a * a * b).sum(0)], [a, b], [d, e]))

    for m, n in [(2, 3), (1, 1), (3, 1)]:
        add("VJPs", fn, [rand(m, n), rand(n), rand(m, n), rand(n)])


def steps():
    def loss(theta, x, t):
        return ((torch.tanh(x @ theta) - t) ** 2).mean() + (theta**4).sum() / 20

    for n, d, count in [(5, 3, 1), (1, 1, 1), (4, 2, 3)]:
        def fn(theta, alpha, x, t, z, s):
            for _ in range(count):
                (g,) = grad(loss(theta, x, t), [theta])
                theta = theta - alpha * g
            return loss(theta, z, s)

        data = [rand(n, d), rand(n, lo=-1, hi=1), rand(n + 1, d), rand(n + 1, lo=-1, hi=1)]
        add("GradientStep", fn, [rand(d, lo=-1, hi=1), rand(lo=0.05, hi=0.5)] + data, args={"dims": [count]})


def parts():
    def fn(x, w, b):
        def f(h, w, b):
            return torch.tanh(torch.sin(h @ w) + b)

        h = checkpoint(f, x, w, b, use_reentrant=False)
        return checkpoint(lambda h: f(h, w, b) * torch.exp(h), h, use_reentrant=False)

    for m, n in [(2, 3), (1, 1), (4, 2)]:
        add("Checkpoint", fn, [rand(m, n, lo=-1, hi=1), rand(n, n, lo=-1, hi=1), rand(n)])


for section in [traces, fishers, several, steps, parts]:
    section()
fixture.write(pathlib.Path(__file__).with_name("curvature.json"), {}, {"cases": suite.cases})
