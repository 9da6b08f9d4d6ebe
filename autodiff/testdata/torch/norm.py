"""Writes norm.json: values and gradients of PyTorch for normalisation and attention.

    python3 norm.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py, and
"args" in ops.py; here they also are "eps", "groups", "size", "beta" and "k", and
"scale", "bias", "mask" and "causal", which say that there is such an input, and
"terms": gradients subtract terms of this size, and second derivatives of its square.
What PyTorch 1.13 lacks, RMSNorm and scaled_dot_product_attention, is its formula here.
"""

import math
import pathlib

import torch
import torch.nn.functional as F

import fixture
from fixture import INF, NAN, of

suite = fixture.Suite(20240616)
rand, add = suite.rand, suite.add

EPS = 1e-5


def terms(r):
    """The size of the terms where an input is multiplied by the numbers r."""
    return math.ceil(max([1.0] + r[r.isfinite()].tolist()))


def affine(op, fn, x, rows, shape, both=(True, True), name="", eps=EPS, **args):
    """Adds fn(x, scale, bias, eps) with the inputs that both asks for.

    Each row of rows(x) is normalised.

    PyTorch 1.13 fails in the second derivatives with a bias and no scale.
    """
    name = "bias alone" if both == (False, True) else name
    inputs = [x] + [rand(*shape, lo=0.5, hi=1.5)] * both[0] + [rand(*shape)] * both[1]

    def call(x, *rest):
        rest = list(rest)
        return fn(x, rest.pop(0) if both[0] else None, rest.pop(0) if both[1] else None, eps)

    moment = rows(x).square().mean(1) if op == "RMSNorm" else rows(x).var(1, unbiased=False)
    add(op, call, inputs, name, {"eps": eps, "scale": both[0], "bias": both[1], "terms": terms((moment + eps).rsqrt()), **args})


ANY = [(True, True), (False, False), (True, False), (False, True)]


def over_axes(fn, axes):
    """Returns fn, which takes the last axes, over others."""
    def call(x, scale, bias, eps):
        first = [a for a in range(x.dim()) if a not in axes]
        perm = first + axes
        y = fn(x.permute(perm), [x.shape[a] for a in axes], scale, bias, eps)
        return y.permute([perm.index(a) for a in range(x.dim())])
    return call


def last(axes):
    """Returns the function that makes rows of what over_axes normalises."""
    def rows(x):
        first = [a for a in range(x.dim()) if a not in axes]
        return x.permute(first + axes).reshape(math.prod(x.shape[a] for a in first), -1)
    return rows


def rms_norm(x, shape, scale, bias, eps):
    y = x * torch.rsqrt(x.square().mean(list(range(-len(shape), 0)), keepdim=True) + eps)
    return y if scale is None else y * scale


def layers():
    for op, fn, choices in [("LayerNorm", F.layer_norm, ANY), ("RMSNorm", rms_norm, [(True, False), (False, False)])]:
        full = choices[0]
        for both in choices:
            affine(op, over_axes(fn, [1]), rand(3, 4), last([1]), [4], both)
        for shape, given, axes in [((5,), [], [0]), ((2, 3, 4), [-1, -2], [1, 2]), ((2, 3, 4), [2], [2]), ((2, 3, 4), [1], [1]),
                                   ((2, 3, 4), [-3], [0]), ((2, 3, 2), [2, 0], [0, 2]), ((2, 1, 3), [1, 2], [1, 2]), ((3, 1), [], [1]),
                                   ((1, 3), [0], [0]), ((2, 20), [], [1])]:
            affine(op, over_axes(fn, axes), rand(*shape), last(axes), [shape[a] for a in axes], full, axes=given)
        affine(op, over_axes(fn, [1]), rand(2, 4), last([1]), [4], full, "eps", 0.5)
        affine(op, over_axes(fn, [1]), rand(2, 4), last([1]), [4], full, "no eps", 0.0)
        affine(op, over_axes(fn, [1]), torch.full((2, 4), 0.5, dtype=torch.float64), last([1]), [4], full, "equal elements")
        special = torch.stack([of(0.0, 0.0, 0.0), of(1.0, INF, 2.0), of(1.0, NAN, 2.0), of(-INF, 1.0, INF), of(1.0, 2.0, 4.0)])
        affine(op, over_axes(fn, [1]), special, last([1]), [3], full, "special")


