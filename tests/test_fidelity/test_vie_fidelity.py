"""VIE's recipe against the formulas of its paper and its authors' code, typed out here.

Five steps of instance recognition come first, five of local aggregation follow.
"""

import pytest
import torch

from tests.fidelity import RECIPES
from tests.literal import Twin, assert_equal_records, draws, log_share, pixels, sgd, unit
from vsslbox.registry import MODELS

TEMPERATURE, WARMUP = 0.07, 5
NUM_NOISE, BACKGROUND, CLUSTERS = 6, 7, 3


def reference(records, form):
    """Train as the authors' code does, or with what the paper prints, on all processes."""
    backbone = MODELS.build(RECIPES['VIE', form]().model.backbone)
    twin, velocities, done = Twin(records), {}, []
    for number in range(len(records[0].steps)):
        bank = twin.states[0]['bank.features']
        if number >= WARMUP:  # an epoch has one step
            labels = clusters(bank)
            for state in twin.states:
                state['bank.labels'] = torch.tensor([labels])
        losses, moved = [], bank.clone()
        for rank, record in enumerate(records):
            step = record.steps[number]
            (clips,) = pixels(step.inputs)
            features = twin.network(backbone, rank)(clips).mean((2, 3, 4))
            embeddings = unit(twin.linear(features, 'neck.layers.0'))
            videos = [sample['index'] for sample in step.samples]
            if number >= WARMUP:
                loss = aggregation(embeddings, videos, bank, labels)
            else:
                shape = len(videos), NUM_NOISE
                noise = torch.randint(len(bank), shape, generator=draws(rank, number)).tolist()
                recognition = estimation if form == 'code' else softmax
                loss = recognition(embeddings, videos, bank, noise)
            losses.append(dict(loss_instance=loss))
            for embedding, video in zip(embeddings.detach(), videos):
                moved[video] = unit(0.5 * bank[video] + 0.5 * embedding)
        total = sum(sum(own.values()) for own in losses) / len(losses)
        norms = [n.removesuffix('.bias') for n in twin.weights if is_norm(n, twin.weights)]
        decayed = [w for n, w in twin.weights.items() if n.rpartition('.')[0] not in norms]
        total = total + 1e-4 * sum((weight**2).sum() / 2 for weight in decayed)
        rate = 0.03 * 0.1 ** sum(number >= milestone for milestone in (3, 8))
        sgd(twin.weights, twin.gradients(total), velocities, rate)
        for state in twin.states:
            state['bank.features'] = moved
            state['steps'] += 1
        done.append((rate, losses, twin.snapshot()))
    return done


def is_norm(name, weights):
    """Whether a name is the bias of a layer whose weight is a vector."""
    layer, _, part = name.rpartition('.')
    return part == 'bias' and weights[f'{layer}.weight'].ndim == 1


def estimation(embeddings, videos, bank, noise):
    """Tell the own entry from noise, with a constant denominator of the probability."""
    total, count = 0, len(bank)
    denominator = 2876934.2 / 1281167 * count
    density = len(noise[0]) / count
    for embedding, video, drawn in zip(embeddings, videos, noise):
        own = (embedding @ bank[video] / TEMPERATURE).exp() / denominator
        total = total + (own / (own + density + 1e-7)).log()
        for other in drawn:
            other = (embedding @ bank[other] / TEMPERATURE).exp() / denominator
            total = total + (density / (other + density + 1e-7)).log()
    return -total / len(videos)


def softmax(embeddings, videos, bank, noise):
    """Compute eq. 2 with its denominator summed over the own entry and those drawn."""
    terms = [
        log_share([embedding @ bank[entry] / TEMPERATURE for entry in (video, *drawn)])
        for embedding, video, drawn in zip(embeddings, videos, noise)
    ]
    return -sum(terms) / len(terms)


def aggregation(embeddings, videos, bank, labels):
    """Compare the near entries of the own cluster with all near entries."""
    total = 0
    for embedding, video in zip(embeddings, videos):
        scores = [embedding @ entry for entry in bank]
        by_score = sorted(range(len(bank)), key=lambda entry: -scores[entry].item())
        exponents = {e: (scores[e] / TEMPERATURE).exp() for e in by_score[:BACKGROUND]}
        close = [value for entry, value in exponents.items() if labels[entry] == labels[video]]
        total = total + torch.log(sum(close) / sum(exponents.values()) + 1e-7)
    return -total / len(videos)


def clusters(bank):
    """Run 20 iterations of k-means from rows drawn with the seed 1234."""
    generator = torch.Generator().manual_seed(1234)
    centres = bank[torch.randperm(len(bank), generator=generator)[:CLUSTERS]]
    labels = nearest(bank, centres)
    for _ in range(20):
        members = [[row for row, own in zip(bank, labels) if own == c] for c in range(CLUSTERS)]
        assert all(members)  # what happens to an empty cluster is not tested here
        centres = [torch.stack(rows).mean(0) for rows in members]
        labels = nearest(bank, centres)
    return labels


def nearest(bank, centres):
    distances = [[((row - centre) ** 2).sum().item() for centre in centres] for row in bank]
    return [own.index(min(own)) for own in distances]


@pytest.mark.slow
@pytest.mark.parametrize(('form', 'num_processes'), [('code', 1), ('code', 2), ('paper', 1)])
def test_every_step_is_that_of_the_formulas(trainings, form, num_processes):
    records = trainings('VIE', form, num_processes)
    assert_equal_records(records, reference(records, form))
