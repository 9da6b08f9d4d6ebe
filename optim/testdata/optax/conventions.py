"""What optax and Keras do with their defaults, and with an option or two:
python3 conventions.py writes conventions.json,

    {"optax": version, "jax": version, "keras": version,
     "defaults": {library: {optimizer: {argument: its default if a number or a bool}}},
     "cases": [{"library": "optax" | "keras", "optimizer": the name in the library,
                "arguments": what its constructor got beside the learning rate,
                "lr", "options": as Make takes them, on top of the preset,
                "landscape", "start", "path": [[x, y] after 0, 4, 8, ... steps]}]}

All in float64 with Keras on JAX. The landscapes are those of ../torch/optim.py.
A case has fewer than 200 steps where a second run, moved by a relative 1e-10
before every step, is more than 100 times as far away, in the measure used there. A Keras
case without "lr" has the default learning rate; optax has none.
"""
import inspect
import json
import os

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import keras
import numpy
import optax

keras.backend.set_floatx("float64")
STEPS, STRIDE, LIMIT = 200, 4, 100


# Gradients are computed number by number, so that nothing is fused.
def rosenbrock(x, y):
    a, b = 1 - x, y - x * x
    db = 200 * b
    return -2 * a - 2 * (db * x), db


def himmelblau(x, y):
    a, b = x * x + y - 11, x + y * y - 7
    da, db = 2 * a, 2 * b
    return 2 * (da * x) + db, da + 2 * (db * y)


def ravine(x, y):
    return x, 100 * y


# start, learning rate of gradient descent, and of the rules whose steps do not
# depend on the gradient's size
LANDSCAPES = {"ravine": (ravine, (-9.0, -1.0), 0.004, 0.2), "rosenbrock": (rosenbrock, (-1.2, 1.0), 2e-4, 0.02),
              "himmelblau": (himmelblau, (4.5, 4.0), 8e-4, 0.05)}
BETAS = {"b1": 0.8, "b2": 0.99}

# name, arguments, options of Make, slow: the learning rate is that of gradient descent
OPTAX = [
    ("sgd", {}, {}, True),
    ("sgd", {"momentum": 0.9}, {"momentum": 0.9}, True),
    ("sgd", {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "nesterov": True}, True),
    ("adam", {}, {}, False),
    ("adam", {**BETAS, "eps": 1e-2}, {"betas": [0.8, 0.99], "eps": 1e-2}, False),
    ("adamw", {}, {}, False),
    ("adamw", {**BETAS, "weight_decay": 0.1}, {"betas": [0.8, 0.99], "weight_decay": 0.1}, False),
    ("adamax", {}, {}, False),
    ("adamax", {**BETAS, "eps": 1e-2}, {"betas": [0.8, 0.99], "eps": 1e-2}, False),
    ("adagrad", {}, {}, False),
    ("adagrad", {"initial_accumulator_value": 0.5, "eps": 0.1}, {"initial_accumulator_value": 0.5, "eps": 0.1}, False),
    ("adadelta", {}, {}, None),
    ("adadelta", {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.01}, {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.01}, None),
    ("rmsprop", {}, {}, False),
    ("rmsprop", {"decay": 0.95, "eps": 1e-2}, {"alpha": 0.95, "eps": 1e-2}, False),
    ("rmsprop", {"momentum": 0.6}, {"momentum": 0.6}, False),
    ("rmsprop", {"centered": True, "eps": 1e-1}, {"centered": True, "eps": 1e-1}, False),
    ("rmsprop", {"eps_in_sqrt": False, "decay": 0.99}, {"eps_inside": False, "alpha": 0.99}, False),
]
KERAS = [
    ("SGD", {}, {}, True),
    ("SGD", {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "nesterov": True}, True),
    ("SGD", {"momentum": 0.9}, {"momentum": 0.9}, True),
    ("Adam", {}, {}, False),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-2}, {"betas": [0.8, 0.99], "eps": 1e-2}, False),
    ("Adam", {"amsgrad": True, "epsilon": 1e-3}, {"amsgrad": True, "eps": 1e-3}, False),
    ("AdamW", {}, {}, False),
    ("AdamW", {"weight_decay": 0.1, "epsilon": 1e-3}, {"weight_decay": 0.1, "eps": 1e-3}, False),
    ("Nadam", {}, {}, False),
    ("Nadam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-2}, {"betas": [0.8, 0.99], "eps": 1e-2}, False),
    ("Adagrad", {}, {}, False),
    ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 0.1}, {"initial_accumulator_value": 0.5, "eps": 0.1}, False),
    ("Adadelta", {}, {}, None),
    ("Adadelta", {"rho": 0.8, "epsilon": 1e-3}, {"rho": 0.8, "eps": 1e-3}, None),
    ("RMSprop", {}, {}, False),
    ("RMSprop", {"rho": 0.95, "epsilon": 1e-2}, {"alpha": 0.95, "eps": 1e-2}, False),
    ("RMSprop", {"momentum": 0.6}, {"momentum": 0.6}, False),
    ("RMSprop", {"centered": True, "epsilon": 1e-1}, {"centered": True, "eps": 1e-1}, False),
]