def batches():
    def train(x, scale, bias, eps):
        return F.batch_norm(x, None, None, scale, bias, True, 0.1, eps)

    def channels(x):
        return x.transpose(0, 1).reshape(x.shape[1], -1)

    for both in ANY:
        affine("BatchNorm", train, rand(4, 3), channels, [3], both)
    for shape in [(3, 1), (2, 3, 4), (1, 2, 3), (2, 2, 3, 2), (2, 1, 1, 2, 2), (20, 2)]:
        affine("BatchNorm", train, rand(*shape), channels, [shape[1]])
    affine("BatchNorm", train, rand(5, 2), channels, [2], name="eps", eps=0.3)
    affine("BatchNorm", train, torch.stack([of(0.5, 1.0, INF, NAN), of(0.5, 2.0, 1.0, 1.0), of(0.5, 4.0, -1.0, 2.0)]), channels, [4], name="special")

    def stats(x):
        return torch.stack([t for t in reversed(torch.var_mean(x, [a for a in range(x.dim()) if a != 1], unbiased=True))])

    for shape in [(4, 3), (2, 3, 4), (2, 2, 3, 2), (2, 1)]:
        x = rand(*shape)
        running = torch.zeros(2, shape[1], dtype=torch.float64)
        F.batch_norm(x, running[0], running[1], None, None, True, 1.0, EPS)
        assert torch.allclose(running, stats(x))
        add("BatchStats", stats, [x], "", {"terms": 2})

    # PyTorch's function has no gradients of mean and variance: "detached". Its second derivatives fail.
    def formula(x, mean, variance, scale, bias, eps):
        to = [1, -1] + [1] * (x.dim() - 2)
        y = (x - mean.reshape(to)) / (variance.reshape(to) + eps).sqrt()
        y = y if scale is None else y * scale.reshape(to)
        return y if bias is None else y + bias.reshape(to)

    for shape, both in [((4, 3), ANY[0]), ((4, 3), ANY[1]), ((1, 2), ANY[2]), ((2, 3, 2), ANY[3]), ((2, 2, 2, 3), ANY[0])]:
        c = [shape[1]]
        inputs = [rand(*shape), rand(*c), rand(*c, lo=0.2, hi=2)] + [rand(*c)] * both[0] + [rand(*c)] * both[1]
        for op in ["BatchNormWith", "BatchNormWith detached"]:
            def call(x, mean, variance, *rest, detached=op != "BatchNormWith"):
                rest = list(rest)
                scale, bias = rest.pop(0) if both[0] else None, rest.pop(0) if both[1] else None
                if detached:
                    return F.batch_norm(x, mean, variance, scale, bias, False, 0.1, EPS)
                return formula(x, mean, variance, scale, bias, EPS)
            name, constant = ("", ()) if op == "BatchNormWith" else ("no second derivatives", (1, 2))
            add(op, call, inputs, name, {"eps": EPS, "scale": both[0], "bias": both[1], "terms": terms((inputs[2] + EPS).rsqrt())}, constant)
    add("BatchNormWith", lambda x, m, v: formula(x, m, v, None, None, 0.0), [rand(2, 4), of(0.5, INF, 1.0, NAN), of(0.0, 1.0, -1.0, 1.0)], "special",
        {"eps": 0.0, "scale": False, "bias": False})


def groups():
    def examples(n):
        return lambda x: x.reshape(x.shape[0] * n, -1)

    for both in ANY[:3]:  # PyTorch 1.13 fails in the gradient with a bias alone
        affine("GroupNorm", lambda x, s, b, e: F.group_norm(x, 2, s, b, e), rand(2, 4, 3), examples(2), [4], both, groups=2)
    for shape, n in [((2, 4), 1), ((2, 4), 2), ((2, 3, 3), 3), ((2, 6, 2), 3), ((2, 2, 2, 3), 1), ((1, 2, 1, 3), 2), ((2, 3), 3), ((1, 4, 2, 1, 2), 2)]:
        affine("GroupNorm", lambda x, s, b, e: F.group_norm(x, n, s, b, e), rand(*shape), examples(n), [shape[1]], groups=n)
    affine("GroupNorm", lambda x, s, b, e: F.group_norm(x, 2, s, b, e), of(0.5, INF, NAN, 2.0, 1.0, 3.0, 0.0, 0.0).reshape(2, 4), examples(2), [4], name="special", groups=2)
    for both in ANY:
        affine("InstanceNorm", lambda x, s, b, e: F.instance_norm(x, None, None, s, b, True, 0.1, e), rand(2, 3, 4), examples(3), [3], both)
    for shape in [(1, 2, 3), (3, 1, 2), (2, 2, 2, 3), (1, 2, 1, 2, 2)]:
        affine("InstanceNorm", lambda x, s, b, e: F.instance_norm(x, None, None, s, b, True, 0.1, e), rand(*shape), examples(shape[1]), [shape[1]])
    affine("InstanceNorm", lambda x, s, b, e: F.instance_norm(x, None, None, s, b, True, 0.1, e), of(0.5, INF, NAN, 2.0, 1.0, 3.0, 0.0, 0.0).reshape(1, 4, 2), examples(4), [4], name="special")


