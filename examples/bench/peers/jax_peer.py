"""JAX as a peer of bench. One mode, jit: a jitted step of the loss, its gradients and
Adam as its paper has it, with the old parameters' memory given to the new ones."""

import os

from protocol import array, labels, reading, serve, stay_on

if "DOWNHILL_BENCH_PROCS" in os.environ:
    stay_on(int(os.environ["DOWNHILL_BENCH_PROCS"]))

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
f32, f64 = np.float32, np.float64
pending = [None]  # JAX returns before it has computed


def wait():
    jax.block_until_ready(pending[0])


class Leaves:
    """Makes leaves in the order of leaves.go."""

    def __init__(self, dtype):
        self.dtype, self.k, self.params = dtype, 0, []

    def next(self):
        self.k += 1
        return self.k - 1

    def input(self, *shape):
        return jnp.asarray(array(self.next(), 2, *shape), self.dtype)

    def labels(self, n, classes):
        return jnp.asarray(labels(self.next(), n, classes), np.int32)

    def param(self, scale, *shape):
        return self.keep(jnp.asarray(array(self.next(), scale, *shape), self.dtype))

    def weight(self, n, *shape):
        return self.param(2 / n**0.5, *shape)

    def keep(self, p):
        self.params.append(p)
        return p


def adam(p, g, m, v, t, lr=1e-6, b1=0.9, b2=0.999, eps=1e-8):
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    c1, c2 = 1 - b1**t, 1 - b2**t
    return p - (lr / c1).astype(p.dtype) * m / (jnp.sqrt(v / c2.astype(p.dtype)) + eps), m, v


def training(build, dtype=f32, with_adam=True):
    """A case: build(leaves) returns (function, inputs), and the loss is
    function(params, *inputs)."""

    def case(_):
        l = Leaves(dtype)
        f, inputs = build(l)
        gradient = jax.value_and_grad(f)

        def read():
            loss, grads = jax.jit(gradient)(l.params, *inputs)
            return reading(loss, grads)

        if not with_adam:
            g = jax.jit(gradient)

            def step():
                pending[0] = g(l.params, *inputs)

            return step, read

        def update(state, *inputs):
            params, ms, vs, t = state
            t = t + 1
            loss, grads = gradient(params, *inputs)
            new = [adam(p, g, m, v, t) for p, g, m, v in zip(params, grads, ms, vs)]
            return ([n[0] for n in new], [n[1] for n in new], [n[2] for n in new], t), loss

        update = jax.jit(update, donate_argnums=0)
        zeros = lambda: [jnp.zeros_like(p) for p in l.params]
        state = [(list(map(jnp.copy, l.params)), zeros(), zeros(), jnp.asarray(0.0, f64))]

        def step():
            state[0], pending[0] = update(state[0], *inputs)

        return step, read

    return case


def cross_entropy(logits, y):
    logp = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(logp, y[:, None], axis=1))


def rosenbrock2(l):
    l.keep(jnp.asarray(-1.2, f64))
    l.keep(jnp.asarray(1.0, f64))
    return (lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2), ()


def rosenbrock(n):
    def build(l):
        l.param(4, n)
        return (lambda p: jnp.sum((1 - p[0][:-1]) ** 2 + 100 * (p[0][1:] - p[0][:-1] ** 2) ** 2)), ()

    return build


def mlp(batch, layers, classes):
    def build(l):
        x = l.input(batch, layers[0])
        for a, b in zip(layers, layers[1:]):
            l.weight(a, a, b)
            l.weight(a, b)
        y = l.labels(batch, layers[-1]) if classes else l.input(batch, layers[-1])

        def f(p, x, y):
            for i in range(0, len(p), 2):
                x = x @ p[i] + p[i + 1]
                if i + 2 < len(p):
                    x = jax.nn.relu(x) if classes else jnp.tanh(x)
            return cross_entropy(x, y) if classes else jnp.mean((x - y) ** 2)

        return f, (x, y)

    return build


