"""VCLR's recipe against the formulas of its paper and its authors' code, typed out here."""

import math

import pytest
import torch

from tests.fidelity import RECIPES
from tests.literal import Twin, assert_equal_records, draws, log_share, pixels, sgd, unit
from vsslbox.registry import MODELS

TEMPERATURE = 0.1


def reference(records, form):
    """Train as the authors' code does, or with what the paper prints, on all processes."""
    backbone = MODELS.build(RECIPES['VCLR', form]().model.backbone)
    twin, velocities, done = Twin(records), {}, []
    for number in range(len(records[0].steps)):
        steps = [record.steps[number] for record in records]
        losses = step_losses(twin, backbone, steps, draws(0, number), form)
        gradients = twin.gradients(sum(sum(own.values()) for own in losses) / len(losses))
        for name, weight in twin.weights.items():
            gradients[name] = gradients[name] + 1e-4 * weight.detach()  # all parameters
        rate = learning_rate(number)
        sgd(twin.weights, gradients, velocities, rate)
        for state in twin.states:
            for name, weight in twin.weights.items():
                if f'momentum_{name}' in state:
                    average = state[f'momentum_{name}']
                    average.copy_(0.999 * average + 0.001 * weight.detach())
        done.append((rate, losses, twin.snapshot()))
    return done


def learning_rate(number, highest=0.1, warmup=5, total=400):
    """From a hundredth to the highest rate, then half a cosine; an epoch has one step."""
    if number <= warmup:
        return highest * (warmup + 99 * number) / (100 * warmup)
    angle = math.pi * (number - warmup) / (total - warmup)
    return 1e-6 + (highest - 1e-6) * (1 + math.cos(angle)) / 2


def step_losses(twin, backbone, steps, permutations, form):
    """Compute the losses of each process, and write the keys into the queues."""
    anchors, positives, again, segments, labels = zip(*(read(step) for step in steps))
    others = [[[s for s in range(3) if s != own] for own in segment] for segment in segments]

    def frames(tuples, chosen):
        return torch.stack([clip[segment] for clip, segment in zip(tuples, chosen)])

    def encode(network, x):  # [..., 3, H, W] -> [..., F]
        return network(x.flatten(0, -4)).mean((2, 3)).unflatten(0, x.shape[:-3])

    def encode_keys(batches):
        """Encode on other processes, without gradient."""
        everything, size = torch.cat(batches), len(batches[0])
        order = torch.arange(len(everything))
        if len(batches) > 1:
            order = torch.randperm(len(everything), generator=permutations)
        features = [None] * len(everything)
        for rank in range(len(batches)):
            mine = order[rank * size : (rank + 1) * size]
            network = twin.network(backbone, rank, 'momentum_backbone.')
            with torch.no_grad():
                for row, feature in zip(mine, encode(network, everything[mine])):
                    features[row] = feature
        return torch.stack(features).split(size)

    ranks = range(len(steps))
    other_frames = [
        [frames(anchors[r], [pair[i] for pair in others[r]]) for r in ranks] for i in range(2)
    ]
    keys = [encode_keys(x) for x in (list(again), *other_frames)]
    shown_anchors, shown_positives = (
        [in_order(tuples[r], steps[r], which) for r in ranks]
        for which, tuples in enumerate((anchors, positives))
    )
    key_tuples = encode_keys(shown_positives)

    losses, entering = [], []
    for r in ranks:
        network = twin.network(backbone, r)
        query = encode(network, frames(anchors[r], segments[r]))
        query_tuples = encode(network, shown_anchors[r])
        state, online = twin.states[r], twin.weights
        average = {n: state[f'momentum_{n}'] for n in online if f'momentum_{n}' in state}

        inter = unit(project(online, 'inter', query))
        inter_keys = [unit(project(average, 'inter', key[r])) for key in keys]
        queue = state['heads.inter.queue.features']
        loss_inter = contrast(inter, inter_keys, queue)

        intra = unit(project(online, 'intra', query))
        intra_keys = [unit(project(average, 'intra', key[r])) for key in keys]
        loss_intra = intra_loss(intra, intra_keys, form)

        video = unit(project(online, 'video', query_tuples.mean(1)))
        video_key = unit(project(average, 'video', key_tuples[r].mean(1)))
        loss_video = contrast(video, [video_key], state['heads.video.queue.features'])

        axis = 1 if form == 'code' else 2  # over the frames in the code
        order = unit(project(online, 'order', query_tuples), axis)
        order_key = unit(project(average, 'order', key_tuples[r]), axis)
        both = torch.cat([order.flatten(1), order_key.flatten(1)], 1)
        loss_order = -sum(
            log_share(list(scores), label)
            for scores, label in zip(twin.linear(both, 'heads.order.classifier'), labels[r])
        ) / len(both)

        losses.append(
            dict(
                loss_inter=loss_inter,
                loss_intra=loss_intra,
                loss_video=loss_video,
                loss_order=loss_order,
            )
        )
        entering.append((inter_keys, [video_key]))

    for which, head in enumerate(('inter', 'video')):
        blocks = zip(*(staged[which] for staged in entering))  # of all processes, key by key
        rows = [row for block in blocks for part in block for row in part]
        for state in twin.states:
            write(state, f'heads.{head}.queue', rows)
    return losses


