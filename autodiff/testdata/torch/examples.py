"""Writes examples.json: PyTorch's training runs of gorgonia's example programs.

    /usr/bin/python3 examples.py

needs torch 1.13.1 and numpy. autodiff/stocktest builds the same models with
gorgonia's functions. "programs" holds one entry a program, all in float64:

- "arrays": the initial parameters and the data, by name;
- "losses": the loss before every step of the solver, phase after phase;
- "final": the parameters after the last step, and what the program reads in its
  last run (predictions).

Models, losses and solvers are those of the programs, gorgonia's RMSProp with its
epsilon inside the root included. Labels of classes are 0.9 and 0.1, as in
gorgonia's MNIST loader. Dropout is off: its masks are random numbers.
"""

import pathlib

import torch
import torch.nn.functional as F

import fixture

rng = torch.Generator().manual_seed(20240922)


def rand(*shape, lo=-1.0, hi=1.0):
    x = torch.rand(shape, generator=rng, dtype=torch.float64) * (hi - lo) + lo
    return (x * 1000).round() / 1000


def bits(*shape, p=0.5):
    return (torch.rand(shape, generator=rng, dtype=torch.float64) < p).double()


def labels(rows, classes):
    """Rows of 0.1 with one 0.9."""
    hot = torch.randint(classes, (rows,), generator=rng)
    return F.one_hot(hot, classes).double() * 0.8 + 0.1


class Vanilla:
    """θ ← θ − lr·clip(g/batch)."""

    def __init__(self, lr, batch=1, clip=None):
        self.lr, self.batch, self.clip = lr, batch, clip

    def step(self, params):
        for p in params:
            p.grad.div_(self.batch)
            if self.clip:
                p.grad.clamp_(-self.clip, self.clip)
        torch.optim.SGD(params, self.lr).step()


class RMSProp:
    """c ← ρ·c + (1−ρ)·g²; θ ← θ − lr·clip(g)/√(c+ε) − l2·θ."""

    def __init__(self, lr=0.001, l2=0.0, clip=None, rho=0.999, eps=1e-8):
        self.lr, self.l2, self.clip, self.rho, self.eps = lr, l2, clip, rho, eps
        self.c = None

    @torch.no_grad()
    def step(self, params):
        self.c = self.c or [torch.zeros_like(p) for p in params]
        for p, c in zip(params, self.c):
            c.mul_(self.rho).add_((1 - self.rho) * p.grad**2)
            g = p.grad.clamp(-self.clip, self.clip) if self.clip else p.grad
            p.sub_(self.lr * g / (c + self.eps).sqrt() + self.l2 * p)


class Program:
    """A program's arrays, and what training them gave."""

    def __init__(self, name, **arrays):
        self.name, self.arrays, self.losses, self.final = name, arrays, [], {}
        self.now = {k: v.clone() for k, v in arrays.items()}

    def train(self, names, loss, solver, steps):
        """Takes steps steps on the named parameters; loss(arrays, i) is the loss of step i."""
        params = [self.now[n].requires_grad_() for n in names]
        for i in range(steps):
            for p in params:
                p.grad = None
            value = loss(self.now, i)
            value.backward()
            self.losses.append(value.detach())
            solver.step(params)
        for n in names:
            self.now[n] = self.now[n].detach()
            self.final[n] = self.now[n]

    def entry(self):
        return {
            "name": self.name,
            "arrays": {k: fixture.tensor(v) for k, v in self.arrays.items()},
            "losses": [fixture.number(v.numpy()) for v in self.losses],
            "final": {k: fixture.tensor(v) for k, v in self.final.items()},
        }


def linear():
    x = rand(40, lo=0.1, hi=3)
    p = Program("linear", x=x, y=2 * x + rand(40, lo=0, hi=1), m=rand(), c=rand())
    p.train(["m", "c"], lambda a, _: ((a["x"] * a["m"] + a["c"] - a["y"]) ** 2).mean(), Vanilla(0.05, clip=5), 30)
    return p


def logistic():
    p = Program("logistic", x=rand(50, 6, lo=0), y=bits(50), w=rand(6, lo=0), b=torch.zeros((), dtype=torch.float64))

    def loss(a, _):
        bce = F.binary_cross_entropy_with_logits(a["x"] @ a["w"] + a["b"], a["y"])
        return bce + 0.01 * (a["w"] ** 2).sum()

    p.train(["w", "b"], loss, Vanilla(0.1), 30)
    p.final["pred"] = (torch.sigmoid(p.now["x"] @ p.now["w"] + p.now["b"]) > 0.5).double()
    return p


def iris():
    x = torch.cat([rand(30, 4, lo=0.1, hi=6), torch.ones(30, 1, dtype=torch.float64)], 1)
    y = torch.randint(1, 4, (30,), generator=rng).double()
    p = Program("iris", x=x, y=y, theta=rand(5))

    def loss(a, _):
        pred = a["x"] @ a["theta"]
        p.final["pred"] = pred.detach()
        return ((pred - a["y"]) ** 2).mean()

    p.train(["theta"], loss, Vanilla(0.001), 30)
    p.final["each"] = p.now["x"] @ p.now["theta"]
    return p


def part(x, i, batch):
    """Batch i of the rows of x, over and over."""
    start = i * batch % len(x)
    return x[start : start + batch]


