"""Makes schedulers.json and schedulers_composed.json beside it, from PyTorch's
learning rate schedulers, of version 2 or later:

    python3 schedulers.py

1.13.1 gives the same numbers, but cannot cycle the momentum of Adam, and begins
the later schedulers of a SequentialLR, and step(0) of MultiplicativeLR,
otherwise. The files have

    {"torch": version, "cases": [{
        "name":       unique name of the case,
        "optimizer":  "sgd" | "adam",
        "base":       [learning rate, one per group],
        "momentum":   momentum or betas[0] before the schedulers are made,
        "schedulers": [{"name": class, PyTorch's arguments}...], stepped in this order;
                      a function is [kind, number...], see function();
                      SequentialLR and ChainedScheduler have "schedulers" of the same form,
        "steps":      [epoch or null, ...] for step(epoch) or step(); 200 times step() if absent,
        "metrics":    [argument of step() for ReduceLROnPlateau, ...] if there is one; "inf" and "nan" are strings,
        "lr":         [[one per group] after 0, 1, ... steps],
        "momenta":    the same of momentum or betas[0], if it is cycled}...]}

and the first file errors, [{"scheduler": ..., "error": text}]. Two groups,
float64. The second file has the cases of several schedulers and those of
step(epoch).
"""
import json
import math
import warnings

import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

# Debian's package of 1.13.1 calls itself 1.13.0a0.
VERSION = {"1.13.0a0": "1.13.1"}.get(torch.__version__, torch.__version__.split("+")[0])
warnings.simplefilter("ignore")
BASE = (0.1, 0.03)
STEPS = 200


def function(spec):
    kind, *a = spec
    return {
        "power": lambda t: a[0] ** t,                      # a^t
        "inverse": lambda t: 1 / (1 + t / a[0]),           # 1/(1 + t/a)
        "inverse_power": lambda t: 1 / (1 + t / a[0]) ** a[1],
        "alternate": lambda t: a[t % 2],                   # a at even t, b at odd
        "hold": lambda t: a[0],
        "inverse_root": lambda t: min(t / a[0], math.sqrt(a[0] / t) if t else 1),
        "scale": lambda x: 1 / (1 + a[0] * x),
    }[kind]


def make(opt, spec):
    kw = dict(spec)
    name = kw.pop("name")
    if "lr_lambda" in kw:
        f = kw["lr_lambda"]
        kw["lr_lambda"] = [function(g) for g in f] if isinstance(f[0], list) else function(f)
    if "scale_fn" in kw:
        kw["scale_fn"] = function(kw["scale_fn"])
    if name == "SWALR":
        return SWALR(opt, **kw)
    if name == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler([make(opt, s) for s in kw["schedulers"]])
    if name == "SequentialLR":
        return lr_scheduler.SequentialLR(opt, [make(opt, s) for s in kw["schedulers"]], kw["milestones"])
    return getattr(lr_scheduler, name)(opt, **kw)


def L(name, **kw):
    return dict(name=name, **kw)


def seq(milestones, *schedulers):
    return L("SequentialLR", schedulers=list(schedulers), milestones=milestones)


def chained(*schedulers):
    return L("ChainedScheduler", schedulers=list(schedulers))


def metrics(kind):
    if kind == "plain":
        return [1 / (1 + t) if t < 40 else 1 / 41 + 0.001 * math.sin(t) for t in range(STEPS)]
    if kind == "flat":
        return [1.0] * STEPS
    if kind == "rising":
        return [math.log(1 + t) if t < 60 else math.log(60) - 0.01 * (t % 7) for t in range(STEPS)]
    if kind == "odd":
        return ["nan" if t % 9 == 3 else "inf" if t % 13 == 5 else -0.5 * math.cos(t / 10) for t in range(STEPS)]


def cyclic(**kw):
    return L("CyclicLR", **{**dict(base_lr=0.001, max_lr=0.1, step_size_up=20), **kw})


def one(**kw):
    return L("OneCycleLR", **{**dict(max_lr=0.1, total_steps=200), **kw})