def conv(l):
    x = l.input(64, 1, 28, 28)
    l.weight(9, 16, 1, 3, 3), l.weight(9, 16)
    l.weight(144, 32, 16, 3, 3), l.weight(144, 32)
    l.weight(1568, 1568, 10), l.weight(1568, 10)
    y = l.labels(64, 10)

    def layer(x, w, b):
        x = jax.lax.conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None]
        return jax.lax.reduce_window(jax.nn.relu(x), -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def f(p, x, y):
        x = layer(layer(x, p[0], p[1]), p[2], p[3])
        return cross_entropy(x.reshape(64, -1) @ p[4] + p[5], y)

    return f, (x, y)


def lstm(l):
    batch, inputs, hidden, steps = 32, 32, 128, 20
    xs = l.input(steps, batch, inputs)
    l.weight(hidden, inputs, 4 * hidden), l.weight(hidden, hidden, 4 * hidden), l.weight(hidden, 4 * hidden)

    def f(p, xs):
        def cell(carry, x):
            h, c = carry
            i, forget, g, o = jnp.split(x @ p[0] + p[2] + h @ p[1], 4, axis=1)
            c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zero = jnp.zeros((batch, hidden), f32)
        (h, _), _ = jax.lax.scan(cell, (zero, zero), xs)
        return jnp.mean(h**2)

    return f, (xs,)


def attention(l):
    for _ in range(3):
        l.param(4, 8, 128, 64)

    def f(p):
        q, k, v = p
        return jnp.mean((jax.nn.softmax(q @ k.transpose(0, 2, 1) / 8, axis=2) @ v) ** 2)

    return f, ()


def adam_alone(_):
    n = 10 << 20
    p, g = jnp.asarray(array(0, 1, n), f32), jnp.asarray(array(1, 2, n), f32)
    step_of = jax.jit(lambda p, m, v, t, g: (*adam(p, g, m, v, t + 1), t + 1), donate_argnums=(0, 1, 2, 3))
    read = reading(jnp.sum(p * g), [g])
    state = [(p, jnp.zeros_like(p), jnp.zeros_like(p), jnp.asarray(0.0, f64))]

    def step():
        state[0] = step_of(*state[0], g)
        pending[0] = state[0]

    return step, lambda: read


def product(dtype):
    def case(_):
        a, b = jnp.asarray(array(0, 2, 512, 512), dtype), jnp.asarray(array(1, 2, 512, 512), dtype)
        mm = jax.jit(jnp.matmul)

        def step():
            pending[0] = mm(a, b)

        return step, lambda: reading(mm(a, b), [])

    return case


def softmax(n, classes):
    def build(l):
        l.param(4, n, classes)
        y = l.labels(n, classes)
        return (lambda p, y: cross_entropy(p[0], y)), (y,)

    return build


def layer_norm(n, width):
    def build(l):
        l.param(4, n, width), l.param(1, width), l.param(1, width)
        c = l.input(n, width)

        def f(p, c):
            x, w, b = p
            d = x - jnp.mean(x, 1, keepdims=True)
            y = d / jnp.sqrt(jnp.mean(d**2, 1, keepdims=True) + 1e-5)
            return jnp.sum((y * w + b) * c)

        return f, (c,)

    return build


def gelu(l):
    l.param(4, 128, 1024)
    return (lambda p, c: jnp.sum(jax.nn.gelu(p[0], approximate=False) * c)), (l.input(128, 1024),)


def mse(l):
    l.param(4, 1024, 1024)
    return (lambda p, c: jnp.mean((p[0] - c) ** 2)), (l.input(1024, 1024),)


def compiling(batch, layers, classes):
    """Tracing and compiling the loss and its gradients, anew in each step."""

    def case(_):
        def step():
            l = Leaves(f32)
            f, inputs = mlp(batch, layers, classes)(l)
            jax.jit(jax.value_and_grad(f)).lower(l.params, *inputs).compile()

        return step, None

    return case


cases = {
    "rosenbrock-2": training(rosenbrock2, f64),
    "rosenbrock-1000": training(rosenbrock(1000), f64),
    "mlp-tiny": training(mlp(32, (2, 16, 16, 1), False)),
    "mlp-small": training(mlp(64, (64, 128, 10), True)),
    "mlp-big": training(mlp(128, (784, 512, 256, 10), True)),
    "conv": training(conv),
    "lstm": training(lstm),
    "attention": training(attention, with_adam=False),
    "adam-10M": adam_alone,
    "gelu-128x1024": training(gelu, with_adam=False),
    "mse-1024x1024": training(mse, with_adam=False),
    "sgemm-512": product(f32),
    "dgemm-512": product(f64),
    "compile-tiny": compiling(32, (2, 16, 16, 1), False),
    "compile-50": compiling(4, (8,) * 51, False),
}
for n, classes in ((128, 10), (128, 1000), (4096, 1000)):
    cases["softmax-%dx%d" % (n, classes)] = training(softmax(n, classes), with_adam=False)
for n, width in ((128, 256), (4096, 1024)):
    cases["layernorm-%dx%d" % (n, width)] = training(layer_norm(n, width), with_adam=False)

serve(jax.__version__, ["jit"], cases, "mlp-big", wait)
