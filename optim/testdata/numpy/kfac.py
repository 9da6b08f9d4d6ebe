"""K-FAC in numpy: /usr/bin/python3 kfac.py writes kfac.json,

    {"numpy": version, "sizes": [in, hidden, out], "n": examples,
     "x": n*in, "y": n*out, "noise": n*out, "start": {"w1", "b1", "w2", "b2"},
     "cases": [{"name", "bias", "fisher": "sampled" | "empirical", "reduction": "mean" | "sum",
                "lr", "momentum", "stat_decay", "damping", "TInv",
                "losses": one per step, before it, "path": {"w1": after each 10 steps, ...},
                "steps32": how many of them float32 can follow to 1e-5}]}

Martens and Grosse (ICML 2015, arXiv:1503.05671), Algorithm 2, block-diagonal, written
from the paper: the Fisher matrix of a layer is built whole, as the Kronecker product
of its damped factors, and solved by numpy with column-major vec, as in section 3. The
learning rate, momentum and damping are constant. The network is
s1 = W1 x + b1, a = tanh(s1), s2 = W2 a + b2, and the loss of an example |s2 - y|^2 / 2.
Its targets are Gaussian with unit variance, so sampled ones are s2 + noise; the noise is
the same at all steps. Float64; no code is shared with the package.

Little damping and momentum enlarge round-off. The steps for float32 end before the first path that
one of eight runs leaves, in which what a float32 program stores is rounded at random: disturbed
by 2^-24 of it at most.
"""
import json

import numpy as np

rng = np.random.default_rng(1)
IN, HIDDEN, OUT, N, STEPS = 3, 4, 2, 16, 50
X = rng.standard_normal((N, IN))
Y = np.stack([np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2], X[:, 1] - X[:, 2] ** 2 / 2], 1)
NOISE = rng.standard_normal((N, OUT))
START = {"w1": rng.uniform(-0.6, 0.6, (HIDDEN, IN)), "b1": rng.uniform(-0.6, 0.6, HIDDEN),
         "w2": rng.uniform(-0.5, 0.5, (OUT, HIDDEN)), "b2": rng.uniform(-0.5, 0.5, OUT)}


def vec(m):
    return m.reshape(-1, order="F")


def run(case, stored=lambda x: x):
    bias = case["bias"]
    wbar = [np.column_stack([START["w1"], START["b1"]]), np.column_stack([START["w2"], START["b2"]])]
    if not bias:
        wbar = [START["w1"].copy(), START["w2"].copy()]

    def hom(a):  # append the homogeneous coordinate
        return np.append(a, 1.0) if bias else a

    factors = [None, None]
    fisher = [None, None]
    delta = [np.zeros_like(w) for w in wbar]
    losses, path = [], {name: [] for name in START if bias or name[0] == "w"}
    for k in range(1, STEPS + 1):
        total = 0.0
        grads = [np.zeros_like(w) for w in wbar]
        sums = [[0.0, 0.0], [0.0, 0.0]]
        for x, y, noise in zip(X, Y, NOISE):
            abar0 = hom(x)
            a1 = stored(np.tanh(stored(wbar[0] @ abar0)))
            abar1 = hom(a1)
            s2 = stored(wbar[1] @ abar1)
            total += np.sum((s2 - y) ** 2) / 2

            def back(e):
                return stored(wbar[1][:, :HIDDEN].T @ e) * stored(1 - a1 ** 2), e

            for i, (g, abar) in enumerate(zip(back(s2 - y), (abar0, abar1))):
                grads[i] = stored(grads[i] + np.outer(g, abar))
            g1, g2 = back(-noise if case["fisher"] == "sampled" else s2 - y)
            for i, (g, abar) in enumerate(((g1, abar0), (g2, abar1))):
                sums[i][0] = stored(sums[i][0] + np.outer(abar, abar))
                sums[i][1] = stored(sums[i][1] + np.outer(g, g))
        mean = 1 / N if case["reduction"] == "mean" else 1
        losses.append(total * mean)
        eps = min(1 - 1 / k, case["stat_decay"])
        for i in range(2):
            new = [s / N for s in sums[i]]
            old = factors[i] if factors[i] is not None else [0 * f for f in new]
            factors[i] = [eps * o + (1 - eps) * f for o, f in zip(old, new)]
            if k <= 3 or k % case["TInv"] == 0:
                a, g = factors[i]
                pi = np.sqrt((np.trace(a) / len(a)) / (np.trace(g) / len(g)))
                root = np.sqrt(case["damping"])
                fisher[i] = np.kron(a + pi * root * np.eye(len(a)), g + root / pi * np.eye(len(g)))
            v = np.linalg.solve(fisher[i], vec(grads[i] * mean)).reshape(grads[i].shape, order="F")
            delta[i] = -case["lr"] * v + case["momentum"] * delta[i]
            wbar[i] = stored(wbar[i] + delta[i])
        if k % 10 == 0:
            path["w1"].append(wbar[0][:, :IN].ravel().tolist())
            path["w2"].append(wbar[1][:, :HIDDEN].ravel().tolist())
            if bias:
                path["b1"].append(wbar[0][:, IN].tolist())
                path["b2"].append(wbar[1][:, HIDDEN].tolist())
    return dict(case, losses=losses, path=path)


def steps32(case, path):
    steps = STEPS
    for seed in range(8):
        roundings = np.random.default_rng(seed)
        other = run(case, lambda x: x * (1 + 2.0 ** -24 * roundings.uniform(-1, 1, x.shape)))["path"]
        for k in range(STEPS // 10):
            if max(np.max(np.abs(np.subtract(path[n][k], other[n][k]))) for n in path) > 1e-5:
                steps = min(steps, 10 * k + 9)
    return steps


def cases():
    base = {"name": "", "bias": True, "fisher": "sampled", "reduction": "mean",
            "lr": 0.2, "momentum": 0.0, "stat_decay": 0.95, "damping": 0.01, "TInv": 1}
    yield dict(base, name="plain")
    yield dict(base, name="momentum", lr=0.05, momentum=0.9)
    yield dict(base, name="inverses every 7 steps", TInv=7)
    yield dict(base, name="little damping", damping=1e-4, stat_decay=0.8)
    yield dict(base, name="this batch only", stat_decay=0.0, damping=0.1)
    yield dict(base, name="sum", reduction="sum", lr=0.01)
    yield dict(base, name="empirical", fisher="empirical", lr=0.05, damping=0.1, TInv=5)
    yield dict(base, name="empirical sum with momentum", fisher="empirical", reduction="sum", lr=0.002, damping=0.1,
               momentum=0.5)
    yield dict(base, name="no bias", bias=False, momentum=0.5, TInv=3)


if __name__ == "__main__":
    out = {"numpy": np.__version__, "sizes": [IN, HIDDEN, OUT], "n": N, "x": X.ravel().tolist(), "y": Y.ravel().tolist(),
           "noise": NOISE.ravel().tolist(), "start": {k: v.ravel().tolist() for k, v in START.items()},
           "cases": [run(c) for c in cases()]}
    for c, settings in zip(out["cases"], cases()):
        c["steps32"] = steps32(settings, c["path"])
        print(c["name"], c["losses"][0], c["losses"][-1], c["steps32"])
    with open("kfac.json", "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")