LIST = [
    ("lambda_power", "sgd", [L("LambdaLR", lr_lambda=["power", 0.95])]),
    ("lambda_groups", "sgd", [L("LambdaLR", lr_lambda=[["power", 0.9], ["inverse", 10]])]),
    ("lambda_inverse", "adam", [L("LambdaLR", lr_lambda=["inverse", 3.0])]),
    ("lambda_inverse_power", "adam", [L("LambdaLR", lr_lambda=["inverse_power", 7.0, 0.75])]),
    ("lambda_inverse_root", "adam", [L("LambdaLR", lr_lambda=["inverse_root", 30])]),
    ("multiplicative", "sgd", [L("MultiplicativeLR", lr_lambda=["hold", 0.97])]),
    ("multiplicative_groups", "sgd", [L("MultiplicativeLR", lr_lambda=[["alternate", 0.5, 1.9], ["inverse", 200.0]])]),
    ("multiplicative_alternate", "adam", [L("MultiplicativeLR", lr_lambda=["alternate", 0.9, 1.05])]),
    ("step", "sgd", [L("StepLR", step_size=30)]),
    ("step_half", "sgd", [L("StepLR", step_size=7, gamma=0.5)]),
    ("step_every", "sgd", [L("StepLR", step_size=1, gamma=0.97)]),
    ("multistep", "sgd", [L("MultiStepLR", milestones=[30, 80])]),
    ("multistep_repeated", "sgd", [L("MultiStepLR", milestones=[90, 20, 20, 20, 55], gamma=0.7)]),
    ("multistep_zero", "sgd", [L("MultiStepLR", milestones=[0, 5, 5], gamma=0.3)]),
    ("multistep_up", "sgd", [L("MultiStepLR", milestones=[1, 2, 3, 150], gamma=1.3)]),
    ("constant", "sgd", [L("ConstantLR")]),
    ("constant_half", "sgd", [L("ConstantLR", factor=0.5, total_iters=40)]),
    ("constant_odd", "sgd", [L("ConstantLR", factor=0.7, total_iters=1)]),
    ("linear", "sgd", [L("LinearLR")]),
    ("linear_down", "sgd", [L("LinearLR", start_factor=1.0, end_factor=0.0, total_iters=150)]),
    ("linear_slow", "sgd", [L("LinearLR", start_factor=0.01, end_factor=0.9, total_iters=190)]),
    ("linear_once", "sgd", [L("LinearLR", start_factor=0.25, total_iters=1)]),
    ("exponential", "sgd", [L("ExponentialLR", gamma=0.9)]),
    ("exponential_slow", "sgd", [L("ExponentialLR", gamma=0.999)]),
    ("exponential_up", "sgd", [L("ExponentialLR", gamma=1.01)]),
    ("polynomial", "sgd", [L("PolynomialLR")]),
    ("polynomial_square", "sgd", [L("PolynomialLR", total_iters=180, power=2.0)]),
    ("polynomial_root", "sgd", [L("PolynomialLR", total_iters=150, power=0.5)]),
    ("polynomial_odd", "sgd", [L("PolynomialLR", total_iters=220, power=0.9)]),
    ("polynomial_flat", "sgd", [L("PolynomialLR", total_iters=20, power=0.0)]),
    ("cosine", "sgd", [L("CosineAnnealingLR", T_max=200)]),
    ("cosine_crossing", "sgd", [L("CosineAnnealingLR", T_max=13, eta_min=0.001)]),
    ("cosine_short", "sgd", [L("CosineAnnealingLR", T_max=1)]),
    ("cosine_two", "sgd", [L("CosineAnnealingLR", T_max=2, eta_min=0.01)]),
    ("restarts", "sgd", [L("CosineAnnealingWarmRestarts", T_0=10)]),
    ("restarts_double", "sgd", [L("CosineAnnealingWarmRestarts", T_0=7, T_mult=2, eta_min=0.001)]),
    ("restarts_triple", "sgd", [L("CosineAnnealingWarmRestarts", T_0=1, T_mult=3)]),
    ("restarts_one", "sgd", [L("CosineAnnealingWarmRestarts", T_0=1, eta_min=0.05)]),
    ("cyclic", "sgd", [cyclic()]),
    ("cyclic_groups", "sgd", [cyclic(base_lr=[0.001, 0.002], max_lr=[0.01, 0.3], mode="triangular2", step_size_up=7, step_size_down=11)]),
    ("cyclic_exp", "sgd", [cyclic(mode="exp_range", gamma=0.99, base_momentum=0.5, max_momentum=0.95)]),
    ("cyclic_adam", "adam", [cyclic(mode="exp_range", gamma=0.999, step_size_up=3, step_size_down=40)]),
    ("cyclic_no_momentum", "adam", [cyclic(mode="triangular2", cycle_momentum=False, step_size_up=1)]),
    ("cyclic_function", "sgd", [cyclic(scale_fn=["scale", 0.1], step_size_up=9)]),
    ("cyclic_iterations", "adam", [cyclic(scale_fn=["scale", 0.01], scale_mode="iterations", step_size_up=13, step_size_down=2)]),
    ("onecycle", "sgd", [one()]),
    ("onecycle_groups", "adam", [one(max_lr=[0.1, 0.7], pct_start=0.45)]),
    ("onecycle_three", "sgd", [one(three_phase=True)]),
    ("onecycle_linear", "adam", [one(anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0)]),
    ("onecycle_three_linear", "sgd", [one(anneal_strategy="linear", three_phase=True, pct_start=0.25, epochs=20, steps_per_epoch=11,
                                          total_steps=None, base_momentum=0.3, max_momentum=0.99)]),
    ("onecycle_no_rise", "sgd", [one(pct_start=0.0, cycle_momentum=False)]),
    ("swa", "sgd", [L("SWALR", swa_lr=0.05)]),
    ("swa_linear", "sgd", [L("SWALR", swa_lr=[0.05, 0.5], anneal_strategy="linear", anneal_epochs=33)]),
    ("swa_at_once", "sgd", [L("SWALR", swa_lr=0.2, anneal_epochs=0)]),
    ("swa_long", "sgd", [L("SWALR", swa_lr=0.001, anneal_epochs=190)]),
    ("sequential_warm_up", "sgd", [seq([10], L("LinearLR", start_factor=0.1, total_iters=10), L("CosineAnnealingLR", T_max=190, eta_min=0.0005))]),
    ("sequential_three", "sgd", [seq([20, 70], L("ConstantLR", factor=0.1, total_iters=20), L("ExponentialLR", gamma=0.9), L("StepLR", step_size=30))]),
    ("sequential_at_zero", "sgd", [seq([0], L("ConstantLR"), L("ExponentialLR", gamma=0.95))]),
    ("sequential_multiplicative", "sgd", [seq([5, 50], L("ExponentialLR", gamma=0.9), L("MultiplicativeLR", lr_lambda=["alternate", 0.9, 1.05]), L("MultiStepLR", milestones=[0, 20]))]),
    ("sequential_restarts", "sgd", [seq([12, 60], L("LambdaLR", lr_lambda=["inverse", 4.0]), L("CosineAnnealingWarmRestarts", T_0=5, T_mult=2, eta_min=0.003), L("PolynomialLR", total_iters=100))]),
    ("sequential_swa", "sgd", [seq([100], L("CosineAnnealingLR", T_max=100), L("SWALR", swa_lr=0.05))]),
    ("sequential_cyclic", "sgd", [seq([25], L("ConstantLR", factor=0.5, total_iters=50), cyclic(step_size_up=30))]),
    ("sequential_cyclic_first", "adam", [seq([40], cyclic(step_size_up=15), L("ExponentialLR", gamma=0.97))]),
    ("sequential_onecycle", "adam", [seq([15], L("LinearLR"), one(three_phase=True))]),
    ("chained_scheduler", "sgd", [chained(L("ConstantLR", factor=0.1, total_iters=2), L("ExponentialLR", gamma=0.9))]),
    ("chained_scheduler_three", "sgd", [chained(L("LinearLR", total_iters=50), L("CosineAnnealingLR", T_max=90, eta_min=0.001), L("MultiStepLR", milestones=[60, 130]))]),
    ("chained_scheduler_cyclic", "sgd", [chained(cyclic(), L("MultiplicativeLR", lr_lambda=["alternate", 0.9, 1.05]))]),
    ("chained", "sgd", [L("ExponentialLR", gamma=0.95), L("StepLR", step_size=20, gamma=0.1)]),
    ("chained_cosine", "sgd", [L("CosineAnnealingLR", T_max=25, eta_min=0.002), L("ExponentialLR", gamma=0.98)]),
    ("chained_three", "sgd", [L("StepLR", step_size=15, gamma=0.3), L("CosineAnnealingLR", T_max=40), L("ExponentialLR", gamma=1.01)]),
    ("chained_linear", "sgd", [L("LinearLR", start_factor=0.5, total_iters=30), L("ConstantLR", factor=0.2, total_iters=60), L("PolynomialLR", total_iters=150, power=3.0)]),
    ("chained_swa", "sgd", [L("ExponentialLR", gamma=0.99), L("SWALR", swa_lr=0.02, anneal_epochs=40)]),
    ("chained_onecycle", "sgd", [one(), L("StepLR", step_size=50, gamma=0.5)]),
    ("chained_after_cyclic", "adam", [cyclic(), L("CosineAnnealingLR", T_max=10), L("MultiplicativeLR", lr_lambda=["hold", 0.999])]),
    ("plateau", "sgd", [L("ReduceLROnPlateau")], "plain"),
    ("plateau_flat", "sgd", [L("ReduceLROnPlateau", factor=0.5, patience=3, cooldown=2, min_lr=[0.001, 0.02])], "flat"),
    ("plateau_max", "sgd", [L("ReduceLROnPlateau", mode="max", patience=0, threshold=0.02, factor=0.7)], "rising"),
    ("plateau_max_abs", "sgd", [L("ReduceLROnPlateau", mode="max", threshold_mode="abs", patience=4, threshold=0.05, min_lr=0.0003)], "rising"),
    ("plateau_abs", "sgd", [L("ReduceLROnPlateau", threshold_mode="abs", patience=5, threshold=0.01, cooldown=10, factor=0.8)], "plain"),
    ("plateau_odd", "sgd", [L("ReduceLROnPlateau", patience=7, factor=0.9, eps=1e-3)], "odd"),
    ("plateau_chained", "sgd", [L("ExponentialLR", gamma=0.99), L("ReduceLROnPlateau", patience=2, factor=0.5)], "flat"),
]

