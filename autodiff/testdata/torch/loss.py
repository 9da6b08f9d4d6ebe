"""Writes loss.json: values and gradients of PyTorch for losses and distances.

    python3 loss.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py, and
"args" in ops.py and norm.py; here "alpha" is the delta, beta or margin of a loss.
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture
from fixture import INF, NAN, of

suite = fixture.Suite(20240617)
rand, add = suite.rand, suite.add


def signs(*shape):
    return rand(*shape).sign()


def residuals():
    special = of(0.0, 0.5, -0.5, 1.0, -1.0, 2.0, INF, -INF, NAN)
    for delta in [1.0, 0.3, 5.0]:
        for op, fn in {"HuberLoss": lambda x, t: F.huber_loss(x, t, reduction="none", delta=delta),
                       "SmoothL1Loss": lambda x, t: F.smooth_l1_loss(x, t, reduction="none", beta=delta)}.items():
            add(op, fn, [rand(3, 4), rand(3, 4)], "", {"alpha": delta, "terms": 1})
            add(op, fn, [special, torch.zeros_like(special)], "special", {"alpha": delta})
    # With a beta of 0 PyTorch has a slope of -1 at 0.
    add("SmoothL1Loss", lambda x, t: F.smooth_l1_loss(x, t, reduction="none", beta=0.0), [of(0.5, -1e-9, INF, -INF), torch.zeros(4)], "special", {"alpha": 0.0})


def likelihoods():
    for shape in [(), (5,), (2, 3)]:
        add("KLDivLoss", lambda x, t: F.kl_div(x, t, reduction="none"), [rand(*shape), rand(*shape, lo=0.05, hi=1)], "", {"terms": 4})
        add("PoissonNLLLoss", lambda x, t: F.poisson_nll_loss(x, t, reduction="none"), [rand(*shape), rand(*shape, lo=0, hi=5)], "", {"terms": 10})
        if shape:
            add("GaussianNLLLoss", lambda x, t, v: F.gaussian_nll_loss(x, t, v, eps=1e-6, reduction="none"),
                [rand(*shape), rand(*shape), rand(*shape, lo=0.2, hi=3)], "", {"eps": 1e-6, "terms": 100})
    add("KLDivLoss", lambda x, t: F.kl_div(x, t, reduction="none"), [of(-1.0, -INF, -2.0, NAN, -1.0), of(0.0, 0.5, 1.0, 0.5, NAN)], "special")
    add("PoissonNLLLoss", lambda x, t: F.poisson_nll_loss(x, t, reduction="none"), [of(-INF, 0.0, INF, NAN, 1000.0), of(1.0, 0.0, 2.0, 1.0, 1.0)], "special")
    add("GaussianNLLLoss", lambda x, t, v: F.gaussian_nll_loss(x, t, v, eps=0.5, reduction="none"),
        [of(0.0, 1.0, INF, 2.0, 1.0), of(1.0, 1.0, 1.0, 1.0, NAN), of(0.1, 0.0, 1.0, INF, 1.0)], "special", {"eps": 0.5})


def margins():
    def hinge(x, t):
        return F.hinge_embedding_loss(x, t, margin=margin, reduction="none")

    def ranking(a, b, t):
        return F.margin_ranking_loss(a, b, t, margin=margin, reduction="none")

    def soft(x, t):
        return F.soft_margin_loss(x, t, reduction="none")

    for margin in [1.0, 0.0]:
        args = {"alpha": margin, "terms": 1}
        add("HingeEmbeddingLoss", hinge, [rand(3, 4), signs(3, 4)], "", args, constant=(1,))
        # PyTorch has a slope of 0 for max(0, NaN).
        add("HingeEmbeddingLoss", hinge, [of(margin, margin, INF, -INF, -INF, NAN), of(1, -1, -1, -1, 1, 1)], "special", args, constant=(1,))
        add("MarginRankingLoss", ranking, [rand(3, 4), rand(3, 4), signs(3, 4)], "", args)
        add("MarginRankingLoss", ranking, [of(1.0, 2.0, INF, -INF), of(1.0 - margin, 2.0 + margin, 1.0, 1.0), of(1, -1, -1, -1)], "special", args)
    # PyTorch's function has no gradient of the target.
    for shape in [(), (3, 4)]:
        add("SoftMarginLoss", soft, [rand(*shape), signs(*shape)], "", {"terms": 1}, constant=(1,))
    add("SoftMarginLoss", soft, [of(0.0, 20.0, -20.0, INF, NAN), of(1, 1, 1, 1, 1)], "special", {"terms": 1}, constant=(1,))


def distances():
    for shape in [(4,), (3, 4), (2, 3, 4), (3, 1)]:
        add("PairwiseDistance", lambda a, b: F.pairwise_distance(a, b, 2.0, 1e-6), [rand(*shape), rand(*shape)], "", {"eps": 1e-6, "terms": 2})
        add("TripletMarginLoss", lambda a, p, n: F.triplet_margin_loss(a, p, n, 1.0, reduction="none"), [rand(*shape), rand(*shape), rand(*shape)], "",
            {"alpha": 1.0, "eps": 1e-6, "terms": 2})
    add("PairwiseDistance", lambda a, b: F.pairwise_distance(a, b, 2.0, 0.0), [of(1.0, 2.0, 3.0).reshape(3, 1), of(1.0, NAN, INF).reshape(3, 1)], "special", {"eps": 0.0})
    for a, b, axis in [((4,), (4,), 0), ((3, 4), (3, 4), 1), ((3, 4), (3, 4), -2), ((2, 3, 4), (2, 3, 4), 1), ((2, 1, 4), (3, 1), 0), ((3, 1), (3, 1), 1)]:
        add("CosineSimilarity", lambda a, b: F.cosine_similarity(a, b, axis, 1e-8), [rand(*a), rand(*b)], "", {"axis": axis, "eps": 1e-8, "terms": 4})
    # PyTorch has a term too many in the gradient of a vector that is not 0 and shorter than eps.
    add("CosineSimilarity", lambda a, b: F.cosine_similarity(a, b, 1, 0.5), [torch.stack([of(0.0, 0.0), of(3.0, 4.0), of(NAN, 1.0)]), of(0.5, 1.0, -2.0, 1.0, 1.0, -0.5).reshape(3, 2)], "special",
        {"axis": 1, "eps": 0.5, "terms": 4})


for section in [residuals, likelihoods, margins, distances]:
    section()
fixture.write(pathlib.Path(__file__).with_name("loss.json"), {}, {"cases": suite.cases})
