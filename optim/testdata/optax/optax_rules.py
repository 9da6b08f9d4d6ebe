"""Makes the reference files of optax beside it: python3 optax_rules.py [name ...]
writes lion.json, adabelief.json, yogi.json, lamb.json, lars.json, adan.json,
sgdschedulefree.json, adamwschedulefree.json, sophia.json and prodigy.json,

    {"optax": version, "jax": version, "cases": [{
        "name", "optimizer", "landscape", "dtype", "start", "steps", "stride", "path", "loss"
                     as in ../torch/optim.py,
        "options":   {our names: values}}]}

with one parameter, the vector [x, y]. The rules without a schedule are evaluated at
schedule_free_eval_params. jax_enable_x64 is on, and XLA does not optimize. Option maximize
negates gradients. Where optax has no weight decay, add_decayed_weights is chained: before for an L2 penalty, and before the
learning rate for decoupled_weight_decay. sophia gets the exact diagonal of the Hessian.

Files are to be compared as those of ../torch/optim.py, with 1e-12 for float64 and 1e-5
for float32. A case has fewer than 200 steps where relative noise of 1e-10 (1e-6 for
float32) in x and y before every step grows to more than LIMIT times itself.
"""
import json
import math
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"

import jax
import jax.numpy as jnp
import numpy
import optax
import optax.contrib

jax.config.update("jax_enable_x64", True)

STEPS, STRIDE = 200, 5
NOISE = {"float64": 1e-10, "float32": 1e-6}
LIMIT = {"float64": 500, "float32": 30}


# ---- landscapes, as in ../torch/optim.py ---------------------------------------

def ravine(x, y):
    return 0.5 * (x * x + 100 * (y * y))


def rosenbrock(x, y):
    a, b = 1 - x, y - x * x
    return a * a + 100 * (b * b)


def himmelblau(x, y):
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def booth(x, y):
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return a * a + b * b


def styblinski_tang(x, y):
    def term(z):
        s = z * z
        return s * s - 16 * s + 5 * z
    return 0.5 * (term(x) + term(y))


# Start, start for maximize, learning rate of SGD, and of the rules whose steps do not
# depend on the gradient's size.
LANDSCAPES = {
    ravine: ((-9.0, -1.0), None, 0.018, 0.2),
    rosenbrock: ((-1.2, 1.0), None, 0.0005, 0.02),
    himmelblau: ((4.5, 4.0), (-0.5, -1.2), 0.003, 0.05),
    booth: ((-4.0, 6.0), None, 0.03, 0.2),
    styblinski_tang: ((0.7, -1.1), (0.6, -0.4), 0.008, 0.05),
}


# ---- rules: our options to optax, and option sets; "lr" is a factor ------------

def chain(scale, o):
    """scale with weight decay of either kind and the learning rate."""
    decay = optax.add_decayed_weights(o.get("weight_decay", 0.0))
    order = [scale, decay] if o.get("decoupled_weight_decay") else [decay, scale]
    return optax.chain(*order, optax.scale_by_learning_rate(o["lr"]))


def moments(o, *names):
    """The keyword arguments b1, b2, ... and those named that are given."""
    kw = {"b%d" % (i + 1): b for i, b in enumerate(o.get("betas", ()))}
    kw.update({k: o[k] for k in names if k in o})
    return kw


def sophia(o):
    def diagonal(f):
        def update(updates, state, params=None, **kw):
            return jnp.diag(jax.hessian(f)(params)), state
        return optax.GradientTransformation(lambda p: optax.EmptyState(), update)
    return lambda f: optax.contrib.sophia(
        o["lr"], gamma=o["gamma"], update_interval=o["k"], clip_threshold=o["rho"],
        hessian_diagonal_fn=diagonal(f), **moments(o, "eps", "weight_decay"))


def lars(o):
    return optax.lars(o["lr"], **{k: v for k, v in o.items() if k not in ("lr", "joint_norm", "maximize")})


