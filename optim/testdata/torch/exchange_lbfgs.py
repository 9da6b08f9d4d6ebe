"""L-BFGS that changes hands between PyTorch and this package in mid-run, as exchange.py
does for rules, with its layout of files but for these names:

    python3 exchange_lbfgs.py make     writes exchange_lbfgs.json
    python3 exchange_lbfgs.py resume   reads exchange_lbfgs_go.json, which the test
                                       TestTorchTakesOverLBFGS wrote with -update, and
                                       writes exchange_lbfgs_back.json

"params" and "state" are those after 3 steps, "end" has the parameters after 3 more, and
"returned" the losses that those steps returned. A step is opt.step(closure).

The loss is sum((1 + i)(z^2/2 + z^4/4) + z_i z_(i+1)), z = x - 0.5, over the 8 elements x of w and
b, a (3, 2) matrix and a vector of 2, in order; its negative for maximize. All in the dtype of the
case.
"""
import json
import sys

import torch

from exchange import lists, start, to_lists, tree, write

HALF = 3

CASES = [
    {"lr": 0.2, "max_iter": 2},
    {"lr": 0.1, "max_iter": 1},
    {"lr": 0.2, "max_iter": 4, "history_size": 2},
    {"lr": 0.3, "max_iter": 3, "maximize": True},
    {"line_search_fn": "strong_wolfe", "max_iter": 3},
    {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 3, "max_eval": 9, "maximize": True},
    {"lr": 0.5, "tolerance_grad": 100.0},  # never moves
]


def from_lists(d, params):
    """The state_dict of an LBFGS of params."""
    d = tree(d, lambda v: float(v) if v in ("NaN", "Infinity", "-Infinity") else v)
    state = {}
    for index, entry in d["state"].items():
        def tensor(v):
            return torch.tensor(v, dtype=params[int(index)].dtype)
        state[int(index)] = {k: tensor(v) if k in ("d", "prev_flat_grad")
                             else [None if e is None else tensor(e) for e in v] if isinstance(v, list)
                             else v for k, v in entry.items()}
    return {"state": state, "param_groups": d["param_groups"]}


def run(opt, params):
    def closure():
        opt.zero_grad()
        z = torch.cat([p.reshape(-1) for p in params]) - 0.5
        a = torch.arange(1, len(z) + 1, dtype=z.dtype)
        loss = (a * (z * z / 2 + z**4 / 4)).sum() + (z[1:] * z[:-1]).sum()
        if opt.param_groups[0]["maximize"]:
            loss = -loss
        loss.backward()
        return loss

    return [opt.step(closure).item() for _ in range(HALF)]


def small(dtype):
    """The start of exchange.py, divided by 8."""
    return [(p.detach() / 8).requires_grad_() for p in start(dtype, "LBFGS")]


def make():
    for options in CASES:
        for dtype in ("float64", "float32"):
            if dtype == "float32" and "line_search_fn" in options:
                continue  # a search in float32 ends by rounding
            params = small(getattr(torch, dtype))
            opt = torch.optim.LBFGS(params, **options)
            run(opt, params)
            case = {"name": "/".join(["lbfgs", ",".join("%s=%s" % o for o in options.items()), dtype]),
                    "optimizer": "lbfgs", "options": options, "dtype": dtype,
                    "params": lists(params), "state": to_lists(opt.state_dict())}
            returned = run(opt, params)
            yield dict(case, end=lists(params), returned=returned)


def resume():
    with open("exchange_lbfgs_go.json") as f:
        cases = json.load(f)["cases"]
    for case in cases:
        params = [torch.tensor(v, dtype=getattr(torch, case["dtype"])).requires_grad_() for v in case["params"]]
        opt = torch.optim.LBFGS(params, lr=0.123)  # load_state_dict has to bring the options
        opt.load_state_dict(from_lists(case["state"], params))
        returned = run(opt, params)
        yield {"name": case["name"], "end": lists(params), "returned": returned}


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        write("exchange_lbfgs.json", make())
    elif sys.argv[1:] == ["resume"]:
        write("exchange_lbfgs_back.json", resume())
    else:
        sys.exit(__doc__)