JUMPS = [0, 3, None, 7, None, None, 50, 49, None, 1, 120, None, 0, None, 12, 13, 26, None]
FRACTIONS = [k / 8 for k in range(60)] + [None, None, 26.3, None, None, 3.7, 0.1, None] + [10 + k / 7 for k in range(80)]
JUMPING = [
    ("jump_lambda", [L("LambdaLR", lr_lambda=["power", 0.95])]),
    ("jump_multiplicative", [L("MultiplicativeLR", lr_lambda=["alternate", 0.5, 1.9])]),
    ("jump_step", [L("StepLR", step_size=13)]),
    ("jump_multistep", [L("MultiStepLR", milestones=[12, 3, 3, 50])]),
    ("jump_constant", [L("ConstantLR", factor=0.3, total_iters=12)]),
    ("jump_linear", [L("LinearLR", total_iters=30)]),
    ("jump_exponential", [L("ExponentialLR", gamma=0.97)]),
    ("jump_polynomial", [L("PolynomialLR", total_iters=130, power=2.0)]),
    ("jump_cosine", [L("CosineAnnealingLR", T_max=40, eta_min=0.001)]),
    ("jump_restarts", [L("CosineAnnealingWarmRestarts", T_0=7, T_mult=2)]),
    ("jump_cyclic", [cyclic(mode="triangular2", step_size_up=8)]),
    ("jump_onecycle", [one()]),
]


