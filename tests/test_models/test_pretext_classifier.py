"""Pretext tasks: head and loss compared with literal loops in float64."""

import math

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.dist import get_rank, get_world_size

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.models.backbones import CaffeNet
from vsslbox.models.heads import TupleClsHead
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

R3D = dict(type='R3DResNet', depth=18, base_channels=4, norm_cfg=GROUP_NORM)
SINGLE = dict(type='MLPNeck', in_channels=32, out_channels=4, num_layers=1)
PAIRS = dict(type='TupleClsHead', in_channels=32, num_classes=6, pair_channels=8)


def linear(layer, values):
    return [
        bias + sum(w * x for w, x in zip(row, values, strict=True))
        for row, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def literal_scores(head, views):
    """Score one tuple of features, number by number."""
    if head.pair_layer is None:
        return linear(head.classifier, [x for view in views for x in view])
    hidden = []
    for i in range(len(views)):
        for j in range(i + 1, len(views)):
            hidden += [max(x, 0.0) for x in linear(head.pair_layer, views[i] + views[j])]
    return linear(head.classifier, hidden)


@pytest.mark.parametrize('pair_channels', [None, 5])
@pytest.mark.parametrize('num_views', [2, 3, 4])
def test_scores_equal_the_formula(num_views, pair_channels):
    head = TupleClsHead(6, 3, num_views, pair_channels).double()
    features = torch.randn(4, num_views, 3, dtype=torch.float64)
    scores = head(features)
    for row, views in zip(scores.tolist(), features.tolist(), strict=True):
        assert row == pytest.approx(literal_scores(head, views), abs=1e-12)


def test_head_of_the_authors():
    """VCOP: 1024 to 512 for each of 3 pairs, 1536 to 6 orders. The dropout is before the latter."""
    head = TupleClsHead(6, 512, 3, 512, dropout_ratio=0.5)
    assert head.pair_layer.weight.shape == (512, 1024)
    assert head.classifier.weight.shape == (6, 1536)
    head.dropout.p = 1.0
    bias = head.classifier.bias.expand(2, -1)
    assert torch.equal(head(torch.randn(2, 3, 512)), bias)


def test_another_number_of_views_is_refused():
    with pytest.raises(ValueError, match='is 3, the samples have 4 views'):
        TupleClsHead(2, 8)(torch.randn(2, 4, 8))
    with pytest.raises(ValueError, match='at least 2, got 1'):
        TupleClsHead(2, 8, num_views=1)


def test_caffe_net_has_the_published_parameters():
    """2 334 080 in the convolutions, 60 965 224 with fc6 to fc8; BatchNorm adds 2 a channel."""
    network = CaffeNet(fc_channels=2)
    norms = 2 * (384 + 384 + 256)
    assert sum(p.numel() for p in network.features.parameters()) == 2_334_080 + norms
    of_fc6 = network.fc6[0].in_features * 4096 + 4096
    assert 2_334_080 + of_fc6 + 4097 * 4096 + 4097 * 1000 == 60_965_224


def test_caffe_net_refuses_other_sizes():
    network = CaffeNet(fc_channels=2).eval()
    with torch.inference_mode():
        assert network(torch.randn(1, 3, 224, 224)).shape == (1, 2, 1, 1)
        with pytest.raises(ValueError, match='takes frames of 227x227 pixels'):
            network(torch.randn(1, 3, 112, 112))


def tiny(head, backbone=R3D):
    model = MODELS.build(dict(type='PretextClassifier', backbone=backbone, head=head))
    model.init_weights()
    return model


def samples(labels):
    made = [ActionDataSample() for _ in labels]
    for sample, label in zip(made, labels):
        sample.set_field(torch.as_tensor(label), 'pretext_label')
    return made


def views(count, num_samples=3):
    return [torch.randn(num_samples, 3, 4, 24, 24, dtype=torch.float64) for _ in range(count)]


def literal_loss(scores, labels):
    total = [math.log(sum(map(math.exp, row))) - row[label] for row, label in zip(scores, labels)]
    hits = [max(row) == row[label] for row, label in zip(scores, labels)]
    return sum(total) / len(total), sum(hits) / len(hits)


@pytest.mark.parametrize(
    ('head', 'num_views', 'labels'),
    [
        (SINGLE, 1, [2, 0, 3]),
        (SINGLE, 4, [[0, 1, 2, 3], [0, 1, 2, 3], [1, 0, 3, 2]]),
        (PAIRS, 3, [5, 0, 2]),
    ],
)
def test_loss_is_the_cross_entropy_of_views_or_tuples(head, num_views, labels):
    model = tiny(head).double()
    inputs = views(num_views)
    features = [encode_clips(model.backbone, view).tolist() for view in inputs]
    scores, flat_labels = [], []
    for number, label in enumerate(labels):
        of_sample = [of_view[number] for of_view in features]
        if isinstance(label, list):
            scores += [linear(model.head.layers[0], feature) for feature in of_sample]
            flat_labels += label
        else:
            single = head is SINGLE
            scores.append(
                linear(model.head.layers[0], of_sample[0])
                if single
                else literal_scores(model.head, of_sample)
            )
            flat_labels.append(label)
    losses = model(inputs, samples(labels), mode='loss')
    assert list(losses) == ['loss_pretext', 'accuracy']
    loss, accuracy = literal_loss(scores, flat_labels)
    assert losses['loss_pretext'].item() == pytest.approx(loss, abs=1e-12)
    assert losses['accuracy'].item() == pytest.approx(accuracy)


def test_batch_norm_sees_all_views_together():
    model = tiny(SINGLE, backbone=dict(R3D, norm_cfg=dict(type='BN3d'))).double()
    inputs = views(4)
    model(inputs, samples([[0, 1, 2, 3]] * 3), mode='loss')
    norm = model.backbone.conv1.bn
    stem = model.backbone.conv1.conv(torch.cat(inputs))
    assert norm.num_batches_tracked == 1
    assert torch.allclose(norm.running_mean, 0.1 * stem.mean(dim=(0, 2, 3, 4)))


@pytest.mark.parametrize(
    ('head', 'labels', 'message'),
    [
        (SINGLE, [0, 1, 2], 'have 3 `pretext_label`s, but `model.head` scores 12 rows'),
        (dict(PAIRS, num_views=4), [[0] * 4] * 3, 'have 12 `pretext_label`s.* scores 3 rows'),
        (SINGLE, [[0, 1, 2, 4]] * 3, 'makes at least 5 classes, `model.head` has 4'),
    ],
)
def test_a_head_that_does_not_fit_is_refused(head, labels, message):
    with pytest.raises(ValueError, match=message):
        tiny(head).double()(views(4), samples(labels), mode='loss')


def test_a_pipeline_without_a_task_is_refused():
    with pytest.raises(ValueError, match='no `pretext_label`: add SampleRandomPace'):
        tiny(SINGLE).double()(views(1), [ActionDataSample()] * 3, mode='loss')


def gradients():
    """Return the gradients of this process's share of four samples."""
    torch.manual_seed(0)
    model = wrapped = tiny(PAIRS).double()
    if get_world_size() > 1:
        wrapped = CPUDistributedDataParallel(model, broadcast_buffers=False)
    share = slice(get_rank(), None, get_world_size())
    inputs = [view[share] for view in views(3, num_samples=4)]
    wrapped(inputs, samples([5, 0, 2, 1][share]), mode='loss')['loss_pretext'].backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def test_two_processes_equal_one():
    one = gradients()
    for two in run_on_processes(gradients, 2):
        torch.testing.assert_close(two, one, rtol=1e-10, atol=1e-12)