def run_optax(name, arguments, lr, grad, start, nudge):
    tx = getattr(optax, name)(lr, **arguments)
    p = jnp.array(start)
    state = tx.init(p)

    @jax.jit
    def step(g, p, state):
        updates, state = tx.update(g, state, p)
        return optax.apply_updates(p, updates), state
    path = [p]
    for _ in range(STEPS):
        p = p * (1 + nudge)
        p, state = step(jnp.array(grad(*p.tolist())), p, state)
        path.append(p)
    return numpy.array(path)


def run_keras(name, arguments, lr, grad, start, nudge):
    if lr is not None:
        arguments = {"learning_rate": lr, **arguments}
    opt = getattr(keras.optimizers, name)(**arguments)
    p = jnp.array(start)
    variable = keras.Variable(p)
    opt.build([variable])
    step = jax.jit(opt.stateless_apply)
    values = [v.value for v in opt.variables]
    path = [p]
    for _ in range(STEPS):
        p = p * (1 + nudge)
        (p,), values = step(values, [jnp.array(grad(*p.tolist()))], [p])
        path.append(p)
    return numpy.array(path)


def cases():
    for library, run, table in [("optax", run_optax, OPTAX), ("keras", run_keras, KERAS)]:
        for name, arguments, options, slow in table:
            for landscape, (grad, start, small, large) in LANDSCAPES.items():
                lr = 1.0 if slow is None else small if slow else large
                lrs = [lr] if library == "optax" or slow or arguments else [lr, None]
                for lr in lrs:
                    path, other = (run(name, arguments, lr, grad, start, nudge) for nudge in (0.0, 1e-10))
                    scale = numpy.maximum(1, numpy.abs(path).max(axis=1))
                    off = numpy.abs(path - other).max(axis=1) / scale
                    bad = numpy.nonzero(~(off < LIMIT * 1e-10))[0]
                    steps = bad[0] - 1 if len(bad) else STEPS
                    assert steps >= 20, (library, name, arguments, landscape, steps)
                    case = {"library": library, "optimizer": name, "arguments": arguments, "options": options,
                            "landscape": landscape, "start": start, "path": path[:steps + 1:STRIDE].tolist()}
                    yield case if lr is None else {"lr": lr, **case}


def defaults(module, table):
    out = {}
    for name in sorted({row[0] for row in table}):
        parameters = inspect.signature(getattr(module, name)).parameters.values()
        out[name] = {p.name: p.default for p in parameters if isinstance(p.default, (bool, int, float))}
    return out


out = {"optax": optax.__version__, "jax": jax.__version__, "keras": keras.__version__,
       "defaults": {"optax": defaults(optax, OPTAX), "keras": defaults(keras.optimizers, KERAS)},
       "cases": list(cases())}
text = json.dumps(out).replace('{"lr"', '\n{"lr"').replace('{"library"', '\n{"library"')
open("conventions.json", "w").write(text + "\n")
print(len(out["cases"]), len(text))
