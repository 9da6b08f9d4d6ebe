"""Writes pool.json: values and gradients of PyTorch for pools and upsampling.

    python3 pool.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py.
"op" is the Go function and "args" its attributes; in "dims" are the sizes of
adaptive pools and upsampling.
"""

import pathlib

import torch
import torch.nn.functional as F

from fixture import INF, NAN, Suite, of, write

suite = Suite(20241121)
SPECIAL = [1.0, NAN, 2.0, INF, -INF, -INF, -INF, -INF, 3.0, 3.0, 3.0, -0.0, 0.0, NAN, NAN, 5.0]


def options(kernel, stride=0, padding=0, dilation=0, ceil=False, exclude=False):
    """The options as Go has them, and as PyTorch has them for a max pool and for an average."""
    zero = [0] * len(kernel)
    go = {"kernel": kernel, "stride": stride or zero, "padding": padding or zero, "dilation": dilation or zero, "ceilmode": ceil, "excludepad": exclude}
    torch_max = {"kernel_size": kernel, "stride": stride or kernel, "padding": padding or zero, "dilation": dilation or 1, "ceil_mode": ceil}
    torch_avg = {"kernel_size": kernel, "stride": stride or kernel, "padding": padding or zero, "ceil_mode": ceil, "count_include_pad": not exclude}
    return go, torch_max, torch_avg


def add(op, fn, x, args, name="", **more):
    suite.add(op, fn, [x], name, args, **more)


def pools(x, max_pool, avg_pool, *args, name="", **kwargs):
    go, torch_max, torch_avg = options(*args, **kwargs)
    n = len(go["kernel"])
    if not kwargs.get("exclude"):
        add(f"MaxPool{n}d", lambda x: max_pool(x, **torch_max), x, go, name)
    if not any(go["dilation"]):
        add(f"AvgPool{n}d", lambda x: avg_pool(x, **torch_avg), x, go, name)


def pools_1d():
    for shape, args in [((2, 3, 7), ([2],)), ((3, 7), ([3], [1])), ((1, 1, 1), ([1],)), ((2, 1, 9), ([3], [2], [1])), ((2, 8), ([4], [3], [2])),
                        ((1, 2, 9), ([3], [2], [1], [2])), ((2, 9), ([2], [1], 0, [4])), ((2, 5), ([5],)), ((2, 5), ([2], [7]))]:
        for ceil in [False, True]:
            for exclude in [False, True] if len(args) < 4 else [False]:
                pools(suite.rand(*shape), F.max_pool1d, F.avg_pool1d, *args, ceil=ceil, exclude=exclude)
    for args in [([2],), ([3], [1], [1]), ([4], [2], [2]), ([5],)]:
        pools(of(*SPECIAL).reshape(1, -1), F.max_pool1d, F.avg_pool1d, *args, name="special")


def pools_2d():
    for shape, args in [((2, 3, 4, 6), ([2, 2],)), ((2, 5, 7), ([2, 3],)), ((1, 2, 5, 5), ([3, 3], [2, 2], [1, 1])), ((1, 1, 1, 1), ([1, 1],)),
                        ((1, 1, 6, 5), ([3, 2], [1, 2], [1, 0])), ((2, 1, 1, 4), ([1, 3], [1, 1], [0, 1])), ((1, 7, 8), ([4, 2], [3, 3], [2, 1])),
                        ((1, 1, 7, 7), ([3, 2], [2, 1], [1, 1], [2, 3])), ((2, 6, 6), ([2, 2], [4, 5]))]:
        for ceil in [False, True]:
            for exclude in [False, True] if len(args) < 4 else [False]:
                pools(suite.rand(*shape), F.max_pool2d, F.avg_pool2d, *args, ceil=ceil, exclude=exclude)
    for args in [([2, 2],), ([3, 3], [1, 1], [1, 1]), ([4, 4],), ([1, 2], [1, 1])]:
        pools(of(*SPECIAL).reshape(1, 4, 4), F.max_pool2d, F.avg_pool2d, *args, name="special")
        pools(torch.ones(1, 4, 4, dtype=torch.float64), F.max_pool2d, F.avg_pool2d, *args, name="ties")


