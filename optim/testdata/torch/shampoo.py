"""Makes shampoo.json, in the format of matrix.json, which matrix.py describes:

    pip install pytorch-optimizer
    python3 shampoo.py

The cases whose name begins with "pytorch_optimizer" are made by Shampoo of that
package (version under "pytorch_optimizer"), the others by Paper below, written
with numpy from Algorithm 2 of the paper and nothing else: there is no second
implementation with the same first step where roots are not computed at every step.
Paper is compared with the package here, too. No "state" is stored.

Roots of a matrix with eigenvalues from 1e-6 to 1e3, as the default matrix_eps makes
them, have 1e9 times the round-off of the matrix: the package, which takes them in the
dtype of the parameter, and Paper are 2e-11 apart in float64 then. So the case with the
default has a "bound" of its own and none in float32.
"""
import importlib.metadata

import numpy
import torch
from pytorch_optimizer import Shampoo

import matrix

PROBLEMS = {
    "tensors": matrix.problem(3, [[4, 3], [5], [2, 3, 4], [1, 3], [2, 1, 2, 2]]),
    "scalar": matrix.problem(4, [[], [3, 3]]),
}


class Paper:
    """Algorithm 2: W <- W - lr G x_1 H1^(-1/2k) ... x_k Hk^(-1/2k), Hi = eps I + sum of
    the contractions of G with itself over all axes but i."""

    def __init__(self, params, lr=1e-3, weight_decay=0.0, preconditioning_compute_steps=1, matrix_eps=1e-6, maximize=False):
        self.params, self.lr, self.decay, self.every, self.maximize = params, lr, weight_decay, preconditioning_compute_steps, maximize
        self.state, self.t = {}, 0
        self.h = [[matrix_eps * numpy.eye(d) for d in (p.shape or (1,))] for p in params]
        self.roots = [[None] * len(h) for h in self.h]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p, h, roots in zip(self.params, self.h, self.roots):
            g = p.grad.numpy().reshape(p.shape or (1,)) * (-1 if self.maximize else 1)
            g = g + self.decay * p.numpy().reshape(g.shape)
            k = g.ndim
            out = g
            for i in range(k):
                others = [j for j in range(k) if j != i]
                h[i] = h[i] + numpy.tensordot(g, g, axes=(others, others))
                if self.t % self.every == 0:
                    values, vectors = numpy.linalg.eigh(h[i].astype(numpy.float64))
                    roots[i] = (vectors * values ** (-1 / (2 * k))) @ vectors.T
                out = numpy.moveaxis(numpy.tensordot(roots[i].astype(g.dtype), out, axes=(1, i)), 0, i)
            p -= self.lr * torch.tensor(out.reshape(p.shape))
        self.t += 1


CASES = [
    ("pytorch_optimizer", "tensors", {"lr": 0.1}),
    ("pytorch_optimizer", "tensors", {"lr": 0.3, "matrix_eps": 0.5}),
    ("pytorch_optimizer", "tensors", {"lr": 0.5, "matrix_eps": 1.0, "weight_decay": 0.1}),
    ("pytorch_optimizer", "tensors", {"lr": 0.02, "matrix_eps": 1.0, "maximize": True}),
    ("pytorch_optimizer", "tensors", {"lr": 1.0, "matrix_eps": 100.0}),
    ("paper", "tensors", {"lr": 0.2, "preconditioning_compute_steps": 7, "matrix_eps": 1.0}),
    ("paper", "scalar", {"lr": 0.5, "preconditioning_compute_steps": 2, "matrix_eps": 0.1}),
]


def cases():
    for source, key, options in CASES:
        theirs = lambda params: Shampoo(params, **options)
        paper = lambda params: Paper(params, **options)
        if source == "pytorch_optimizer":
            a, b = [matrix.run(make, PROBLEMS[key], torch.float64, 100)[0] for make in (theirs, paper)]
            print("paper is off by %.1e" % numpy.abs(numpy.array(a) - numpy.array(b)).max())
        small = "matrix_eps" not in options
        for dtype in ("float64",) if small else ("float64", "float32"):
            make = theirs if source == "pytorch_optimizer" else paper
            c = matrix.case(source + ":" + matrix.named("Shampoo", options), "shampoo", make, PROBLEMS, key, options, dtype, **({"bound": 1e-9} if small else {}))
            del c["state"]
            yield c


if __name__ == "__main__":
    version = importlib.metadata.version("pytorch-optimizer")
    head = {"torch": matrix.VERSION, "numpy": numpy.__version__, "pytorch_optimizer": version, "problems": PROBLEMS}
    matrix.write("shampoo.json", head, cases())