def mlp():
    p = Program("mlp", x=rand(20, 16, lo=0.1), y=labels(20, 4), w0=rand(16, 9, lo=-0.5, hi=0.5), w1=rand(9, 4))

    def loss(a, i):
        out = torch.softmax(F.relu(part(a["x"], i, 5) @ a["w0"]) @ a["w1"], 1)
        p.final["out"] = out.detach()
        return -(out * part(a["y"], i, 5)).mean()

    p.train(["w0", "w1"], loss, RMSProp(), 20)
    return p


def convnet():
    p = Program("convnet", x=rand(8, 1, 12, 12, lo=0.1), y=labels(8, 5),
                w0=rand(4, 1, 3, 3), w1=rand(5, 4, 3, 3, lo=-0.5, hi=0.5), w2=rand(6, 5, 3, 3, lo=-0.5, hi=0.5),
                w3=rand(6, 10), w4=rand(10, 5))

    def loss(a, i):
        h = part(a["x"], i, 4)
        for w in "w0", "w1", "w2":
            h = F.max_pool2d(F.relu(F.conv2d(h, a[w], padding=1)), 2)
        out = torch.softmax(F.relu(h.flatten(1) @ a["w3"]) @ a["w4"], 1)
        return -torch.log(out * part(a["y"], i, 4)).mean()

    p.train(["w0", "w1", "w2", "w3", "w4"], loss, RMSProp(), 12)
    return p


def autoencoder():
    """Two denoising autoencoders with tied weights, then the classifier on top of their encoders."""
    rows, batch, sizes, classes = 8, 4, [10, 7, 6], 3
    arrays = {"x": rand(rows, sizes[0], lo=0.1), "y": torch.randint(classes, (rows,), generator=rng).double()}
    for i, (n, m) in enumerate(zip(sizes, sizes[1:])):
        arrays |= {f"w_{i}": rand(n, m), f"b_{i}": torch.zeros(batch, m).double(),
                   f"hb_{i}": torch.zeros(batch, n).double(), f"mask_{i}": bits(rows, n, p=0.8)}
    p = Program("autoencoder", **arrays, w=rand(sizes[-1], classes), b=torch.zeros(batch, classes).double())

    def encode(a, i, x):
        return torch.sigmoid(x @ a[f"w_{i}"] + a[f"b_{i}"])

    for layer in 0, 1:
        def loss(a, i):
            x = part(a["x"], i, batch)
            for below in range(layer):
                x = encode(a, below, x)
            h = encode(a, layer, x * part(a[f"mask_{layer}"], i, batch))
            return F.binary_cross_entropy(torch.sigmoid(h @ a[f"w_{layer}"].t() + a[f"hb_{layer}"]), x)

        p.train([f"w_{layer}", f"b_{layer}", f"hb_{layer}"], loss, Vanilla(2, batch=batch), 10)

    def cost(a, i):
        h = encode(a, 1, encode(a, 0, part(a["x"], i, batch)))
        return F.cross_entropy(h @ a["w"] + a["b"], part(a["y"], i, batch).long())

    p.train(["w_0", "b_0", "w_1", "b_1", "w", "b"], cost, Vanilla(0.5), 10)
    return p


def charrnn():
    """An LSTM that reads a sentence and predicts each next letter; letters 0 and 1 are its start and its end."""
    letters, embedding, hidden = 7, 4, 6
    gates = "ifoc"
    arrays = {"sentences": torch.tensor([[2, 3, 4, 4, 5], [2, 3, 6, 3, 2], [5, 4, 2, 6, 6]]).double(),
              "embedding": rand(letters, embedding), "whd": rand(letters, hidden), "bias_d": torch.zeros(letters).double()}
    for gate in gates:
        arrays |= {f"w{gate}x": rand(hidden, embedding), f"w{gate}h": rand(hidden, hidden),
                   f"bias_{gate}": torch.zeros(hidden).double()}
    p = Program("charrnn", **arrays)

    def step(a, letter, h, c):
        x = a["embedding"][letter]
        i, f, o, w = (a[f"w{gate}x"] @ x + a[f"w{gate}h"] @ h + a[f"bias_{gate}"] for gate in gates)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(w)
        h = torch.sigmoid(o) * torch.tanh(c)
        return a["whd"] @ h + a["bias_d"], h, c

    def start():
        return torch.zeros(hidden).double(), torch.zeros(hidden).double()

    def loss(a, i):
        text = [0, *a["sentences"][i % 3].long().tolist(), 1]
        (h, c), total = start(), 0
        for source, target in zip(text, text[1:]):
            out, h, c = step(a, source, h, c)
            total = total - torch.log_softmax(out, 0)[target]
        return total

    names = [f"{kind}{gate}{of}" for gate in gates for kind, of in (("w", "x"), ("w", "h"), ("bias_", ""))]
    p.train([*names, "whd", "bias_d", "embedding"], loss, RMSProp(lr=0.01, l2=1e-6, clip=5), 30)
    (h, c), letter, said = start(), 0, []
    for _ in range(6):
        out, h, c = step(p.now, letter, h, c)
        letter = out.argmax().item()
        said.append(letter)
    p.final["said"] = torch.tensor(said).double()
    return p


if __name__ == "__main__":
    programs = [f().entry() for f in (linear, logistic, iris, mlp, convnet, autoencoder, charrnn)]
    fixture.write(pathlib.Path(__file__).with_suffix(".json"), {}, {"programs": programs})
