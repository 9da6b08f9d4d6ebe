"""What optax has around the step: python3 around.py writes around.json,

    {"optax": version, "jax": version,
     "agc":   [{"name", "dtype", "clipping", "eps", "shape", "params": [...], "grads": [...], "clipped": [...]}],
     "paths": [{"name", "kind": "lookahead" | "sam", "k", "alpha", "rho",
                "optimizer", "options" as Make takes them, "landscape", "start",
                "path": [[x, y] after 0, 1, ... steps]}]}

agc has optax.adaptive_grad_clip of flat arrays of a shape, units last. paths are
in float64: of lookahead the fast weights after each step, of sam
(optax.contrib, opaque) one point per step. sam has 40 steps, since near a
minimum the direction g/|g| makes round-off large, the others 60. The landscapes
are those of ../torch/optim.py. optax.MultiSteps is not here: it averages with
weights in float32.
"""
import json
import random

import jax
import jax.numpy as jnp
import optax
import optax.contrib

jax.config.update("jax_enable_x64", True)


def rosenbrock(p):
    x, y = p
    a, b = 1 - x, y - x * x
    return a * a + 100 * (b * b)


def himmelblau(p):
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def ravine(p):
    x, y = p
    return 0.5 * (x * x + 100 * (y * y))


LANDSCAPES = {"ravine": (ravine, (-9.0, -1.0), 1.0), "rosenbrock": (rosenbrock, (-1.2, 1.0), 0.05),
              "himmelblau": (himmelblau, (4.5, 4.0), 0.2)}


def optimizers(scale):
    lr = round(0.004 * scale, 12)
    yield "sgd", {"lr": lr}, optax.sgd(lr)
    yield "sgd", {"lr": lr, "momentum": 0.5}, optax.sgd(lr, momentum=0.5)
    lr = round(0.1 * scale, 12)
    yield "adam", {"lr": lr, "betas": [0.9, 0.99]}, optax.adam(lr, b1=0.9, b2=0.99, eps=1e-8)


def agc():
    rng = random.Random(1)
    for shape in [(), (1,), (7,), (1, 5), (5, 1), (3, 4), (4, 3), (2, 3, 4), (3, 2, 2, 4), (2, 2, 2, 2, 3), (3, 1, 1, 4)]:
        for clipping, eps in [(0.01, 1e-3), (0.5, 1e-3), (0.3, 0.8), (0.0, 1e-3)]:
            for dtype in ("float64", "float32"):
                n = 1
                for d in shape:
                    n *= d
                w = jnp.array([rng.gauss(0, 1) for _ in range(n)], dtype=dtype).reshape(shape)
                g = jnp.array([rng.gauss(0, 0.7) for _ in range(n)], dtype=dtype).reshape(shape)
                tx = optax.adaptive_grad_clip(clipping, eps)
                out, _ = tx.update(g, tx.init(w), w)
                flat = lambda a: [float(v) for v in a.reshape(-1)]
                yield {"name": "%s/%s/%s,%s" % (dtype, list(shape), clipping, eps), "dtype": dtype, "clipping": clipping,
                       "eps": eps, "shape": list(shape), "params": flat(w), "grads": flat(g), "clipped": flat(out)}


def point(p):
    return [float(v) for v in p]


def paths():
    for name, (f, start, scale) in LANDSCAPES.items():
        grad = jax.jit(jax.grad(f))
        start = jnp.array(start)
        for opt_name, options, opt in optimizers(scale):
            base = {"optimizer": opt_name, "options": options, "landscape": name, "start": point(start)}
            for k, alpha in ((5, 0.5), (3, 0.8), (1, 0.5)):
                tx = optax.lookahead(opt, k, alpha)
                p = optax.LookaheadParams.init_synced(start)
                s, path = tx.init(p), [point(start)]
                update = jax.jit(tx.update)
                for _ in range(60):
                    u, s = update(grad(p.fast), s, p)
                    p = optax.apply_updates(p, u)
                    path.append(point(p.fast))
                yield dict(base, name="lookahead/%s/%s/%s,%s" % (name, options, k, alpha), kind="lookahead", k=k, alpha=alpha, path=path)
            for rho in (0.05, 0.3):
                tx = optax.contrib.sam(opt, optax.chain(optax.contrib.normalize(), optax.sgd(rho)), opaque_mode=True)
                p, path = start, [point(start)]
                s = tx.init(p)
                for _ in range(40):
                    u, s = tx.update(grad(p), s, p, grad_fn=lambda q, _: grad(q))
                    p = optax.apply_updates(p, u)
                    path.append(point(p))
                yield dict(base, name="sam/%s/%s/%s" % (name, options, rho), kind="sam", rho=rho, path=path)


if __name__ == "__main__":
    with open("around.json", "w") as f:
        f.write('{"optax": "%s", "jax": "%s"' % (optax.__version__, jax.__version__))
        for key, items in (("agc", agc()), ("paths", paths())):
            f.write(',\n"%s": [\n' % key + ",\n".join(json.dumps(c) for c in items) + "\n]")
        f.write("}\n")