def adaptive():
    for shape, sizes in [((2, 3, 7), [1, 2, 3, 7, 10]), ((2, 6), [1, 3, 4]), ((1, 1, 1), [1, 3])]:
        for n in sizes:
            add("AdaptiveMaxPool1d", lambda x: F.adaptive_max_pool1d(x, n), suite.rand(*shape), {"dims": [n]})
            add("AdaptiveAvgPool1d", lambda x: F.adaptive_avg_pool1d(x, n), suite.rand(*shape), {"dims": [n]})
    for shape, sizes in [((2, 3, 5, 7), [(1, 1), (2, 3), (5, 7), (1, 7), (7, 4)]), ((2, 4, 6), [(1, 1), (2, 2), (3, 5), (4, 1)]), ((1, 1, 1, 1), [(1, 1), (2, 3)])]:
        for hw in sizes:
            add("AdaptiveMaxPool2d", lambda x: F.adaptive_max_pool2d(x, hw), suite.rand(*shape), {"dims": hw})
            add("AdaptiveAvgPool2d", lambda x: F.adaptive_avg_pool2d(x, hw), suite.rand(*shape), {"dims": hw})
    for hw in [(1, 1), (2, 2), (3, 3)]:
        add("AdaptiveMaxPool2d", lambda x: F.adaptive_max_pool2d(x, hw), of(*SPECIAL).reshape(1, 4, 4), {"dims": hw}, "special")
        add("AdaptiveAvgPool2d", lambda x: F.adaptive_avg_pool2d(x, hw), of(*SPECIAL).reshape(1, 4, 4), {"dims": hw}, "special")


def batched(fn, rank):
    """fn for an x with or without the axis of the batch."""
    return lambda x: fn(x) if x.dim() == rank else fn(x[None])[0]


def upsampling():
    for shape, sizes in [((2, 3, 4), [1, 2, 3]), ((2, 3), [1, 4]), ((1, 1, 1), [5])]:
        for s in sizes:
            add("UpsampleNearest1d", batched(lambda x: F.interpolate(x, scale_factor=s), 3), suite.rand(*shape), {"dims": [s]})
    for shape, sizes in [((2, 3, 2, 3), [(1, 1), (2, 2), (3, 1), (1, 4)]), ((2, 3, 2), [(2, 3)]), ((1, 1, 1, 1), [(2, 5)])]:
        for s in sizes:
            add("UpsampleNearest2d", batched(lambda x: F.interpolate(x, scale_factor=s), 4), suite.rand(*shape), {"dims": s})
    add("UpsampleNearest2d", batched(lambda x: F.interpolate(x, scale_factor=2), 4), of(*SPECIAL).reshape(1, 4, 4), {"dims": [2, 2]}, "special")
    for align in [False, True]:
        for shape, sizes in [((2, 3, 3, 4), [(6, 8), (3, 4), (5, 7), (2, 3), (1, 1), (1, 9), (7, 2)]), ((2, 5, 6), [(9, 11), (2, 6), (15, 1)]),
                             ((1, 1, 1, 1), [(1, 1), (3, 2)]), ((1, 2, 1), [(4, 4)]), ((1, 1, 20), [(1, 13)])]:
            for hw in sizes:
                add("UpsampleBilinear2d", batched(lambda x: F.interpolate(x, size=hw, mode="bilinear", align_corners=align), 4), suite.rand(*shape, lo=0.5),
                    {"dims": hw, "aligncorners": align})


for section in [pools_1d, pools_2d, adaptive, upsampling]:
    section()
write(pathlib.Path(__file__).with_name("pool.json"), {}, {"cases": suite.cases})
