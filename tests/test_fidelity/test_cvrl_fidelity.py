"""CVRL's recipe against the formulas of its paper and its authors' code, typed out here."""

import math

import pytest
import torch

from tests.fidelity import RECIPES
from tests.literal import Twin, assert_equal_records, log_share, pixels, sgd, unit
from vsslbox.registry import MODELS

TEMPERATURE = 0.1
HIDDEN, LAST = ('neck.layers.0', 'neck.layers.3', 'neck.layers.6'), 'neck.layers.9'


def reference(records, form):
    """Train as the authors' code does, or with what the paper prints, on all processes.

    BatchNorm sees the videos of all processes, as in the code; the paper does not say.
    """
    backbone = MODELS.build(RECIPES['CVRL', form]().model.backbone)
    twin, velocities, done = Twin(records), {}, []
    for number in range(len(records[0].steps)):
        steps = [record.steps[number] for record in records]
        losses = step_losses(twin, backbone, steps, form)
        total = sum(sum(own.values()) for own in losses) / len(losses)
        if form == 'code':
            kernels = [weight for weight in twin.weights.values() if weight.ndim > 1]
            total = total + 1e-6 * sum((kernel**2).sum() / 2 for kernel in kernels)
        rate = learning_rate(number)
        sgd(twin.weights, twin.gradients(total), velocities, rate)
        done.append((rate, losses, twin.snapshot()))
    return done


def learning_rate(number, highest=0.32, warmup=5, total=800):
    """From 0 to what half a cosine has reached by then; an epoch has one step."""

    def cosine(step):
        return highest * (1 + math.cos(math.pi * step / total)) / 2

    return cosine(warmup) * number / warmup if number < warmup else cosine(number)


def step_losses(twin, backbone, steps, form):
    """Compute the losses of each process: its own videos among those of all."""
    black, white = torch.zeros(3).double(), torch.full((3,), 255).double()
    firsts, seconds = zip(*(pixels(step.inputs, black, white) for step in steps))
    clips = torch.cat([*firsts, *seconds])
    features = twin.network(backbone, rank=0)(clips).mean((2, 3, 4))
    for name in HIDDEN:
        place = name[:-1] + str(int(name[-1]) + 1)
        # Keras keeps 0.997 of the old value.
        features = twin.batch_norm(twin.linear(features, name), place, rank=0, momentum=0.003)
        features = features.clamp(min=0)
    for state in twin.states[1:]:
        state.update({name: value.clone() for name, value in twin.states[0].items()})
    views = unit(twin.linear(features, LAST))
    losses = anchor_losses(views)
    count, size = len(losses) // 2, len(losses) // 2 // len(steps)
    found = []
    for rank in range(len(steps)):
        own = range(rank * size, (rank + 1) * size)
        forth = sum(losses[video] for video in own) / size
        back = sum(losses[count + video] for video in own) / size
        found.append(dict(loss_contrast=forth + back if form == 'code' else (forth + back) / 2))
    return found


def anchor_losses(views):
    """Compare each of 2N views with its other view and 2N - 2 of other videos."""
    losses, count = [], len(views) // 2
    for anchor in range(2 * count):
        positive = (anchor + count) % (2 * count)
        negatives = [other for other in range(2 * count) if other not in (anchor, positive)]
        scores = [views[anchor] @ views[k] / TEMPERATURE for k in (positive, *negatives)]
        losses.append(-log_share(scores))
    return losses


@pytest.mark.slow
@pytest.mark.parametrize(('form', 'num_processes'), [('code', 1), ('code', 2), ('paper', 1)])
def test_every_step_is_that_of_the_formulas(trainings, form, num_processes):
    records = trainings('CVRL', form, num_processes)
    assert_equal_records(records, reference(records, form))
