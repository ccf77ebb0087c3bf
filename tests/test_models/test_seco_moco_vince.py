"""SeCo, MoCo and VINCE: every loss compared with a literal loop, and two processes with one."""

import math

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.dist import get_rank, get_world_size

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM
from vsslbox.errors import InputError
from vsslbox.models.heads import MultiPairContrastHead
from vsslbox.registry import MODELS

BATCH, FRAMES, SIZE = 4, 3, 24
QUEUE = dict(type='FeatureQueue', size=48, channels=8)
CONTRAST = dict(
    type='QueueContrastHead', queue=QUEUE, loss=dict(type='InfoNCELoss', temperature=0.1)
)
PARTS = dict(
    backbone=dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=GROUP_NORM),
    neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
    momentum=0.9,
)
SECO = dict(
    type='vsslbox.SeCo',
    inter=CONTRAST,
    intra=dict(type='IntraVideoLoss', temperature=0.1),
    order=dict(type='TupleClsHead', num_classes=2, in_channels=8),
    **PARTS,
)
MOCO = dict(type='vsslbox.MoCo', head=CONTRAST, **PARTS)
VINCE = dict(type='vsslbox.VINCE', head=dict(type='MultiPairContrastHead', queue=QUEUE), **PARTS)


def build(cfg, **changes):
    torch.manual_seed(0)
    model = MODELS.build({**cfg, **changes})
    model.init_weights()
    with torch.no_grad():  # an average that differs from the online network
        for parameter in model.momentum_backbone.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model.double()