def sgd_schedule_free(o):
    return optax.contrib.schedule_free_sgd(
        o["lr"], b1=o.get("momentum", 0.9), weight_decay=o.get("weight_decay"),
        weight_lr_power=o.get("weight_lr_power", 2.0))


def prodigy(o):
    return optax.contrib.prodigy(
        o["lr"], betas=tuple(o.get("betas", (0.9, 0.999))), beta3=o.get("beta3"), eps=o.get("eps", 1e-8),
        estim_lr0=o["d0"], estim_lr_coef=o.get("d_coef", 1.0), weight_decay=o.get("weight_decay", 0.0),
        safeguard_warmup=o.get("safeguard_warmup", False))


RULES = {
    "lion": (3, lambda o: optax.lion(o["lr"], weight_decay=o.get("weight_decay", 0.0), **moments(o)), [
        ("plain", {}),
        ("slow", {"lr": 0.1, "betas": (0.95, 0.98)}),
        ("decay", {"lr": 0.2, "weight_decay": 0.5}),
        ("short", {"lr": 0.3, "betas": (0.2, 0.5), "weight_decay": 0.01}),
        ("sign", {"lr": 0.2, "betas": (0.0, 0.99)}),
        ("maximize", {"lr": 0.2, "maximize": True}),
    ]),
    "adabelief": (3, lambda o: chain(optax.scale_by_belief(**moments(o, "eps", "eps_root")), o), [
        ("plain", {}),
        ("eps", {"eps": 1e-8, "eps_root": 1e-8}),
        ("paper", {"betas": (0.8, 0.99), "eps": 1e-3, "eps_root": 0.0}),
        ("decay", {"weight_decay": 0.1, "betas": (0.5, 0.9), "eps_root": 1e-4}),
        ("decoupled", {"weight_decay": 0.1, "decoupled_weight_decay": True, "eps": 1e-4}),
        ("maximize", {"eps": 1e-2, "maximize": True}),
    ]),
    "yogi": (3, lambda o: chain(optax.scale_by_yogi(**moments(o, "eps", "initial_accumulator_value")), o), [
        ("plain", {}),
        ("betas", {"betas": (0.8, 0.99), "eps": 1e-2}),
        ("accumulator", {"initial_accumulator_value": 0.5, "betas": (0.9, 0.9)}),
        ("zero", {"initial_accumulator_value": 0.0, "eps": 1e-8}),
        ("decay", {"weight_decay": 0.1, "lr": 0.5}),
        ("maximize", {"maximize": True}),
    ]),
    "lamb": (3, lambda o: optax.lamb(o["lr"], weight_decay=o.get("weight_decay", 0.0), **moments(o, "eps")), [
        ("plain", {"weight_decay": 0.01}),
        ("no_decay", {"weight_decay": 0.0, "lr": 0.5}),
        ("betas", {"betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.2}),
        ("short", {"betas": (0.0, 0.99), "eps": 1e-3, "lr": 0.2, "weight_decay": 0.01}),
        ("still", {"betas": (0.95, 0.98), "lr": 0.1, "weight_decay": 0.01}),
        ("maximize", {"lr": 0.5, "maximize": True, "weight_decay": 0.01}),
    ]),
    "lars": (3, lars, [
        ("plain", {"trust_coefficient": 0.1}),
        ("decay", {"trust_coefficient": 0.2, "weight_decay": 0.1, "joint_norm": True}),
        ("nesterov", {"trust_coefficient": 0.1, "nesterov": True, "momentum": 0.8}),
        ("eps", {"trust_coefficient": 0.5, "eps": 0.5, "momentum": 0.5}),
        ("plain_steps", {"trust_coefficient": 0.3, "momentum": 0.0, "weight_decay": 0.01, "joint_norm": True}),
        ("maximize", {"trust_coefficient": 0.1, "momentum": 0.5, "maximize": True}),
    ]),
    "adan": (3, lambda o: optax.adan(
        o["lr"], weight_decay=o.get("weight_decay", 0.0), eps_root=o.get("eps_root", 0.0), **moments(o, "eps")), [
        ("optax", {"eps_root": 1e-8}),
        ("plain", {}),
        ("betas", {"betas": (0.9, 0.5, 0.95), "eps": 1e-4}),
        ("decay", {"weight_decay": 0.1, "betas": (0.8, 0.9, 0.9)}),
        ("short", {"betas": (0.2, 0.3, 0.9), "eps": 1e-2, "eps_root": 1e-4, "weight_decay": 0.01, "lr": 0.3}),
        ("maximize", {"eps": 1e-3, "maximize": True}),
    ]),
    "sgdschedulefree": (2, sgd_schedule_free, [
        ("plain", {}),
        ("momentum", {"momentum": 0.5}),
        ("decay", {"weight_decay": 0.1, "momentum": 0.95}),
        ("power", {"weight_lr_power": 0.0, "lr": 0.5}),
        ("maximize", {"momentum": 0.8, "maximize": True, "weight_decay": 0.01}),
    ]),
    "adamwschedulefree": (3, lambda o: optax.contrib.schedule_free_adamw(
        o["lr"], weight_decay=o.get("weight_decay", 0.0), weight_lr_power=o.get("weight_lr_power", 2.0),
        **moments(o, "eps")), [
        ("plain", {}),
        ("betas", {"betas": (0.5, 0.99), "eps": 1e-3}),
        ("decay", {"weight_decay": 0.1, "betas": (0.95, 0.99)}),
        ("power", {"weight_lr_power": 0.0, "lr": 2.0, "weight_decay": 0.01}),
        ("maximize", {"eps": 1e-2, "maximize": True}),
    ]),
    "sophia": (3, sophia, [
        ("plain", {"betas": (0.965, 0.99), "eps": 1e-8, "gamma": 0.01, "rho": 1.0, "k": 10, "weight_decay": 1e-4}),
        ("every", {"betas": (0.9, 0.9), "eps": 1e-3, "gamma": 0.5, "rho": 1.0, "k": 1, "weight_decay": 0.0}),
        ("long", {"betas": (0.8, 0.5), "eps": 1e-2, "gamma": 1.0, "rho": 2.0, "k": 3, "weight_decay": 0.1, "lr": 0.5}),
        ("short", {"betas": (0.5, 0.9), "eps": 1e-1, "gamma": 0.2, "rho": 0.5, "k": 7, "weight_decay": 0.01}),
        ("maximize", {"betas": (0.9, 0.99), "eps": 1.0, "gamma": 0.1, "rho": 1.0, "k": 5, "weight_decay": 0.0,
                      "maximize": True}),
    ]),
    "prodigy": (3, prodigy, [
        ("plain", {"d0": 1e-3, "lr": 0.1}),
        ("start", {"d0": 1e-6, "lr": 0.1}),
        ("betas", {"d0": 1e-2, "betas": (0.8, 0.99), "beta3": 0.9, "eps": 1e-4, "lr": 0.05}),
        ("decay", {"d0": 1e-3, "weight_decay": 0.1, "d_coef": 0.5, "lr": 0.1}),
        ("safe", {"d0": 1e-2, "safeguard_warmup": True, "lr": 0.1}),
        ("maximize", {"d0": 1e-2, "eps": 1e-3, "maximize": True, "lr": 0.1}),
    ]),
}

# Learning rates of the rules whose steps depend on the parameter.
SCALE = {"lamb": 0.02, "lars": 0.01}


# ---- runs ----------------------------------------------------------------------

def step_of(tx, landscape, maximize):
    value_and_grad = jax.value_and_grad(lambda p: landscape(p[0], p[1]))

    def step(p, state):
        loss, g = value_and_grad(p)
        updates, state = tx.update(-g if maximize else g, state, p)
        return loss, p + updates, state
    return step


def point(state, p):
    """The point to evaluate."""
    return optax.contrib.schedule_free_eval_params(state, p) if hasattr(state, "max_lr") else p


def runs(tx, landscape, maximize, start, dtype, factors):
    """Points and losses of runs whose x and y are multiplied by factors before every step."""
    step = step_of(tx, landscape, maximize)

    def run(factors):
        def body(carry, factor):
            p, state = carry
            p = p * factor
            at = point(state, p)
            _, q, state = step(p, state)
            return (q, state), (at, landscape(at[0], at[1]))
        p = jnp.asarray(start, dtype=dtype)
        return jax.lax.scan(body, (p, tx.init(p)), factors)[1]
    return [numpy.asarray(v) for v in jax.jit(jax.vmap(run))(jnp.asarray(factors, dtype=dtype))]


def noise():
    """The factors of a run without noise, and of three for each of NOISE."""
    rng = numpy.random.default_rng(0)
    size = numpy.repeat([0.0] + list(NOISE.values()), [1, 3, 3])
    factors = 1 + size[:, None, None] * rng.choice((-1.0, 1.0), (7, STEPS + 1, 2))
    factors[:, 0] = 1
    return factors


def comparable(paths, losses, dtype):
    some = slice(1, 4) if dtype == "float64" else slice(4, 7)
    want, top, bound = paths[0], 1.0, LIMIT[dtype] * NOISE[dtype]
    for i in range(STEPS + 1):
        if not (math.isfinite(losses[0][i]) and abs(losses[0][i]) < 1e8):
            return max(0, i - 1 - (i - 1) % STRIDE)
        top = max(top, abs(losses[0][i]))
    for i in range(STEPS + 1):
        scale = max(1, *numpy.abs(want[i]))
        off = max(numpy.abs(paths[some, i] - want[i]).max() / scale,
                  numpy.abs(losses[some, i] - losses[0][i]).max() / top)
        if not off <= bound:
            return max(0, i - 1 - (i - 1) % STRIDE)
    return STEPS


def number(v, dtype):
    """v so that json writes its shortest form."""
    return v if dtype == "float64" else float(str(numpy.float32(v)))


def cases(name):
    column, build, sets = RULES[name]
    for landscape, row in LANDSCAPES.items():
        for title, given in sets:
            options = dict(given)
            maximize = options.get("maximize", False)
            start = row[1] if maximize else row[0]
            if start is None:
                continue
            scale = SCALE.get(name, row[column])
            options["lr"] = round(options.get("lr", 1.0) * scale, 12)
            tx = build(options)
            if name == "sophia":
                tx = tx(lambda p: (-1 if maximize else 1) * landscape(p[0], p[1]))
            if name == "adan":
                options.update(no_prox=True, small_diff=True)
            noisy = runs(tx, landscape, maximize, start, "float64", noise())
            for dtype in ("float64", "float32"):
                steps = comparable(*noisy, dtype)
                path, loss = noisy if dtype == "float64" else runs(tx, landscape, maximize, start, dtype, noise()[:1])
                path, loss = path[0, :steps + 1:STRIDE].tolist(), loss[0, :steps + 1:STRIDE].tolist()
                yield {
                    "name": "/".join((name, title, landscape.__name__, dtype)),
                    "optimizer": name,
                    "options": options,
                    "landscape": landscape.__name__,
                    "dtype": dtype,
                    "start": list(start),
                    "steps": steps,
                    "stride": STRIDE,
                    "path": [[number(v, dtype) for v in q] for q in path],
                    "loss": [number(v, dtype) for v in loss],
                }


if __name__ == "__main__":
    for name in sys.argv[1:] or RULES:
        made = list(cases(name))
        with open(name + ".json", "w") as f:
            f.write('{"optax": %s, "jax": %s, "cases": [\n' % (json.dumps(optax.__version__), json.dumps(jax.__version__)))
            f.write(",\n".join(json.dumps(c) for c in made))
            f.write("\n]}\n")
        print(name, len(made), "cases; cut:", [(c["name"], c["steps"]) for c in made if c["steps"] < STEPS], flush=True)