def responses():
    for shape, size in [((2, 5, 3), 1), ((2, 5, 3), 2), ((2, 5, 3), 3), ((1, 4, 2), 4), ((1, 3, 2), 5), ((1, 3, 2), 6), ((2, 3, 1), 40), ((2, 1, 2), 3), ((2, 4, 2, 2), 3)]:
        for alpha, beta, k in [(1e-4, 0.75, 1.0), (0.9, 0.5, 2.0)]:
            add("LocalResponseNorm", lambda x: F.local_response_norm(x, size, alpha, beta, k), [rand(*shape)], "",
                {"size": size, "alpha": alpha, "beta": beta, "k": k, "terms": 1})
    add("LocalResponseNorm", lambda x: F.local_response_norm(x, 2), [of(0.0, 1.0, NAN, 2.0, INF, 3.0).reshape(1, 6, 1)], "special",
        {"size": 2, "alpha": 1e-4, "beta": 0.75, "k": 1.0})


def attend(q, k, v, mask, causal):
    """scaled_dot_product_attention as PyTorch 2.5 documents it, with zeros for a query without keys."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + mask
    if causal:
        allowed = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        scores = scores.masked_fill(~allowed, -INF)
    weights = torch.softmax(scores, -1)
    empty = (scores == -INF).all(-1, keepdim=True)
    return weights.masked_fill(empty, 0.0) @ v


def attention():
    def one(q, k, v, mask=None, causal=False, name=""):
        inputs = [rand(*q), rand(*k), rand(*v)] + ([] if mask is None else [mask])
        add("ScaledDotProductAttention", lambda q, k, v, *m: attend(q, k, v, m[0] if m else None, causal), inputs, name,
            {"mask": mask is not None, "causal": causal, "terms": 1})

    for q, k, v in [((3, 4), (2, 4), (2, 5)), ((2, 3, 2), (2, 4, 2), (2, 4, 3)), ((2, 2, 3, 2), (2, 2, 3, 2), (2, 2, 3, 2)), ((1, 1), (1, 1), (1, 1)),
                    ((2, 1, 3, 2), (2, 4, 2), (4, 1)), ((2, 3), (1, 3), (1, 2)), ((1, 3), (4, 3), (4, 2))]:
        for causal in [False, True]:
            one(q, k, v, causal=causal)
    qkv = (2, 3, 2), (2, 4, 2), (2, 4, 3)
    for shape in [(3, 4), (2, 3, 4), (1, 4), (2, 1, 4), (3, 1), (), (1, 1, 1)]:
        for causal in [False, True]:
            one(*qkv, rand(*shape), causal)
    hidden = rand(3, 4)
    hidden[0, 1] = hidden[1, 0] = hidden[1, 3] = -INF
    one(*qkv, hidden)
    one(*qkv, hidden, True)
    one((2, 2), (3, 2), (3, 2), of(0.0, -INF, 0.0), True, "broadcast")


def heads():
    """multi_head_attention_forward, with the batch first; its weights and biases are inputs."""
    for q, k, n, causal, mask in [((2, 3, 4), (2, 5, 4), 2, False, None), ((2, 3, 4), (2, 3, 4), 4, True, None), ((1, 3, 6), (1, 2, 6), 3, False, (3, 2)),
                                  ((2, 1, 2), (2, 3, 2), 1, False, None), ((2, 2, 4), (2, 3, 4), 2, False, (2, 2, 2, 3))]:
        e = q[-1]

        def call(q, k, v, win, bin, wout, bout, *m):
            attn_mask = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).triu(1) if causal else None
            if m:
                attn_mask = m[0] if m[0].dim() == 2 else m[0].flatten(0, 1)
            y, _ = F.multi_head_attention_forward(q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), e, n, win, bin, None, None, False, 0.0,
                                                  wout, bout, need_weights=False, attn_mask=attn_mask)
            return y.transpose(0, 1)

        inputs = [rand(*q), rand(*k), rand(*k), rand(3 * e, e, lo=-1, hi=1), rand(3 * e), rand(e, e, lo=-1, hi=1), rand(e)] + ([rand(*mask)] if mask else [])
        # An element of a score is a sum of some products of sums of some products.
        add("MultiHeadAttention", call, inputs, "", {"groups": n, "mask": mask is not None, "causal": causal, "terms": 16})


for section in [layers, batches, groups, responses, attention, heads]:
    section()
fixture.write(pathlib.Path(__file__).with_name("norm.json"), {}, {"cases": suite.cases})
