"""PyTorch as a peer of bench. Modes: eager is what a user writes, foreach has Adam's
loop over all parameters at once (fused where there is one), compiled has the model
compiled too: by torch.compile, or torch.jit.trace before PyTorch 2."""

import torch
import torch.nn.functional as F

from protocol import array, labels, reading, serve

two = int(torch.__version__.split(".")[0]) >= 2
f32, f64 = torch.float32, torch.float64


class Leaves:
    """Makes leaves in the order of leaves.go."""

    def __init__(self, dtype):
        self.dtype, self.k, self.params, self.transposed = dtype, 0, [], set()

    def next(self):
        self.k += 1
        return self.k - 1

    def input(self, *shape):
        return torch.tensor(array(self.next(), 2, *shape), dtype=self.dtype)

    def labels(self, n, classes):
        return torch.tensor(labels(self.next(), n, classes))

    def param(self, scale, *shape):
        return self.keep(torch.tensor(array(self.next(), scale, *shape), dtype=self.dtype))

    def weight(self, n, *shape):
        return self.param(2 / n**0.5, *shape)

    def linear(self, n, out):
        """A weight in the layout of torch.nn.Linear: (out, in)."""
        w = array(self.next(), 2 / n**0.5, n, out).T.copy()
        self.transposed.add(len(self.params))
        return self.keep(torch.tensor(w, dtype=self.dtype))

    def keep(self, p):
        self.params.append(p.requires_grad_())
        return p


def adam(params, mode):
    kind = {}
    if mode != "eager":
        kind = {"fused": True} if two and params[0].numel() > 1 else {"foreach": True}
    return torch.optim.Adam(params, lr=1e-6, **kind)


def training(build, dtype=f32, with_adam=True):
    """A case: build(leaves) returns (function, inputs), and the loss is
    function(*inputs, *params)."""

    def case(mode):
        if mode == "foreach" and not with_adam:
            return None
        l = Leaves(dtype)
        f, inputs = build(l)
        if mode == "compiled":
            f = torch.compile(f) if two else torch.jit.trace(f, (*inputs, *l.params))
        args = (*inputs, *l.params)
        optimizer = adam(l.params, mode) if with_adam else None

        def backward():
            for p in l.params:
                p.grad = None
            loss = f(*args)
            loss.backward()
            return loss

        def step():
            optimizer.zero_grad(set_to_none=True)
            f(*args).backward()
            optimizer.step()

        def read():
            loss = backward()
            return reading(loss.detach().numpy(), [p.grad.numpy() for p in l.params], l.transposed)

        return (step if with_adam else backward), read

    return case


def rosenbrock2(l):
    x = l.keep(torch.tensor(-1.2, dtype=f64))
    y = l.keep(torch.tensor(1.0, dtype=f64))
    return (lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2), ()


def rosenbrock(n):
    def build(l):
        l.param(4, n)
        return (lambda p: ((1 - p[:-1]) ** 2 + 100 * (p[1:] - p[:-1] ** 2) ** 2).sum()), ()

    return build


def mlp(batch, layers, classes):
    def build(l):
        x = l.input(batch, layers[0])
        for a, b in zip(layers, layers[1:]):
            l.linear(a, b)
            l.weight(a, b)
        y = l.labels(batch, layers[-1]) if classes else l.input(batch, layers[-1])

        def f(x, y, *p):
            for i in range(0, len(p), 2):
                x = F.linear(x, p[i], p[i + 1])
                if i + 2 < len(p):
                    x = F.relu(x) if classes else torch.tanh(x)
            return F.cross_entropy(x, y) if classes else F.mse_loss(x, y)

        return f, (x, y)

    return build


def conv(l):
    x = l.input(64, 1, 28, 28)
    l.weight(9, 16, 1, 3, 3), l.weight(9, 16)
    l.weight(144, 32, 16, 3, 3), l.weight(144, 32)
    l.linear(1568, 10), l.weight(1568, 10)
    y = l.labels(64, 10)

    def f(x, y, w1, b1, w2, b2, w, b):
        x = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=1)), 2)
        x = F.max_pool2d(F.relu(F.conv2d(x, w2, b2, padding=1)), 2)
        return F.cross_entropy(F.linear(x.flatten(1), w, b), y)

    return f, (x, y)