def batch(num_views, frames=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    views = [
        torch.randn(BATCH, 3, frames, SIZE, SIZE, generator=generator, dtype=torch.float64)
        for _ in range(num_views)
    ]
    samples = [ActionDataSample() for _ in range(BATCH)]
    for number, sample in enumerate(samples):
        sample.set_field(torch.tensor((number + seed) % 2), 'query_half')
    return views, samples


def unit(row):
    norm = math.sqrt(sum(x * x for x in row))
    return [x / norm for x in row]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def softmax_loss(positive, negatives, temperature):
    scores = [score / temperature for score in (positive, *negatives)]
    return math.log(sum(math.exp(score) for score in scores)) - scores[0]


def embedding(model, which, name, image):
    """Encode one image ``[C, H, W]`` and project it, as a list of unit length."""
    prefix = 'momentum_' if which == 'key' else ''
    feature = getattr(model, f'{prefix}backbone')(image[None]).mean(dim=(2, 3))
    return unit(getattr(model, f'{prefix}necks')[name](feature)[0].tolist())


def test_losses_of_seco_equal_literal_loops():
    model = build(SECO)
    (query, *others), samples = batch(4)
    queue = model.heads['inter'].queue.features.tolist()
    classifier = model.heads['order'].classifier
    inter = intra = order = 0.0
    for i in range(BATCH):
        q = embedding(model, 'query', 'inter', query[i, :, 0])
        for view in others:
            key = embedding(model, 'key', 'inter', view[i, :, 0])
            inter += softmax_loss(dot(q, key), [dot(q, n) for n in queue], 0.1) / (3 * BATCH)
        q = embedding(model, 'query', 'intra', query[i, :, 0])
        same, *rest = (embedding(model, 'key', 'intra', view[i, :, 0]) for view in others)
        for other in rest:
            intra += softmax_loss(dot(q, same), [dot(q, other)], 0.1) / (2 * BATCH)
        flat = embedding(model, 'query', 'order', query[i, :, 0])
        for view in others[1:]:
            flat = flat + embedding(model, 'key', 'order', view[i, :, 0])
        weights, biases = classifier.weight.tolist(), classifier.bias.tolist()
        scores = [dot(row, flat) + bias for row, bias in zip(weights, biases, strict=True)]
        half = int(samples[i].query_half)
        order += softmax_loss(scores[half], [scores[1 - half]], 1) / BATCH
    losses = model([query, *others], samples, mode='loss')
    expected = dict(loss_inter=inter, loss_intra=intra, loss_order=order)
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(expected)


def test_keys_of_seco_carry_no_gradient_into_the_order():
    model = build(SECO, inter=None, intra=None)
    views, samples = batch(4)
    views = [view.requires_grad_() for view in views]
    model(views, samples, mode='loss')['loss_order'].backward()
    assert [view.grad is not None for view in views] == [True, False, False, False]


def test_loss_of_moco_equals_a_literal_loop():
    model = build(MOCO)
    (query, key), samples = batch(2)
    queue = model.heads['contrast'].queue.features.tolist()
    expected = 0.0
    for i in range(BATCH):
        q = embedding(model, 'query', 'contrast', query[i, :, 0])
        k = embedding(model, 'key', 'contrast', key[i, :, 0])
        expected += softmax_loss(dot(q, k), [dot(q, n) for n in queue], 0.1) / BATCH
    losses = model([query, key], samples, mode='loss')
    assert losses['loss_contrast'].item() == pytest.approx(expected)
    model.update_after_step()
    assert model.heads['contrast'].queue.pointer == BATCH


@pytest.mark.parametrize('within_batch', [True, False])
def test_loss_of_vince_equals_a_literal_loop(within_batch):
    head = dict(type='MultiPairContrastHead', queue=QUEUE, within_batch=within_batch)
    model = build(VINCE, head=head)
    views, samples = batch(2, FRAMES)
    queries, keys = (
        [
            [embedding(model, which, 'contrast', view[i, :, s]) for s in range(FRAMES)]
            for i in range(BATCH)
        ]
        for which, view in zip(('query', 'key'), views, strict=True)
    )
    queue = model.heads['contrast'].queue.features.tolist()
    expected = 0.0
    for i in range(BATCH):
        negatives = [*queue]
        if within_batch:
            negatives += [key for j in range(BATCH) if j != i for key in keys[j]]
        for q in queries[i]:
            for k in keys[i]:
                scores = [dot(q, n) for n in negatives]
                expected += softmax_loss(dot(q, k), scores, 0.2) / (BATCH * FRAMES**2)
    assert model(views, samples, mode='loss')['loss_contrast'].item() == pytest.approx(expected)
    model.update_after_step()
    entered = model.heads['contrast'].queue.features[: BATCH * FRAMES]
    torch.testing.assert_close(entered, torch.tensor(keys).flatten(0, 1), check_dtype=False)


def train(cfg, num_views, frames):
    """Take two steps on this process's share of the batches."""
    model = build(cfg)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    share = BATCH // get_world_size()
    own = slice(get_rank() * share, (get_rank() + 1) * share)
    losses = []
    for step in range(2):
        views, samples = batch(num_views, frames, seed=step)
        loss = sum(model([view[own] for view in views], samples[own], mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        for parameter in model.parameters():  # as DistributedDataParallel averages
            if get_world_size() > 1 and parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= get_world_size()
        optimizer.step()
        model.update_after_step()
        losses.append(loss.detach())
    return dict(losses=torch.stack(losses), state=model.state_dict())


CASES = dict(seco=(SECO, 4, 1), moco=(MOCO, 2, 1), vince=(VINCE, 2, FRAMES))


def train_all():
    return {name: train(*case) for name, case in CASES.items()}


@pytest.mark.slow
def test_two_processes_train_as_one():
    one, two = train_all(), run_on_processes(train_all, 2)
    for name, expected in one.items():
        losses = torch.stack([result[name]['losses'] for result in two]).mean(dim=0)
        torch.testing.assert_close(losses, expected['losses'], rtol=1e-9, atol=1e-9)
        assert not torch.equal(two[0][name]['losses'], two[1][name]['losses'])
        for result in two:
            for place, value in expected['state'].items():
                torch.testing.assert_close(
                    result[name]['state'][place], value, rtol=1e-9, atol=1e-9, msg=place
                )


def test_a_clip_is_encoded_by_a_3d_backbone():
    model = MODELS.build(
        dict(
            MOCO, backbone=dict(type='S3D', width=1 / 16), neck=dict(PARTS['neck'], in_channels=64)
        )
    )
    clips = [torch.randn(2, 3, 8, 32, 32) for _ in range(2)]
    loss = model(clips, [], mode='loss')['loss_contrast']
    loss.backward()
    assert model.backbone.Conv_1a.conv1.weight.grad.abs().sum() > 0
    assert model.momentum_backbone.Conv_1a.conv1.weight.grad is None


def test_wrong_use_is_explained():
    views, samples = batch(2)
    with pytest.raises(InputError, match=r'SeCo takes 4 views .* got 2.*`SampleHalves`'):
        build(SECO)(views, samples, mode='loss')
    with pytest.raises(InputError, match=r'MoCo takes 2 views .* got 1'):
        build(MOCO)(views[:1], samples, mode='loss')
    with pytest.raises(InputError, match=r'VINCE takes 2 views .* got 1'):
        build(VINCE)(views[:1], samples, mode='loss')
    with pytest.raises(InputError, match='no `query_half`: add `SampleHalves`'):
        build(SECO)(batch(4)[0], [ActionDataSample()] * BATCH, mode='loss')
    with pytest.raises(InputError, match='SeCo needs at least one of inter, intra and order'):
        build(SECO, inter=None, intra=None, order=None)
    with pytest.raises(InputError, match='temperature must be positive'):
        MultiPairContrastHead(QUEUE, temperature=0)
