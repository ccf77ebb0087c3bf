"""VDIM's recipe against the formulas of its paper and of AMDIM's code, typed out here."""

from functools import partial

import pytest
import torch

from tests.fidelity import RECIPES
from tests.literal import Twin, assert_equal_records, pixels
from vsslbox.registry import MODELS

LOCAL, OTHER_LOCAL, GLOBAL = 3, 4, 6  # 5, 6 and 8 in the paper's encoder
PAIRS = [
    (LOCAL, GLOBAL),
    (OTHER_LOCAL, GLOBAL),
    (GLOBAL, GLOBAL),
    (GLOBAL, LOCAL),
    (GLOBAL, OTHER_LOCAL),
]


def reference(records, form):
    """Train with AMDIM's details or with what the paper prints, on all processes."""
    encoder = MODELS.build(RECIPES['VDIM', form]().model.backbone)
    encoder.forward = partial(encoder.extract, taps=(LOCAL, OTHER_LOCAL, GLOBAL))
    twin, moments, done = Twin(records), {}, []
    for number in range(len(records[0].steps)):
        views = [
            embeddings(twin, encoder, record.steps[number], rank)
            for rank, record in enumerate(records)
        ]
        losses = [dict(loss_contrast=contrast(views, rank, form)) for rank in range(len(views))]
        total = sum(sum(own.values()) for own in losses) / len(losses)
        rate = 2e-4 * min((number + 1) / 3, 1)
        adam(twin.weights, twin.gradients(total), moments, rate, number + 1)
        done.append((rate, losses, twin.snapshot()))
    return done


def adam(weights, gradients, moments, rate, step, betas=(0.8, 0.999), eps=1e-8, decay=1e-5):
    """Move weights by Adam, with the decay of the weights in the gradient."""
    for name, weight in weights.items():
        gradient = gradients[name] + decay * weight.detach()
        first, second = moments.get(name, (0, 0))
        first = betas[0] * first + (1 - betas[0]) * gradient
        second = betas[1] * second + (1 - betas[1]) * gradient**2
        moments[name] = first, second
        mean, square = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
        weight.data -= rate * mean / (square.sqrt() + eps)


def embeddings(twin, encoder, step, rank):
    """Project the maps of both views of a process: by view and layer ``[N, positions, D]``."""
    clips = torch.cat(pixels(step.inputs))
    found = {}
    for layer, maps in twin.network(encoder, rank)(clips).items():
        x = maps.movedim(1, -1)  # [2N, t, h, w, F]
        shape, rows = x.shape, x.flatten(0, 3)
        name = f'necks.{layer}'
        hidden = (rows @ kernel(twin, f'{name}.hidden')).clamp(min=0)
        shortcut = rows @ kernel(twin, f'{name}.shortcut') + twin.weights[f'{name}.shortcut.bias']
        projected = shortcut + hidden @ kernel(twin, f'{name}.out')
        normalised = twin.batch_norm(projected, f'{name}.norm', rank, momentum=0.1)
        found[layer] = normalised.view(shape[0], -1, normalised.shape[1]).chunk(2)
    return [{layer: views[which] for layer, views in found.items()} for which in range(2)]


def kernel(twin, name):
    """Return the matrix of a convolution with a kernel of one position."""
    return twin.weights[f'{name}.weight'].flatten(1).T


def contrast(views, rank, form):
    """Sum over pairs of layers and average over directions, with keys of all processes."""
    total = 0
    for query_layer, key_layer in PAIRS:
        for query_view, key_view in ((0, 1), (1, 0)):
            queries = views[rank][query_view][query_layer]
            keys = torch.cat([own[key_view][key_layer] for own in views])
            total = total + pair_loss(queries, keys, rank * len(queries), form) / 2
    return total


def pair_loss(queries, keys, first, form):
    """Compare the positions of queries ``[N, L, D]`` with those of keys ``[M, L', D]``."""
    terms, squares = [], []
    for row, query in enumerate(queries):
        own = first + row
        scores = [query @ key.T for key in keys]  # of each video, [L, L']
        if form == 'code':
            scores = [score / queries.shape[2] ** 0.5 for score in scores]
            squares += [score**2 for score in scores]
            scores = [20 * torch.tanh(score / 20) for score in scores]
        exponents = [score.exp() for score in scores]
        others = sum(e.sum(1, keepdim=True) for video, e in enumerate(exponents) if video != own)
        positive = exponents[own]
        if form == 'code':
            terms.append(-(positive / (positive + others)).log())
        else:
            terms.append(-(positive / (positive.sum(1, keepdim=True) + others)).log())
    penalty = 5e-2 * torch.stack(squares).mean() if form == 'code' else 0
    return torch.stack(terms).mean() + penalty


@pytest.mark.slow
@pytest.mark.parametrize(('form', 'num_processes'), [('code', 1), ('code', 2), ('paper', 1)])
def test_every_step_is_that_of_the_formulas(trainings, form, num_processes):
    records = trainings('VDIM', form, num_processes)
    assert_equal_records(records, reference(records, form))