def lstm(mode):
    """torch.nn.LSTM, whose gates lie as ours do. Its second bias stays 0."""
    if mode == "compiled":
        return None
    batch, inputs, hidden, steps = 32, 32, 128, 20
    l = Leaves(f32)
    xs = l.input(steps, batch, inputs)
    net = torch.nn.LSTM(inputs, hidden)
    with torch.no_grad():
        net.weight_ih_l0.copy_(torch.tensor(array(1, 2 / hidden**0.5, inputs, 4 * hidden).T.copy()))
        net.weight_hh_l0.copy_(torch.tensor(array(2, 2 / hidden**0.5, hidden, 4 * hidden).T.copy()))
        net.bias_ih_l0.copy_(torch.tensor(array(3, 2 / hidden**0.5, 4 * hidden)))
        net.bias_hh_l0.zero_().requires_grad_(False)
    params = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0]
    optimizer = adam(params, mode)

    def backward():
        optimizer.zero_grad(set_to_none=True)
        loss = net(xs)[0][-1].square().mean()
        loss.backward()
        return loss

    def step():
        backward()
        optimizer.step()

    def read():
        loss = backward()
        return reading(loss.detach().numpy(), [p.grad.numpy() for p in params], {0, 1})

    return step, read


def attention(l):
    shape = (8, 128, 64)
    for _ in range(3):
        l.param(4, *shape)
    if two:
        return (lambda q, k, v: F.scaled_dot_product_attention(q, k, v).square().mean()), ()
    return (lambda q, k, v: (torch.softmax(q @ k.transpose(1, 2) / 8, 2) @ v).square().mean()), ()


def adam_alone(mode):
    if mode == "compiled":
        return None
    n = 10 << 20
    p = torch.tensor(array(0, 1, n), dtype=f32).requires_grad_()
    p.grad = torch.tensor(array(1, 2, n), dtype=f32)
    optimizer = adam([p], mode)
    return optimizer.step, lambda: reading((p * p.grad).sum().item(), [p.grad.numpy()])


def product(dtype):
    def case(mode):
        if mode != "eager":
            return None
        a = torch.tensor(array(0, 2, 512, 512), dtype=dtype)
        b = torch.tensor(array(1, 2, 512, 512), dtype=dtype)
        c = torch.empty(512, 512, dtype=dtype)
        return (lambda: torch.mm(a, b, out=c)), lambda: reading(torch.mm(a, b).numpy(), [])

    return case


def softmax(n, classes):
    def build(l):
        l.param(4, n, classes)
        y = l.labels(n, classes)
        return (lambda y, x: F.cross_entropy(x, y)), (y,)

    return build


def layer_norm(n, width):
    def build(l):
        l.param(4, n, width), l.param(1, width), l.param(1, width)
        c = l.input(n, width)
        return (lambda c, x, w, b: (F.layer_norm(x, (width,), w, b) * c).sum()), (c,)

    return build


def gelu(l):
    l.param(4, 128, 1024)
    return (lambda c, x: (F.gelu(x) * c).sum()), (l.input(128, 1024),)


def mse(l):
    l.param(4, 1024, 1024)
    return (lambda c, x: F.mse_loss(x, c)), (l.input(1024, 1024),)


cases = {
    "rosenbrock-2": training(rosenbrock2, f64),
    "rosenbrock-1000": training(rosenbrock(1000), f64),
    "mlp-tiny": training(mlp(32, (2, 16, 16, 1), False)),
    "mlp-small": training(mlp(64, (64, 128, 10), True)),
    "mlp-big": training(mlp(128, (784, 512, 256, 10), True)),
    "conv": training(conv),
    "lstm": lstm,
    "attention": training(attention, with_adam=False),
    "adam-10M": adam_alone,
    "gelu-128x1024": training(gelu, with_adam=False),
    "mse-1024x1024": training(mse, with_adam=False),
    "sgemm-512": product(f32),
    "dgemm-512": product(f64),
}
for n, classes in ((128, 10), (128, 1000), (4096, 1000)):
    cases["softmax-%dx%d" % (n, classes)] = training(softmax(n, classes), with_adam=False)
for n, width in ((128, 256), (4096, 1024)):
    cases["layernorm-%dx%d" % (n, width)] = training(layer_norm(n, width), with_adam=False)

serve(torch.__version__, ["eager", "foreach", "compiled"], cases, "mlp-big")