def run(name, optimizer, schedulers, kind=None, steps=None):
    values = metrics(kind) if kind else None
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in BASE]
    if optimizer == "adam":
        opt, before = torch.optim.Adam(groups, lr=1.0), 0.9
    else:
        opt, before = torch.optim.SGD(groups, lr=1.0, momentum=0.6), 0.6

    def momenta():
        return [g["betas"][0] if optimizer == "adam" else g["momentum"] for g in opt.param_groups]

    made = [make(opt, s) for s in schedulers]
    lrs, moved = [[g["lr"] for g in opt.param_groups]], [momenta()]
    for t in range(len(steps) if steps else STEPS):
        opt.step()
        for s in made:
            if isinstance(s, lr_scheduler.ReduceLROnPlateau):
                s.step(float(values[t]))
            elif steps and steps[t] is not None:
                s.step(steps[t])
            else:
                s.step()
        lrs.append([g["lr"] for g in opt.param_groups])
        moved.append(momenta())
    case = {"name": name, "optimizer": optimizer, "base": list(BASE), "momentum": before, "schedulers": schedulers}
    if values:
        case["metrics"] = values
    if steps:
        case["steps"] = steps
    case["lr"] = lrs
    if any(m != [before, before] for m in moved):
        case["momenta"] = moved
    return case


