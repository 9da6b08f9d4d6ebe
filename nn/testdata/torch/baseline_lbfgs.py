"""Writes baseline_lbfgs.json: rows like those of baseline.json for torch.optim.LBFGS.

    python3 baseline_lbfgs.py

The model, its first weights and its input are those of baseline.json; a step is
opt.step(closure). Needs torch 2.15.0 and numpy.
"""
import json
import pathlib

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

here = pathlib.Path(__file__)
baseline = json.loads(here.with_name("baseline.json").read_text())


def row(name, **options):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1), torch.nn.Sigmoid()).double()
    vector_to_parameters(torch.tensor(baseline["init"], dtype=torch.float64), model.parameters())
    x = torch.tensor(baseline["input"], dtype=torch.float64)
    opt = torch.optim.LBFGS(model.parameters(), **options)

    def closure():
        opt.zero_grad()
        loss = model(x).sum()
        loss.backward()
        return loss

    snapshots, evals = {}, {}
    for step in range(1, 1002):
        opt.step(closure)
        if step in (1, 2, 3, 5, 10, 100, 1001):
            snapshots[str(step)] = parameters_to_vector(model.parameters()).tolist()
            evals[str(step)] = next(iter(opt.state.values()))["func_evals"]
    return {"name": name, "optimizer": "LBFGS", "options": options, "snapshots": snapshots, "evals": evals}


rows = [row("LBFGS(1.0)", lr=1.0), row("LBFGS(1.0,strong_wolfe)", lr=1.0, line_search_fn="strong_wolfe"), row("LBFGS(0.1,one)", lr=0.1, max_iter=1)]
text = '{"torch": %s, "rows": [\n%s\n]}\n' % (json.dumps(torch.__version__.split("+")[0]), ",\n".join(map(json.dumps, rows)))
here.with_name("baseline_lbfgs.json").write_text(text)
