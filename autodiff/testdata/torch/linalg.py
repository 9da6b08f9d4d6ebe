"""Writes linalg.json: values and gradients of PyTorch for the functions of linear algebra.

    python3 linalg.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function and "dims" are its whole numbers: the power of MatrixPower,
and 1 or 0 for upper and for unit of SolveTriangular. Functions with two results have
one op for each. EighSquares are the squares of the eigenvectors, and EighSine is
V diag(sin w) V^T: both are the same for either sign of a vector.
"""

import pathlib

import torch

import fixture
from fixture import NAN, of

suite = fixture.Suite(20241105)
rand, add = suite.rand, suite.add

SQUARES = [(1, 1), (2, 2), (3, 3), (5, 5), (2, 3, 3), (2, 1, 2, 2)]


def eye(shape):
    return torch.eye(shape[-1], dtype=torch.float64)


def regular(*shape):
    """Square matrices far from singular, with determinants of both signs, which need pivoting."""
    x = rand(*shape, lo=-1, hi=1) + 3 * eye(shape)
    return x.flip(-1)


def definite(*shape):
    """Positive definite matrices with three decimals."""
    x = rand(*shape, lo=-1, hi=1)
    x = (x @ x.mT * 1000).round() / 1000
    return x + 2 * eye(shape)


def spaced(*shape):
    """Symmetric matrices whose eigenvalues are not near each other."""
    x = rand(*shape, lo=-1, hi=1)
    return x + x.mT + torch.diag((torch.arange(shape[-1], dtype=torch.float64) ** 2 * 3).flip(0))


def triangular(*shape):
    """Matrices with a large diagonal, and numbers in both triangles."""
    return rand(*shape, lo=-1, hi=1) + 2.5 * eye(shape)


def precise(shape):
    """The dtypes in which PyTorch's result is exact enough to compare with."""
    return ["float64"] if shape[-1] > 3 else fixture.DTYPES


def each(op, fn, matrices, special=()):
    for shape in SQUARES:
        add(op, fn, [matrices(*shape)], dtypes=precise(shape))
    for name, x in special:
        add(op, fn, [x], name)


def systems():
    for a, b in [((1, 1), (1, 1)), ((2, 2), (2,)), ((3, 3), (3, 2)), ((5, 5), (5, 1)), ((3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (2, 3)),
                 ((2, 2), (3, 2, 1)), ((2, 3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 1, 2, 2), (3, 2, 2)), ((2, 2, 2), (2, 2)), ((1, 3, 3), (2, 3, 1))]:
        add("Solve", torch.linalg.solve, [regular(*a), rand(*b)])
        if len(b) < 2 or b == a[:-1]:  # vectors, which the others do not take
            continue
        for upper in [0, 1]:
            for unit in [0, 1]:
                add("SolveTriangular", lambda a, b: torch.linalg.solve_triangular(a, b, upper=bool(upper), unitriangular=bool(unit)),
                    [triangular(*a), rand(*b)], args={"dims": [upper, unit]})
        if len(a) == len(b):
            add("CholeskySolve", lambda b, a: torch.cholesky_solve(b, torch.linalg.cholesky(a)), [rand(*b), definite(*a)])
    add("Solve", torch.linalg.solve, [of(NAN, 1, 1, 2).reshape(2, 2), of(1, 2)], "NaN")
    add("Solve", torch.linalg.solve, [of(2, 1, 1, 2).reshape(2, 2), of(NAN, 2)], "NaN on the right")
    add("Solve", torch.linalg.solve, [of(1e-9, 1, 1, 1).reshape(2, 2), of(1, 2)], "pivoting")
    add("SolveTriangular", lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), [of(2, NAN, 0, 1).reshape(2, 2), of(1, 2).reshape(2, 1)], "NaN",
        args={"dims": [1, 0]})
    add("SolveTriangular", lambda a, b: torch.linalg.solve_triangular(a, b, upper=False), [of(0, 5, 2, 1).reshape(2, 2), of(1, 2).reshape(2, 1)], "zero on the diagonal",
        args={"dims": [0, 0]})


def determinants():
    nan = ("NaN", of(1, 2, NAN, 4).reshape(2, 2))
    zero = ("zero", torch.zeros(2, 2, dtype=torch.float64))
    swap = ("permutation", of(0, 1, 0, 0, 0, 1, 1, 0, 0).reshape(3, 3))
    negative = ("negative", of(1, 2, 3, 4).reshape(2, 2))
    each("Inverse", torch.linalg.inv, regular, [swap])
    each("Det", torch.linalg.det, regular, [nan, zero, swap, negative])
    each("SlogdetSign", lambda x: torch.linalg.slogdet(x)[0].detach(), regular, [zero, swap, negative])
    each("SlogdetLog", lambda x: torch.linalg.slogdet(x)[1], regular, [nan, swap, negative])
    each("Logdet", torch.logdet, definite, [nan, swap, negative])


def powers():
    for shape in SQUARES:
        for n in [0, 1, 2, 3, 4, 7, -1, -2, -3]:
            add("MatrixPower", lambda x: torch.linalg.matrix_power(x, n), [regular(*shape) / 2], args={"dims": [n]}, dtypes=precise(shape))
    for a, b in [((2, 2), (2, 3)), ((1, 3), (2, 1)), ((3,), (2,)), ((2, 2), (3,)), ((2,), (2, 1, 2)), ((), (2, 2)), ((2,), ()), ((), ()), ((2, 1, 2), (1, 3, 2))]:
        add("Kron", torch.kron, [rand(*a), rand(*b)])


def factors():
    lower = ("upper triangle", of(4, 99, NAN, 2, 5, 99, 1, 3, 6).reshape(3, 3))
    each("Cholesky", torch.linalg.cholesky, definite, [lower])

    def sine(x):
        w, v = torch.linalg.eigh(x)
        return v * w.sin().unsqueeze(-2) @ v.mT

    each("Eigvalsh", torch.linalg.eigvalsh, spaced, [
        lower, ("equal", 2 * torch.eye(3, dtype=torch.float64)), ("zero", torch.zeros(2, 2, dtype=torch.float64))])
    each("EighValues", lambda x: torch.linalg.eigh(x)[0], spaced, [
        ("NaN", of(1, 2, NAN, 4).reshape(2, 2)), ("equal", torch.eye(2, dtype=torch.float64))])
    each("EighSquares", lambda x: torch.linalg.eigh(x)[1].square(), spaced, [("equal", torch.eye(2, dtype=torch.float64))])
    for shape in SQUARES:
        add("EighSine", sine, [spaced(*shape)], dtypes=["float64"])
    add("EighSine", sine, [torch.eye(2, dtype=torch.float64)], "equal")


for section in [systems, determinants, powers, factors]:
    section()
fixture.write(pathlib.Path(__file__).with_name("linalg.json"), {}, {"cases": suite.cases})