def read(step):
    """Return tuples ``[N, S, 3, H, W]``, the query again, its segments, and the order's classes."""
    anchor, positive, again = pixels(step.inputs)
    segments = [int(sample['query_segment']) for sample in step.samples]
    labels = []
    for query_order, key_order in orders(step):
        moved = [order.tolist() != [0, 1, 2] for order in (query_order, key_order)]
        labels.append({(0, 0): 0, (1, 0): 1, (0, 1): 2, (1, 1): 3}[tuple(map(int, moved))])
    return anchor.transpose(1, 2), positive.transpose(1, 2), again[:, :, 0], segments, labels


def orders(step):
    return [sample['orders'] for sample in step.samples]


def in_order(tuples, step, which):
    """Show the frames of tuples in the order that was drawn for the query's or the key's."""
    return torch.stack([clips[order[which]] for clips, order in zip(tuples, orders(step))])


def project(weights, head, x):
    first, second = (
        [weights[f'necks.{head}.layers.{layer}.{part}'] for part in ('weight', 'bias')]
        for layer in (0, 2)
    )
    hidden = (x @ first[0].T + first[1]).clamp(min=0)
    return hidden @ second[0].T + second[1]


def contrast(queries, positives, queue):
    """Compare each positive with the queue in a softmax of its own."""
    terms = []
    for keys in positives:
        for query, key in zip(queries, keys):
            scores = [query @ key / TEMPERATURE, *(query @ row / TEMPERATURE for row in queue)]
            terms.append(-log_share(scores))
    return sum(terms) / len(terms)


def intra_loss(queries, keys, form):
    """Compare the query's own frame with the others: two softmaxes in the code, one in eq. 3."""
    terms = []
    for query, same, *different in zip(queries, *keys):
        same, *different = (query @ key / TEMPERATURE for key in (same, *different))
        if form == 'code':
            terms += [-log_share([same, other]) for other in different]
        else:
            terms.append(-log_share([same, *different]))
    return sum(terms) / len(terms)


def write(state, name, rows):
    """Overwrite the oldest rows of a queue."""
    features, pointer = state[f'{name}.features'].clone(), int(state[f'{name}.pointer'])
    for row in rows:
        features[pointer] = row
        pointer = (pointer + 1) % len(features)
    state[f'{name}.features'] = features
    state[f'{name}.pointer'] = torch.tensor(pointer)


@pytest.mark.slow
@pytest.mark.parametrize(('form', 'num_processes'), [('code', 1), ('code', 2), ('paper', 1)])
def test_every_step_is_that_of_the_formulas(trainings, form, num_processes):
    records = trainings('VCLR', form, num_processes)
    assert_equal_records(records, reference(records, form))
