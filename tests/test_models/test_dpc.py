"""DPC: its recurrent unit, its loss and its predictions against literal loops; two processes."""

import math

import pytest
import torch
from mmengine.dist import get_rank, get_world_size

from tests.distributed import run_on_processes
from tests.tiny import GROUP_NORM, views_and_samples
from vsslbox.checkpoints.loading import load_weights
from vsslbox.errors import InputError
from vsslbox.models.heads import DensePredictionHead
from vsslbox.models.losses import dense_prediction_nce
from vsslbox.models.necks import ConvGRU
from vsslbox.registry import MODELS

BACKBONE = dict(type='vsslbox.ResNet2d3d', base_channels=2, norm_cfg=GROUP_NORM)
PREDICTION = dict(type='DensePredictionHead', channels=8, num_predicted=2, dropout_ratio=0.0)
DPC = dict(type='vsslbox.DPC', backbone=BACKBONE, prediction=PREDICTION, num_blocks=4)


def double(module):
    """Give a module random weights of float64, biases included."""
    generator = torch.Generator().manual_seed(0)
    module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(noise * 0.5)
    return module


def noise(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def affine(conv, vector):
    """Apply a 1x1 convolution to the values of one place."""
    weights = conv.weight[:, :, 0, 0].tolist()
    return [
        sum(w * x for w, x in zip(row, vector, strict=True)) + bias
        for row, bias in zip(weights, conv.bias.tolist(), strict=True)
    ]


def gru_step(unit, x, hidden):
    """The recurrent unit at one place."""
    reset = [sigmoid(v) for v in affine(unit.reset_gate, x + hidden)]
    update = [sigmoid(v) for v in affine(unit.update_gate, x + hidden)]
    gated = [r * h for r, h in zip(reset, hidden, strict=True)]
    new = [math.tanh(v) for v in affine(unit.out_gate, x + gated)]
    return [(1 - u) * h + u * n for u, h, n in zip(update, hidden, new, strict=True)]


def relu(vector):
    return [max(v, 0.0) for v in vector]


def test_recurrent_unit_equals_a_literal_loop():
    unit = double(ConvGRU(3, 4, dropout_ratio=0))
    maps = noise(2, 5, 3, 2, 2)
    states = unit(maps)
    assert states.shape == (2, 4, 2, 2)
    for n in range(2):
        for y in range(2):
            for x in range(2):
                hidden = [0.0] * 4
                for block in range(5):
                    hidden = gru_step(unit, maps[n, block, :, y, x].tolist(), hidden)
                assert states[n, :, y, x].tolist() == pytest.approx(hidden)


def test_recurrent_unit_starts_orthogonal():
    unit = ConvGRU(6)
    for gate in (unit.reset_gate, unit.update_gate, unit.out_gate):
        rows = gate.weight[:, :, 0, 0]
        torch.testing.assert_close(rows @ rows.T, torch.eye(6), atol=1e-5, rtol=0)
        assert (gate.bias == 0).all()


def literal_loss(predicted, features):
    """The mean cross-entropy, one prediction after the other: of shape ``[N, P, D, h, w]``."""
    places = [
        (n, p, y, x)
        for n in range(predicted.shape[0])
        for p in range(predicted.shape[1])
        for y in range(predicted.shape[3])
        for x in range(predicted.shape[4])
    ]
    total = 0.0
    for place in places:
        n, p, y, x = place
        row = predicted[n, p, :, y, x].tolist()
        scores = {
            (m, q, v, u): sum(
                a * b for a, b in zip(row, features[m, q, :, v, u].tolist(), strict=True)
            )
            for m, q, v, u in places
        }
        total += math.log(sum(math.exp(s) for s in scores.values())) - scores[place]
    return total / len(places)


def test_loss_equals_a_literal_loop():
    predicted, features = noise(2, 2, 3, 2, 2), noise(2, 2, 3, 2, 2, seed=2)
    expected = literal_loss(predicted, features)
    assert dense_prediction_nce(predicted, features).item() == pytest.approx(expected)
    in_float32 = dense_prediction_nce(predicted.float(), features.float())
    assert in_float32.item() == pytest.approx(expected, rel=1e-5)


def test_predictions_equal_a_literal_loop():
    head = double(DensePredictionHead(channels=3, num_predicted=2, dropout_ratio=0))
    maps = noise(2, 4, 3, 1, 2)
    predicted = torch.zeros(2, 2, 3, 1, 2, dtype=torch.float64)
    for n in range(2):
        for x in range(2):
            hidden = [0.0] * 3
            for block in range(2):
                seen = relu(maps[n, block, :, 0, x].tolist())
                hidden = gru_step(head.aggregator, seen, hidden)
            for step in range(2):
                inner = relu(affine(head.predictor[0], hidden))
                value = affine(head.predictor[2], inner)
                predicted[n, step, :, 0, x] = torch.tensor(value)
                hidden = gru_step(head.aggregator, relu(value), hidden)
    assert head(maps).item() == pytest.approx(literal_loss(predicted, maps[:, 2:]))


def test_each_block_is_encoded_by_itself():
    model = MODELS.build(DPC)
    model.init_weights()
    model.double()
    clips = noise(2, 3, 8, 32, 32)
    blocks = [
        model.backbone(clips[:, :, 2 * block : 2 * block + 2]).mean(dim=2) for block in range(4)
    ]
    expected = model.prediction(torch.stack(blocks, dim=1))
    losses = model([clips], [], mode='loss')
    torch.testing.assert_close(losses, dict(loss_prediction=expected))


def share_of(x):
    count = len(x) // get_world_size()
    return x[get_rank() * count : (get_rank() + 1) * count]


def loss_and_gradients():
    """Compute this process's loss, and the gradient that all processes' mean loss gives."""
    maps = [noise(4, 2, 3, 1, 2, seed=seed).requires_grad_() for seed in (1, 2)]
    loss = dense_prediction_nce(*(share_of(x) for x in maps))
    loss.backward()
    gradients = torch.stack([x.grad for x in maps])
    if get_world_size() > 1:
        torch.distributed.all_reduce(gradients)
        gradients /= get_world_size()
    return dict(loss=loss.detach(), gradients=gradients)


def test_features_of_all_processes_are_negatives():
    one, two = loss_and_gradients(), run_on_processes(loss_and_gradients, 2)
    mean = torch.stack([result['loss'] for result in two]).mean()
    torch.testing.assert_close(mean, one['loss'], rtol=1e-12, atol=0)
    assert two[0]['loss'] != two[1]['loss']
    for result in two:
        torch.testing.assert_close(result['gradients'], one['gradients'], rtol=1e-10, atol=1e-12)


def with_vclr(**changes):
    queue = dict(type='FeatureQueue', size=48, channels=8)
    model = MODELS.build(
        dict(
            type='vsslbox.VCLRWithDPC',
            backbone=BACKBONE,
            neck=dict(type='MLPNeck', in_channels=8, hidden_channels=16, out_channels=8),
            video=dict(type='QueueContrastHead', queue=queue, loss=dict(type='InfoNCELoss')),
            order=dict(type='TemporalOrderHead', in_channels=8),
            prediction=PREDICTION,
            num_blocks=4,
            **changes,
        )
    )
    model.init_weights()
    return model.double()


def test_losses_of_vclr_are_added():
    model = with_vclr()
    clip = noise(2, 3, 8, 32, 32)
    tuples, samples = views_and_samples(
        torch.Generator().manual_seed(0), 2, size=32, dtype=torch.float64
    )
    losses = model([clip, *tuples], samples, mode='loss')
    assert list(losses) == ['loss_prediction', 'loss_video', 'loss_order']
    alone = MODELS.build(DPC).double()
    alone.load_state_dict(
        {n: v for n, v in model.state_dict().items() if n.startswith(('backbone', 'prediction'))}
    )
    expected = alone([clip], [], mode='loss')['loss_prediction']
    torch.testing.assert_close(losses['loss_prediction'], expected)
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize('make', [lambda: MODELS.build(DPC), with_vclr])
def test_a_checkpoint_fills_the_recurrent_backbone(make):
    source = make()
    model = MODELS.build(
        dict(type='vsslbox.RecurrentBackbone', backbone=BACKBONE, channels=8, num_blocks=4)
    )
    checkpoint = dict(state_dict=source.state_dict())
    with pytest.raises(InputError, match=r'norm\.'):
        load_weights(model, checkpoint)
    load_weights(model, checkpoint, allow_missing='norm.')
    model.double().eval()
    source.double().eval()
    clips = noise(2, 3, 8, 32, 32)
    maps = source.backbone(clips.unflatten(2, (4, 2)).transpose(1, 2).flatten(0, 1)).mean(2)
    state = source.prediction.aggregator(maps.unflatten(0, (2, 4)).relu())
    expected = state.mean(dim=(2, 3)) / math.sqrt(1 + 1e-5)  # the statistics of a new BatchNorm
    assert model(clips).shape == (2, 8, 1, 1, 1)
    torch.testing.assert_close(model(clips).flatten(1), expected)


def test_wrong_use_is_explained():
    model = MODELS.build(DPC)
    clip = torch.randn(2, 3, 8, 32, 32)
    with pytest.raises(InputError, match='DPC takes 1 view, got 2'):
        model([clip, clip], [], mode='loss')
    with pytest.raises(InputError, match='`num_blocks` is 4, which does not divide the 7 frames'):
        model([clip[:, :, :7]], [], mode='loss')
    with pytest.raises(InputError, match='`num_predicted` is 2, but a sample has 2 blocks'):
        DensePredictionHead(channels=8, num_predicted=2)(torch.randn(1, 2, 8, 1, 1))
    with pytest.raises(InputError, match='num_predicted must be at least 1'):
        DensePredictionHead(num_predicted=0)