ERRORS = [
    L("ConstantLR", factor=1.5), L("ConstantLR", factor=-0.5),
    L("LinearLR", start_factor=1.5), L("LinearLR", start_factor=0.0), L("LinearLR", end_factor=-1.0),
    L("CosineAnnealingWarmRestarts", T_0=0), L("CosineAnnealingWarmRestarts", T_0=1, T_mult=0),
    L("CyclicLR", base_lr=0.1, max_lr=1.0, mode="sine"),
    L("OneCycleLR", max_lr=1.0), L("OneCycleLR", max_lr=1.0, epochs=3), L("OneCycleLR", max_lr=1.0, total_steps=-1),
    L("OneCycleLR", max_lr=1.0, epochs=-1, steps_per_epoch=2), L("OneCycleLR", max_lr=1.0, epochs=1, steps_per_epoch=-2),
    L("OneCycleLR", max_lr=1.0, total_steps=9, pct_start=1.5), L("OneCycleLR", max_lr=1.0, total_steps=9, anneal_strategy="sine"),
    L("SWALR", swa_lr=1.0, anneal_strategy="sine"), L("SWALR", swa_lr=1.0, anneal_epochs=-1),
    L("ReduceLROnPlateau", mode="most"), L("ReduceLROnPlateau", threshold_mode="some"), L("ReduceLROnPlateau", factor=1.0),
    L("ReduceLROnPlateau", min_lr=[0.1, 0.2, 0.3]),
    seq([]), seq([3], L("ConstantLR")), seq([], L("ConstantLR"), L("ConstantLR")), chained(),
]


def errors():
    for spec in ERRORS:
        opt = torch.optim.SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)]}], lr=1.0, momentum=0.6)
        try:
            make(opt, spec)
        except (ValueError, IndexError) as e:
            yield {"scheduler": spec, "error": str(e)}
        else:
            raise AssertionError(spec)
    opt = torch.optim.Adagrad([torch.zeros(1)], lr=1.0)
    for spec in cyclic(), one():
        try:
            make(opt, spec)
        except ValueError as e:
            yield {"scheduler": spec, "optimizer": "adagrad", "error": str(e)}
    opt = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    s = make(opt, one(total_steps=5, cycle_momentum=False))
    try:
        for _ in range(6):
            opt.step()
            s.step()
    except ValueError as e:
        yield {"scheduler": one(total_steps=5, cycle_momentum=False), "steps": 6, "error": str(e)}


def write(name, cases, failures):
    with open(name, "w") as f:
        f.write('{"torch": %s, "cases": [\n' % json.dumps(VERSION))
        f.write(",\n".join(json.dumps(c) for c in cases))
        f.write('\n], "errors": [\n')
        f.write(",\n".join(json.dumps(e) for e in failures))
        f.write("\n]}\n")
    print(name, len(cases), "cases")


if __name__ == "__main__":
    cases = [run(*c) for c in LIST]
    cases += [run(name, "sgd", s, steps=JUMPS) for name, s in JUMPING]
    cases += [run("fractions_restarts", "sgd", [L("CosineAnnealingWarmRestarts", T_0=5)], steps=FRACTIONS),
              run("fractions_restarts_double", "sgd", [L("CosineAnnealingWarmRestarts", T_0=3, T_mult=2, eta_min=0.01)], steps=FRACTIONS),
              run("fractions_restarts_triple", "sgd", [L("CosineAnnealingWarmRestarts", T_0=2, T_mult=3)], steps=FRACTIONS)]
    composed = [c for c in cases if c["name"].split("_")[0] in ("sequential", "chained", "jump", "fractions")]
    write("schedulers_composed.json", composed, [])
    write("schedulers.json", [c for c in cases if c not in composed], list(errors()))
