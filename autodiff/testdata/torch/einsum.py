"""Writes einsum.json: values and gradients of torch.einsum.

    python3 einsum.py

needs torch 1.13.1 and numpy. The form of a case is described in fixture.py, and
its name is the equation.
"""

import pathlib

import torch

import fixture

rng = torch.Generator().manual_seed(20240614)

CASES = [
    ("i->i", (3,)), ("i->", (3,)), ("i", (3,)), ("->", ()), ("", ()), ("ij", (2, 3)), ("ba", (2, 3)), ("bA", (2, 3)),
    ("ij->ji", (2, 3)), ("ij->j", (2, 3)), ("ij->i", (2, 3)), ("ij->", (2, 3)), (" i j -> j i ", (2, 3)),
    ("ii->i", (3, 3)), ("ii", (3, 3)), ("ii->", (3, 3)), ("iij->ij", (2, 2, 3)), ("iji->j", (2, 3, 2)), ("iji->ij", (2, 3, 2)),
    ("iiijj->ji", (2, 2, 2, 3, 3)), ("ijij->ij", (2, 3, 2, 3)), ("ijji->", (2, 3, 3, 2)), ("ii->i", (1, 1)),
    ("abc->cab", (2, 3, 4)), ("...ij->...ji", (2, 3, 4)), ("...ij->...ji", (3, 4)), ("...", (2, 3)), ("i...->...", (2, 3, 2)),
    ("i...j->...", (2, 3, 2)), ("...i->i", (2, 3)), ("...ii->...i", (2, 3, 3)), ("...ii", (2, 3, 3)), ("i...", (2, 3)), ("...->...", ()),
    ("i,i->", (3,), (3,)), ("i,i", (3,), (3,)), ("i,i->i", (3,), (3,)), ("i,j->ij", (2,), (3,)), ("i,j->ji", (2,), (3,)), ("i,j", (2,), (3,)),
    ("i,j->", (2,), (3,)), ("i,j->j", (2,), (3,)), (",->", (), ()), (",i->i", (), (3,)), ("i,->i", (3,), ()),
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)), ("ij,kj->ik", (2, 3), (4, 3)),
    ("ji,jk->ik", (3, 2), (3, 4)), ("ij,j->i", (2, 3), (3,)), ("ij,i->j", (2, 3), (2,)), ("ij,ij->", (2, 3), (2, 3)),
    ("ij,ji->", (2, 3), (3, 2)), ("ij,ij->i", (2, 3), (2, 3)), ("ij,ij->ji", (2, 3), (2, 3)), ("ij,jk->", (2, 3), (3, 4)), ("ij,jk->k", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 3, 2), (2, 2, 4)), ("bij,bjk->ikb", (2, 3, 2), (2, 2, 4)), ("bij,bjk->ik", (2, 3, 2), (2, 2, 4)), ("bij,jk->bik", (2, 3, 2), (2, 4)),
    ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 2, 2, 4)), ("bhqk,bkhd->bqhd", (2, 2, 3, 2), (2, 2, 2, 4)),
    ("abc,cd->abd", (2, 3, 2), (2, 3)), ("abc,abd->cd", (2, 3, 2), (2, 3, 4)), ("abc,bad->dc", (2, 3, 2), (3, 2, 2)), ("ii,i->i", (3, 3), (3,)), ("ii,jj->ij", (2, 2), (3, 3)),
    ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 2)), ("...ij,...jk->...ik", (2, 1, 3, 2), (3, 2, 2)), ("...ij,...jk->...ik", (3, 2), (4, 2, 2)),
    ("...ij,jk", (2, 3, 4), (4, 2)), ("...i,...i->...", (2, 3), (3,)), ("i...,i...->...", (2, 3), (2, 1)), ("...,...", (2, 3), (3,)), ("i,j->ij...", (2,), (3,)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,jk->ik", (2, 1), (3, 4)), ("i,i->", (1,), (4,)), ("i,i->i", (4,), (1,)), ("ij,ij", (2, 1), (1, 3)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)), ("i,ij,j->", (2,), (2, 3), (3,)), ("i,i,i->i", (3,), (3,), (3,)), ("i,i,i->", (3,), (3,), (3,)),
    ("ia,ja,ka->ijk", (2, 2), (3, 2), (2, 2)), ("bn,anm,bm->ba", (2, 3), (4, 3, 2), (2, 2)), ("i,j,k->kji", (2,), (3,), (2,)), ("ij,k,ji->k", (2, 3), (2,), (3, 2)),
]


def rand(shape):
    x = torch.rand(shape, generator=rng, dtype=torch.float64) * 2 - 1
    return (x * 1000).round() / 1000


cases = []
for equation, *shapes in CASES:
    inputs = [rand(s) for s in shapes]
    state = rng.get_state()
    for dtype in fixture.DTYPES:
        rng.set_state(state)
        cases.append(fixture.case("Einsum", lambda *xs: torch.einsum(equation, *xs), inputs, dtype, rand, equation, None, (), dtype == "float64"))
fixture.write(pathlib.Path(__file__).with_name("einsum.json"), {}, {"cases": cases})
