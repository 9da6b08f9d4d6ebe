"""Makes soap.json, in the format of matrix.json, which matrix.py describes, with
SOAP of pytorch_optimizer (version under "pytorch_optimizer"):

    pip install pytorch-optimizer
    python3 soap.py

The package computes orthogonal factors in float32. Here they are computed in
float64: its source with the dtype replaced, as in matrix.py. shampoo_beta is
given where the package has None, and correct_bias is there as
no_bias_correction. No "state" is stored. In float32 the bound is 3e-5: the package
takes eigenvectors in float32.

Matrices are square, or tensors of more axes, so that after the first step no matrix
is singular: in its null space the basis is any, and different programs find
different ones.
"""
import importlib.metadata
import inspect
import textwrap

import torch
from pytorch_optimizer import SOAP
from pytorch_optimizer.optimizer import soap

import matrix

source = textwrap.dedent(inspect.getsource(SOAP.get_orthogonal_matrix_qr))
assert source.count("to(torch.float32)") == 1
names = dict(vars(soap))
exec(source.replace("to(torch.float32)", "to(torch.float64)"), names)
SOAP.get_orthogonal_matrix_qr = names["get_orthogonal_matrix_qr"]

PROBLEMS = {
    "full": matrix.problem(5, [[4, 4], [2, 3, 4], [3, 3]]),
    "mixed": matrix.problem(6, [[3, 3], [5], [], [2, 2]]),
    "rectangle": matrix.problem(7, [[3, 5], [3, 3]]),
}

# At the second step the gradient is that of the first, which the basis makes
# diagonal: what is beside the diagonal is round-off, divided by round-off and eps. So
# the default eps of 1e-8 makes 1e8 times the round-off, and is not among these.
CASES = [
    ("full", {"eps": 0.01}),
    ("full", {"lr": 0.02, "weight_decay": 0.0, "eps": 0.1}),
    ("full", {"lr": 0.03, "precondition_frequency": 1, "betas": (0.9, 0.99), "eps": 0.1}),
    ("full", {"lr": 0.02, "precondition_frequency": 3, "shampoo_beta": 0.8, "weight_decay": 0.1, "eps": 0.1}),
    ("full", {"lr": 0.01, "no_bias_correction": True, "betas": (0.8, 0.9), "eps": 0.1}),
    ("mixed", {"lr": 0.02, "maximize": True, "eps": 0.1}),
    ("mixed", {"lr": 0.05, "betas": (0.9, 0.999), "eps": 0.01}),
    ("rectangle", {"lr": 0.02, "max_precondition_dim": 4, "precondition_frequency": 5, "eps": 0.1}),
]


def cases():
    for key, options in CASES:
        options = dict({"shampoo_beta": options.get("betas", (0.95, 0.95))[1]}, **options)
        theirs = dict(options)
        theirs["correct_bias"] = not theirs.pop("no_bias_correction", False)
        make = lambda params: SOAP(params, **theirs)
        for dtype in ("float64", "float32"):
            more = {"bound": 3e-5} if dtype == "float32" else {}
            c = matrix.case(matrix.named("SOAP", options), "soap", make, PROBLEMS, key, options, dtype, **more)
            del c["state"]
            yield c


if __name__ == "__main__":
    version = importlib.metadata.version("pytorch-optimizer")
    matrix.write("soap.json", {"torch": matrix.VERSION, "pytorch_optimizer": version, "problems": PROBLEMS}, cases())
