"""Writes landscapes.json: the catalogue's functions with PyTorch's gradients and Hessians.

    python3 landscapes.py

needs torch 1.13.1. One row a landscape: "name", "formula", "domain"
[[xmin, xmax], [ymin, ymax]] and "points", each {"x", "y", "value",
"grad" [df/dx, df/dy], "hessian" 2 x 2}: the usual start, then points drawn from
the domain. All float64; the formulas are written with torch functions and
differentiated by torch.autograd.
"""

import json
import math
import pathlib

import torch
from torch.autograd.functional import hessian

POINTS = 12
pi = math.pi
sin, cos, exp, sqrt = torch.sin, torch.cos, torch.exp, torch.sqrt


def levy(x, y):
    u, v = 1 + (x - 1) / 4, 1 + (y - 1) / 4
    return (sin(pi * u) ** 2 + (u - 1) ** 2 * (1 + 10 * sin(pi * u + 1) ** 2)
            + (v - 1) ** 2 * (1 + sin(2 * pi * v) ** 2))


def goldstein_price(x, y):
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return a * b


# name: function, formula, domain of x and of y, start
LANDSCAPES = {
    "ravine": (
        lambda x, y: (x**2 + 100 * y**2) / 2,
        "(x^2 + 100 y^2) / 2", (-10, 10), (-2, 2), (-9, -1)),
    "saddle": (
        lambda x, y: (x**2 - y**2) / 2,
        "(x^2 - y^2) / 2", (-2, 2), (-2, 2), (-1.8, 0.01)),
    "monkey_saddle": (
        lambda x, y: x**3 - 3 * x * y**2,
        "x^3 - 3 x y^2", (-2, 2), (-2, 2), (1, 0.01)),
    "rosenbrock": (
        lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        "(1 - x)^2 + 100 (y - x^2)^2", (-2, 2), (-1, 3), (-1.2, 1)),
    "rosenbrock20": (
        lambda x, y: (1 - x) ** 2 + 20 * (y - x**2) ** 2,
        "(1 - x)^2 + 20 (y - x^2)^2", (-2, 2), (-1, 3), (-2, 2)),
    "rastrigin": (
        lambda x, y: 20 + x**2 + y**2 - 10 * cos(2 * pi * x) - 10 * cos(2 * pi * y),
        "20 + x^2 + y^2 - 10 cos(2 pi x) - 10 cos(2 pi y)", (-5.12, 5.12), (-5.12, 5.12), (-2, 3.5)),
    "himmelblau": (
        lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", (-5, 5), (-5, 5), (0, 0)),
    "beale": (
        lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2", (-4.5, 4.5), (-4.5, 4.5), (1, 1)),
    "booth": (
        lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
        "(x + 2 y - 7)^2 + (2 x + y - 5)^2", (-10, 10), (-10, 10), (-8, 8)),
    "ackley": (
        lambda x, y: (-20 * exp(-0.2 * sqrt((x**2 + y**2) / 2))
                      - exp((cos(2 * pi * x) + cos(2 * pi * y)) / 2) + 20 + math.e),
        "-20 exp(-0.2 sqrt((x^2 + y^2) / 2)) - exp((cos(2 pi x) + cos(2 pi y)) / 2) + 20 + e",
        (-5, 5), (-5, 5), (2, 1.5)),
    "six_hump_camel": (
        lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2,
        "(4 - 2.1 x^2 + x^4 / 3) x^2 + x y + (4 y^2 - 4) y^2", (-2, 2), (-1, 1), (1, 1)),
    "styblinski_tang": (
        lambda x, y: (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2,
        "(x^4 - 16 x^2 + 5 x + y^4 - 16 y^2 + 5 y) / 2", (-5, 5), (-5, 5), (0, 0)),
    "mccormick": (
        lambda x, y: sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1,
        "sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1", (-1.5, 4), (-3, 4), (3, 3)),
    "goldstein_price": (
        goldstein_price,
        "(1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2))"
        " (30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2))", (-2, 2), (-2, 2), (1, 1)),
    "griewank": (
        lambda x, y: (x**2 + y**2) / 4000 - cos(x) * cos(y / math.sqrt(2)) + 1,
        "(x^2 + y^2) / 4000 - cos(x) cos(y / sqrt(2)) + 1", (-10, 10), (-10, 10), (-6, 6)),
    "levy": (
        levy,
        "sin(pi u)^2 + (u - 1)^2 (1 + 10 sin(pi u + 1)^2) + (v - 1)^2 (1 + sin(2 pi v)^2),"
        " u = 1 + (x - 1) / 4, v = 1 + (y - 1) / 4", (-10, 10), (-10, 10), (-6, 6)),
}


def at(f, x, y):
    """Value, gradient and Hessian of f at (x, y)."""
    p = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    value = f(p[0], p[1])
    (grad,) = torch.autograd.grad(value, p)
    h = hessian(lambda q: f(q[0], q[1]), p.detach())
    return {"x": x, "y": y, "value": value.item(), "grad": grad.tolist(), "hessian": h.tolist()}


def main():
    torch.set_num_threads(1)
    rng = torch.Generator().manual_seed(20240613)
    version = {"1.13.0a0": "1.13.1"}.get(torch.__version__, torch.__version__)  # what Debian's 1.13.1 calls itself

    rows = []
    for name, (f, formula, xs, ys, start) in LANDSCAPES.items():
        points = [start]
        for _ in range(POINTS - 1):
            u = torch.rand(2, generator=rng, dtype=torch.float64).tolist()
            points.append(tuple(round(lo + t * (hi - lo), 3) for t, (lo, hi) in zip(u, (xs, ys))))
        rows.append({"name": name, "formula": formula, "domain": [xs, ys],
                     "points": [at(f, float(x), float(y)) for x, y in points]})

    def line(row):
        text = json.dumps(row, allow_nan=False, separators=(",", ":"))
        return text.replace('{"x"', '\n  {"x"')

    path = pathlib.Path(__file__).with_name("landscapes.json")
    path.write_text(f'{{\n"torch": "{version}",\n"landscapes": [\n' + ",\n".join(line(r) for r in rows) + "\n]\n}\n")
    print(f"{path.name}: {len(rows)} landscapes, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
