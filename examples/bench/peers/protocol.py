"""What the peers in Python share: the numbers of data.go and the protocol of
process_peer.go. A peer has a table of cases; each is a function of a mode that
returns (step, reading): step() is what is timed, reading() is (loss, slope) or
None."""

import os
import sys
import time

import numpy as np


def array(k, scale, *shape):
    """Array k times scale, in float64."""
    return (scale * (hashed(k, shape) / 2.0**32 - 0.5)).reshape(shape)


def labels(k, n, classes):
    return (hashed(k, (n,)) % classes).astype(np.int64)


def hashed(k, shape):
    i = np.arange(int(np.prod(shape)), dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    shift = lambda h, n: h ^ (h >> np.uint64(n))
    h = (i * np.uint64(2654435761) + np.uint64(k * 2246822519 % 2**32 + 1)) & mask
    h = shift(h, 15) * np.uint64(2246822519) & mask
    h = shift(h, 13) * np.uint64(3266489917) & mask
    return shift(h, 16)


def direction(i, *shape):
    """The array along which parameter i is moved to read the slope."""
    return array(1000 + i, 1, *shape)


def reading(loss, grads, transposed=()):
    """The loss, and the slope from gradients. Those of the parameters that are kept as
    (out, in) are turned back first."""
    loss = np.asarray(loss, np.float64)
    if loss.ndim > 0:
        loss = np.sum(loss * direction(-1, *loss.shape))
    slope = 0.0
    for i, g in enumerate(grads):
        g = np.asarray(g, np.float64)
        if i in transposed:
            g = g.T
        slope += np.sum(g * direction(i, *g.shape))
    return float(loss), float(slope)


def serve(version, modes, cases, process, wait=lambda: None):
    """Answers lines until there are none; see process_peer.go."""
    if sys.argv[1:] == ["process"]:
        step = cases[process](modes[0])[0]
        for i in range(10):
            step()
            wait()
            if i == 0:
                print("first", flush=True)
        print("peak", peak(), flush=True)
        return
    print("hello", version, *modes, flush=True)
    opened = {}
    for line in sys.stdin:
        try:
            print(answer(line.split(), cases, modes, opened, wait), flush=True)
        except Exception as e:
            print("error", type(e).__name__, str(e).strip().splitlines()[:1], flush=True)


def answer(words, cases, modes, opened, wait):
    if words[0] == "open":
        _, key, case, mode = words
        opened_case = cases[case](mode) if case in cases else None
        if opened_case is None:
            return "absent"
        step, read = opened_case
        opened[key] = step
        numbers = read() if read else None
        return "ok %r %r" % numbers if numbers else "ok"
    if words[0] == "time":
        step, n = opened[words[1]], int(words[2])
        begin = time.perf_counter()
        for _ in range(n):
            step()
        wait()
        return "ok %r" % (time.perf_counter() - begin)
    if words[0] == "close":
        del opened[words[1]]
        return "ok"
    return "error what is " + words[0]


def peak():
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])


def stay_on(procs):
    """Keeps this process on the first processors that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:procs])
