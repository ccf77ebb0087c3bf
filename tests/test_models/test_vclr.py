"""VCLR: every loss compared with a literal loop, the moving average, the switches."""

import math

import pytest
import torch

from tests.tiny import tiny_vclr, views_and_samples
from vsslbox.engine.finite_losses import NonFiniteLossError, finite_losses
from vsslbox.errors import InputError

BATCH, TEMPERATURE = 4, 0.1


def batch(seed=0, num_segments=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return views_and_samples(generator, BATCH, num_segments, dtype=dtype)


def unit(row):
    norm = math.sqrt(sum(x * x for x in row))
    return [x / norm for x in row]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def softmax_loss(positive, negatives):
    scores = [positive, *negatives]
    return math.log(sum(math.exp(s / TEMPERATURE) for s in scores)) - positive / TEMPERATURE


def reference_losses(model, views, samples):
    """Compute the losses one sample and one number at a time; only the networks are called."""
    anchor, positive, again = views
    num_segments = anchor.shape[2]
    mean = lambda rows: [sum(column) / len(rows) for column in zip(*rows, strict=True)]  # noqa: E731

    def features(backbone, images):
        return backbone(torch.stack(images)).mean(dim=(2, 3)).tolist()

    def project(neck, feature):
        return neck(torch.tensor([feature], dtype=torch.float64))[0].tolist()

    segments = [int(sample.query_segment) for sample in samples]
    others = [[s for s in range(num_segments) if s != segment] for segment in segments]
    queries = features(model.backbone, [anchor[i, :, s] for i, s in enumerate(segments)])
    keys = [features(model.momentum_backbone, [again[i, :, 0] for i in range(BATCH)])]
    for rank in range(num_segments - 1):
        images = [anchor[i, :, others[i][rank]] for i in range(BATCH)]
        keys.append(features(model.momentum_backbone, images))
    frames = [(i, s) for i in range(BATCH) for s in range(num_segments)]
    anchor_features = features(model.backbone, [anchor[i, :, s] for i, s in frames])
    key_features = features(model.momentum_backbone, [positive[i, :, s] for i, s in frames])
    tuples = [
        [rows[num_segments * i : num_segments * (i + 1)] for i in range(BATCH)]
        for rows in (anchor_features, key_features)
    ]

    inter = intra = video = order = 0.0
    for i in range(BATCH):
        query = unit(project(model.necks['inter'], queries[i]))
        queue = model.heads['inter'].queue.features.tolist()
        for key in keys:
            projected = unit(project(model.momentum_necks['inter'], key[i]))
            negatives = [dot(query, row) for row in queue]
            inter += softmax_loss(dot(query, projected), negatives) / (BATCH * len(keys))

        query = unit(project(model.necks['intra'], queries[i]))
        same, *rest = (unit(project(model.momentum_necks['intra'], key[i])) for key in keys)
        for other in rest:
            intra += softmax_loss(dot(query, same), [dot(query, other)]) / (BATCH * len(rest))

        query = unit(project(model.necks['video'], mean(tuples[0][i])))
        key = unit(project(model.momentum_necks['video'], mean(tuples[1][i])))
        negatives = [dot(query, row) for row in model.heads['video'].queue.features.tolist()]
        video += softmax_loss(dot(query, key), negatives) / BATCH

        flat = []
        for which, neck in enumerate((model.necks['order'], model.momentum_necks['order'])):
            shown = [int(segment) for segment in samples[i].orders[which]]
            rows = [project(neck, tuples[which][i][segment]) for segment in shown]
            columns = [unit(column) for column in zip(*rows, strict=True)]  # over the frames
            flat += [x for row in zip(*columns, strict=True) for x in row]
        classifier = model.heads['order'].classifier
        logits = [
            dot(row, flat) + bias
            for row, bias in zip(classifier.weight.tolist(), classifier.bias.tolist(), strict=True)
        ]
        label = int(samples[i].order_label)
        order += (math.log(sum(math.exp(z) for z in logits)) - logits[label]) / BATCH
    return dict(loss_inter=inter, loss_intra=intra, loss_video=video, loss_order=order)


@pytest.mark.parametrize('norm', ['GN', 'BN'])
def test_losses_equal_literal_loops(norm):
    norm_cfg = dict(type='BN', requires_grad=True) if norm == 'BN' else None
    model = tiny_vclr(norm_cfg=norm_cfg).double()
    with torch.no_grad():  # an average that differs from the online network
        for parameter in model.momentum_backbone.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    views, samples = batch()
    expected = reference_losses(model, views, samples)
    losses = model(views, samples, mode='loss')
    assert set(losses) == set(expected)
    for name, value in losses.items():
        assert value.item() == pytest.approx(expected[name], abs=1e-9), name
    in_float32 = model.float()([view.float() for view in views], samples, mode='loss')
    for name, value in in_float32.items():
        assert value.item() == pytest.approx(expected[name], rel=1e-4), name


def test_keys_enter_the_queues_in_blocks():
    model = tiny_vclr().double()
    views, samples = batch()
    model(views, samples, mode='loss')
    inter, video = (model.heads[name].queue for name in ('inter', 'video'))
    staged = [keys.clone() for keys in inter._staged]
    assert [len(keys) for keys in staged] == [BATCH] * 3  # query again, then the other two frames
    model.update_after_step()
    assert torch.allclose(inter.features[: 3 * BATCH], torch.cat(staged))
    assert (inter.pointer, video.pointer) == (3 * BATCH, BATCH)


def test_moving_average():
    model = tiny_vclr(norm_cfg=dict(type='BN', requires_grad=True))
    views, samples = batch(dtype=torch.float32)
    pairs = [(model.backbone, model.momentum_backbone), (model.necks, model.momentum_necks)]
    for online, average in pairs:
        for name, value in online.state_dict().items():
            assert torch.equal(value, average.state_dict()[name]), name
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = [[p.clone() for p in average.parameters()] for _, average in pairs]
    sum(model(views, samples, mode='loss').values()).backward()
    optimizer.step()
    for (_, average), old in zip(pairs, before, strict=True):  # unchanged during the step
        assert all(torch.equal(p, o) for p, o in zip(average.parameters(), old, strict=True))
    statistics = model.momentum_backbone.conv1.bn.running_mean.clone()
    model.update_after_step()
    for (online, average), old in zip(pairs, before, strict=True):
        triples = zip(online.parameters(), average.parameters(), old, strict=True)
        for new, moved, start in triples:
            assert torch.allclose(moved, 0.9 * start + 0.1 * new, atol=1e-7)
    assert torch.equal(model.momentum_backbone.conv1.bn.running_mean, statistics)
    assert not torch.equal(statistics, model.backbone.conv1.bn.running_mean)


def test_no_gradient_reaches_the_keys():
    model = tiny_vclr()
    views, samples = batch(dtype=torch.float32)
    sum(model(views, samples, mode='loss').values()).backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == name.startswith('momentum_'), name


@pytest.mark.parametrize(
    ('dropped', 'left'),
    [
        (('inter', 'video', 'order'), {'loss_intra'}),
        (('intra', 'video', 'order'), {'loss_inter'}),
        (('inter', 'intra', 'order'), {'loss_video'}),
        (('inter', 'intra', 'video'), {'loss_order'}),
        (('video',), {'loss_inter', 'loss_intra', 'loss_order'}),
    ],
)
def test_objectives_can_be_left_out(dropped, left):
    model = tiny_vclr(**dict.fromkeys(dropped))
    views, samples = batch(dtype=torch.float32)
    losses = model(views, samples, mode='loss')
    assert set(losses) == left
    sum(losses.values()).backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == name.startswith('momentum_'), name


@pytest.mark.parametrize('num_segments', [1, 2, 4])
def test_other_numbers_of_segments(num_segments):
    dropped = {1: dict(intra=None, order=None), 2: dict(order=None)}.get(num_segments, {})
    model = tiny_vclr(num_segments=num_segments, **dropped).double()
    views, samples = batch(num_segments=num_segments)
    losses = model(views, samples, mode='loss')
    positives = num_segments
    assert len(model.heads['inter'].queue._staged) == positives
    assert all(value.isfinite() for value in losses.values())


def test_3d_backbone():
    backbone = dict(
        type='mmaction.ResNet3dSlowOnly',
        depth=18,
        pretrained=None,
        base_channels=4,
        conv1_kernel=(1, 7, 7),
        norm_cfg=dict(type='GN', num_groups=2, requires_grad=True),
        zero_init_residual=False,
    )
    model = tiny_vclr(backbone=backbone)
    generator = torch.Generator().manual_seed(0)
    views = [torch.randn(2, 3, frames, 32, 32, generator=generator) for frames in (12, 12, 4)]
    _, samples = views_and_samples(generator, 2)
    losses = model(views, samples, mode='loss')
    assert set(losses) == {'loss_inter', 'loss_intra', 'loss_video', 'loss_order'}
    assert model(views[:1]).shape == (2, 32)


def test_features_are_the_mean_over_frames_and_views():
    model = tiny_vclr().eval()
    (anchor, positive, _), _ = batch(dtype=torch.float32)
    expected = [
        torch.stack([model.backbone(view[:, :, t]).mean(dim=(2, 3)) for t in range(3)]).mean(dim=0)
        for view in (anchor, positive)
    ]
    assert torch.allclose(model([anchor, positive]), (expected[0] + expected[1]) / 2, atol=1e-6)


def test_non_finite_loss_names_the_samples():
    model = tiny_vclr()
    views, samples = batch(dtype=torch.float32)
    views[0][1] = float('nan')
    losses = model(views, samples, mode='loss')
    named = pytest.raises(NonFiniteLossError, match=r'loss_inter nan.*\[0, 1, 2, 3\]')
    with finite_losses(model, dict(data_samples=samples)), named:
        model.parse_losses(losses)


def test_wrong_use_is_explained():
    views, samples = batch(dtype=torch.float32)
    with pytest.raises(ValueError, match=r'3 views .* got 2'):
        tiny_vclr()(views[:2], samples, mode='loss')
    for num_segments in (1, 2):  # a view of 3 frames could be one segment of 3 frames
        model = tiny_vclr(num_segments=num_segments, intra=None, order=None)
        with pytest.raises(ValueError, match=r'`pipeline.sample.num_segments`'):
            model(views, samples, mode='loss')
    with pytest.raises(ValueError, match='no `orders`: add `ShuffleOrder`'):
        for sample in samples:
            del sample.orders
        tiny_vclr()(views, samples, mode='loss')
    with pytest.raises(ValueError, match='at least one of inter, intra, video and order'):
        tiny_vclr(inter=None, intra=None, video=None, order=None)
    with pytest.raises(ValueError, match='intra loss needs at least 2 segments'):
        tiny_vclr(num_segments=1)


def test_another_number_of_segments_in_the_order_head_is_refused():
    order = dict(type='TemporalOrderHead', in_channels=8, num_segments=4)
    with pytest.raises(InputError, match=r'`order.num_segments` is 4'):
        tiny_vclr(order=order)
