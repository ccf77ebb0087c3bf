"""Read-outs of layers: their inputs, their training, and what they leave unchanged."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from mmengine.optim import OptimWrapper
from torch import nn

from tests.distributed import run_on_processes
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.registry import MODELS

NETWORK = dict(type='PreActResNet3d', base_channels=2)
SIZES = dict(conv3=4 * 4 * 4, conv5=16)  # of clips of 32 pixels


@MODELS.register_module()
class StoredMaps(BaseModule):
    """Maps of known values, independent of the clips."""

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def extract(self, x, taps):
        return {tap: self.maps[tap] for tap in taps}


def readout(in_features=SIZES, num_classes=3, backbone=NETWORK, **kwargs):
    model = MODELS.build(
        dict(
            type='LayerReadout',
            backbone=backbone,
            in_features=in_features,
            num_classes=num_classes,
            **kwargs,
        )
    )
    model.init_weights()
    return model


def samples(labels):
    return [ActionDataSample().set_gt_labels(label) for label in labels]


def literal_features(maps, pooled=0):
    """Compute the mean over time, ``pooled`` times 2x2 means, then flatten the positions."""
    rows = []
    for one in maps.double():
        mean = sum(one[:, t] for t in range(one.shape[1])) / one.shape[1]
        for _ in range(pooled):
            smaller = torch.zeros(len(mean), mean.shape[1] // 2, mean.shape[2] // 2).double()
            for y in range(smaller.shape[1]):
                for x in range(smaller.shape[2]):
                    box = mean[:, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
                    smaller[:, y, x] = box.sum(dim=(1, 2)) / 4
            mean = smaller
        rows.append(torch.stack([value for plane in mean for line in plane for value in line]))
    return torch.stack(rows)


def literal_scores(model, tap, features):
    layer = model.readouts[tap]
    return features @ layer.weight.double().T + layer.bias.double()


def test_losses_are_the_cross_entropies_of_all_positions():
    maps = dict(conv3=torch.randn(2, 3, 4, 2, 5), conv5=torch.randn(2, 6, 1, 1, 1))
    model = readout(dict(conv3=30, conv5=6), backbone=dict(type='StoredMaps', maps=maps))
    losses = model([torch.zeros(2, 3, 4, 8, 8)], samples([2, 0]), mode='loss')
    assert set(losses) == {'loss_conv3', 'loss_conv5'}
    for tap in maps:
        scores = literal_scores(model, tap, literal_features(maps[tap]))
        expected = 0
        for row, label in zip(scores, (2, 0)):
            expected -= (row[label].exp() / row.exp().sum()).log() / 2
        assert torch.allclose(losses[f'loss_{tap}'].double(), expected, atol=1e-6)
    total, _ = model.parse_losses(losses)
    assert torch.allclose(total, losses['loss_conv3'] + losses['loss_conv5'])


@pytest.mark.parametrize(('max_features', 'pooled'), [(192, 0), (191, 1), (48, 1), (47, 2)])
def test_maps_are_averaged_while_they_are_too_large(max_features, pooled):
    maps = dict(conv1=torch.randn(2, 3, 2, 8, 8))
    expected = literal_features(maps['conv1'], pooled)
    model = readout(
        dict(conv1=expected.shape[1]),
        backbone=dict(type='StoredMaps', maps=maps),
        max_features=max_features,
    )
    features = model.features(torch.zeros(2, 3, 2, 32, 32))['conv1']
    assert torch.allclose(features.double(), expected, atol=1e-6)


def test_odd_sizes_and_many_channels_end_the_averaging():
    maps = torch.arange(9.0).view(1, 1, 1, 3, 3)
    model = readout(
        dict(conv1=4), backbone=dict(type='StoredMaps', maps=dict(conv1=maps)), max_features=8
    )
    features = model.features(torch.zeros(1, 3, 1, 8, 8))['conv1']
    assert features.tolist() == [[2.0, 3.5, 6.5, 8.0]]  # edges: means of what exists
    wide = dict(type='StoredMaps', maps=dict(conv1=torch.randn(1, 6, 1, 2, 2)))
    model = readout(dict(conv1=6), backbone=wide, max_features=5)
    assert model.features(torch.zeros(1, 3, 1, 8, 8))['conv1'].shape == (1, 6)


def test_probabilities_are_averaged_over_the_clips():
    model = readout().eval()
    views = [torch.randn(2, 3, 4, 32, 32) for _ in range(5)]
    with torch.no_grad():
        predicted = model(views, samples([0, 1]), mode='predict')
        probabilities = model(views)
    for tap in SIZES:
        expected = torch.zeros(2, 3, dtype=torch.float64)
        for view in views:
            maps = model.backbone.extract(view, [tap])[tap]
            scores = literal_scores(model, tap, literal_features(maps))
            expected += scores.exp() / scores.exp().sum(dim=1, keepdim=True) / 5
        assert torch.allclose(probabilities[tap].double(), expected, atol=1e-6)
        for row in range(2):
            assert torch.equal(predicted[row].pred_scores.get(tap), probabilities[tap][row])
    assert [int(sample.gt_labels.item) for sample in predicted] == [0, 1]


def test_training_changes_only_the_linear_layers():
    model = readout()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert not any(parameter.requires_grad for parameter in model.backbone.parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=0.1)
    wrapper = OptimWrapper(optimizer)
    clips = torch.randint(256, (4, 3, 4, 32, 32), dtype=torch.uint8)
    batch = dict(inputs=[clips], data_samples=samples([0, 1, 2, 0]))
    losses = []
    for _ in range(3):
        model.train()
        losses.append(model.train_step(batch, wrapper)['loss'].item())
        assert model.training
        assert not any(module.training for module in model.backbone.modules())
    assert losses[2] < losses[0]
    after = model.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f'readouts.{tap}.{kind}' for tap in SIZES for kind in ('weight', 'bias')}


def trained(clips, labels, wrap):
    """Train two steps on some clips, and return the weights."""
    torch.manual_seed(1)
    model = readout()
    wrapped = wrap(model)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9))
    for _ in range(2):
        wrapped.train_step(dict(inputs=[clips], data_samples=samples(labels)), wrapper)
    return model.state_dict()


def trained_on_a_share(clips, labels):
    rank = torch.distributed.get_rank()
    return trained(clips[rank::2], labels[rank::2], CPUDistributedDataParallel)


@pytest.mark.slow
def test_two_processes_train_as_one():
    clips = torch.randint(256, (4, 3, 4, 32, 32), dtype=torch.uint8)
    labels = [0, 1, 2, 0]
    expected = trained(clips, labels, lambda model: model)
    for weights in run_on_processes(trained_on_a_share, 2, clips, labels):
        for name, value in weights.items():
            assert torch.allclose(value, expected[name], atol=1e-5), name


def test_the_backbone_starts_in_inference_mode():
    backbone = MODELS.build(dict(type='LayerReadout', backbone=NETWORK, in_features=SIZES,
                                 num_classes=3)).backbone  # fmt: skip
    assert not any(module.training for module in backbone.modules())


def test_features_have_no_gradient_and_layers_start_by_their_fan_in():
    model = readout(dict(conv3=64), num_classes=500)
    features = model.features(torch.randn(1, 3, 4, 32, 32, requires_grad=True))['conv3']
    assert not features.requires_grad
    layer = model.readouts['conv3']
    assert isinstance(layer, nn.Linear)
    assert layer.weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.03)
    assert not layer.bias.any()


def test_errors():
    clips = torch.randn(2, 3, 4, 32, 32)
    with pytest.raises(ValueError, match='at least one tap'):
        readout({})
    model = readout(dict(conv5=17))
    message = (
        r'in_features.conv5 of LayerReadout is 17, but clips of shape \[3, 4, 32, 32\] give a map '
        r'of \[16, 1, 1, 1\]: set it to 16'
    )
    with pytest.raises(ValueError, match=message):
        model([clips])
    model = readout()
    with pytest.raises(ValueError, match='trained on 1 view, got 2'):
        model([clips, clips], samples([0, 1]), mode='loss')
    for wrong in ([ActionDataSample(), ActionDataSample()], samples([[0, 1], 1])):
        with pytest.raises(ValueError, match='needs one label for each sample'):
            model([clips], wrong, mode='loss')
    with pytest.raises(ValueError, match="must be 'loss', 'predict' or 'tensor', got 'fit'"):
        model([clips], mode='fit')
    with pytest.raises(ValueError, match=r'taps must be of conv1, .* got conv9'):
        readout(dict(conv9=3))([clips])
