"""Writes calculus.json: Jacobians and products with them, by torch.autograd.functional.

    python3 calculus.py

needs torch 1.13.1 and numpy. A case is one function y of some inputs, in float64:

    {"op": "network", "inputs": [tensor, ...], "v": [tensor, ...],
     "output": tensor, "jacobian": tensor, "jvp": tensor, "laplacian": tensor, "gnvp": [tensor, ...]}

v has a tensor of the shape of each input. The Jacobian is (m, n), with the blocks
of all inputs side by side. The Laplacian is the trace of the Hessian of
loss = logsumexp(y) + sum(y^2), and gnvp the product of the Gauss-Newton matrix of
that loss with v; both are made from dense matrices.
"""

import pathlib

import torch
from torch.autograd.functional import hessian, jacobian, jvp

import fixture

rng = torch.Generator().manual_seed(20240612)


def rand(*shape):
    x = torch.rand(shape, generator=rng, dtype=torch.float64) * 3 - 1.5
    return (x * 1000).round() / 1000


def network(x, w, b, u, c):
    return torch.tanh(x @ w.T + b) @ u.T + c


FUNCTIONS = {
    "scalar": (lambda a, b: torch.logsumexp(a, 0) * b**2, [(3,), ()]),
    "broadcast": (lambda a, b: torch.exp(a) * torch.sin(b) / (1 + b**2), [(2, 3), (2, 1)]),
    "matmul": (lambda a, b: a @ b @ a, [(2, 3), (3, 2)]),
    "softmax": (lambda a, x: torch.softmax(a @ x, 0), [(3, 2), (2,)]),
    "network": (network, [(2, 2), (3, 2), (3,), (2, 3), (2,)]),
    "slices": (lambda x: torch.cat([x[:, 1] * x[:, 2], x[0] ** 3]), [(2, 3)]),
    "linear": (lambda x, y: (2 * x + 1).T, [(2, 3), (2,)]),
}


def loss(y):
    return torch.logsumexp(y.reshape(-1), 0) + (y**2).sum()


def flat(xs):
    return torch.cat([x.reshape(-1) for x in xs])


def blocks(matrix, xs):
    """Puts the (rows..., columns...) blocks of one row of blocks side by side."""
    return torch.cat([b.reshape(-1, x.numel()) for b, x in zip(matrix, xs)], 1)


def case(op, fn, shapes):
    xs, v = tuple(rand(*s) for s in shapes), tuple(rand(*s) for s in shapes)
    y, jv = jvp(fn, xs, v, strict=False)
    j = blocks(jacobian(fn, xs), xs)
    h = hessian(lambda *x: loss(fn(*x)), xs)
    trace = sum(h[i][i].reshape(x.numel(), x.numel()).trace() for i, x in enumerate(xs))
    hy = hessian(loss, y).reshape(y.numel(), y.numel())
    gv = (j.T @ hy @ j @ flat(v)).split([x.numel() for x in xs])
    return {
        "op": op, "inputs": [fixture.tensor(x) for x in xs], "v": [fixture.tensor(d) for d in v],
        "output": fixture.tensor(y), "jacobian": fixture.tensor(j), "jvp": fixture.tensor(jv),
        "laplacian": fixture.tensor(trace), "gnvp": [fixture.tensor(g.reshape(x.shape)) for g, x in zip(gv, xs)],
    }


cases = [case(op, fn, shapes) for op, (fn, shapes) in FUNCTIONS.items() for _ in range(2)]
fixture.write(pathlib.Path(__file__).with_name("calculus.json"), {}, {"cases": cases})
