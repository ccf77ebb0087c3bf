"""BMN compared with mmaction2's: mask, losses, proposals, checkpoints."""

import io
import time

import numpy as np
import pytest
import torch
from mmaction.models.localizers import BMN as StockBMN
from mmaction.structures import ActionDataSample
from mmengine.structures import InstanceData

from vsslbox.checkpoints.loading import CheckpointError, load_state_dict
from vsslbox.models.localizers import BMN

SETTINGS = dict(
    boundary_ratio=0.5,
    num_samples=32,
    num_samples_per_bin=3,
    soft_nms_alpha=0.4,
    soft_nms_low_threshold=0.5,
    soft_nms_high_threshold=0.9,
    post_process_top_k=100,
    loss_cls=dict(type='mmaction.BMNLoss'),
    hidden_dim_1d=16,
    hidden_dim_2d=8,
    hidden_dim_3d=8,
)
STEPS, DIMENSIONS = 20, 8


def pair(**kwargs):
    """Build mmaction2's model and vsslbox's with its weights."""
    settings = {**SETTINGS, 'temporal_dim': STEPS, 'feat_dim': DIMENSIONS, **kwargs}
    stock, ours = StockBMN(**settings), BMN(**settings)
    for parameter in stock.parameters():  # so that probabilities aren't all near one half
        if parameter.requires_grad and parameter.ndim > 1:
            torch.nn.init.xavier_uniform_(parameter, gain=2)
    load_state_dict(ours, dict(state_dict=stock.state_dict()), 'the stock model')
    return stock.eval(), ours.eval()


def batch(number, seed=0):
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for index in range(number):
        frames = 700 + 333 * index
        info = dict(video_name=f'v_{index}', duration_frame=frames, duration_second=frames / 25)
        sample = ActionDataSample(metainfo=info)
        start = torch.rand(index % 2 + 1, generator=generator) * 0.5
        bbox = torch.stack([start, start + 0.1 + 0.3 * torch.rand(len(start))], dim=1).numpy()
        sample.gt_instances = InstanceData(gt_bbox=torch.from_numpy(bbox.astype(np.float64)))
        samples.append(sample)
    inputs = torch.randn(number, DIMENSIONS, STEPS, generator=generator)
    return list(2 * inputs), samples


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(temporal_dim=1),
        dict(temporal_dim=7, boundary_ratio=0.3),
        dict(temporal_dim=12, num_samples=5, num_samples_per_bin=2, boundary_ratio=1.25),
        dict(temporal_dim=20),
    ],
)
def test_mask_is_the_stock_one(kwargs):
    settings = {**SETTINGS, 'feat_dim': DIMENSIONS, **kwargs}
    ours, stock = BMN(**settings).sample_mask, StockBMN(**settings).sample_mask
    assert ours.dtype == stock.dtype
    torch.testing.assert_close(ours, stock.detach(), rtol=0, atol=1e-6)


@pytest.mark.slow
def test_mask_of_100_steps_is_quick_and_equal():
    settings = {**SETTINGS, 'temporal_dim': 100, 'feat_dim': DIMENSIONS}
    start = time.process_time()
    model = BMN(**settings)
    assert time.process_time() - start < 0.5
    stock = StockBMN(**settings)
    torch.testing.assert_close(model.sample_mask, stock.sample_mask.detach(), rtol=0, atol=1e-6)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    assert 'sample_mask' not in model.state_dict()
    assert file.getbuffer().nbytes < 1e6  # the mask has 122 MiB
    assert stock.state_dict().keys() - model.state_dict().keys() == {'sample_mask'}


def test_stock_checkpoints_load_by_every_way():
    """By vsslbox's strict loader and torch's, and in mmaction2's model from vsslbox's."""
    stock, ours = pair()
    other = BMN(**{**SETTINGS, 'temporal_dim': STEPS, 'feat_dim': DIMENSIONS})
    assert not any(other.load_state_dict(stock.state_dict()))
    back = StockBMN(**{**SETTINGS, 'temporal_dim': STEPS, 'feat_dim': DIMENSIONS})
    missing, unexpected = back.load_state_dict(ours.state_dict(), strict=False)
    assert (missing, unexpected) == (['sample_mask'], [])
    for model in (ours, other, back):
        for name, value in stock.state_dict().items():
            torch.testing.assert_close(
                dict(model.named_buffers(), **model.state_dict())[name], value
            )
    with pytest.raises(CheckpointError, match='unused'):
        load_state_dict(ours, {**stock.state_dict(), 'stray': torch.zeros(1)}, 'a file')


def test_loss_and_gradients_are_the_stock_ones():
    stock, ours = pair()
    inputs, samples = batch(4)
    losses = []
    for model in (stock, ours):
        torch.manual_seed(5)  # the loss draws which negatives it takes
        loss = model(inputs, samples, mode='loss')['loss']
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for (name, a), b in zip(
        ours.named_parameters(), (p for p in stock.parameters() if p.requires_grad)
    ):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6, msg=name)


@torch.no_grad()
def test_batches_give_the_stock_proposals_of_each_video():
    stock, ours = pair()
    inputs, samples = batch(5)
    predicted = ours(inputs, samples, mode='predict')
    assert len(predicted) == 5
    for one, sample, result in zip(inputs, samples, predicted, strict=True):
        (expected,) = stock([one], [sample], mode='predict')
        assert result['video_name'] == expected['video_name'] == sample.video_name
        assert len(result['proposal_list']) == len(expected['proposal_list']) > 20
        for a, b in zip(result['proposal_list'], expected['proposal_list'], strict=True):
            assert a['score'] == pytest.approx(b['score'], rel=1e-5)
            assert a['segment'] == pytest.approx(b['segment'], abs=1e-6)


def test_any_number_of_dimensions():
    """7 dimensions give what 8 do whose last is zero, apart from its weights."""
    model = BMN(**{**SETTINGS, 'temporal_dim': STEPS, 'feat_dim': 7})
    wide = BMN(**{**SETTINGS, 'temporal_dim': STEPS, 'feat_dim': 8})
    wide.load_state_dict(model.state_dict())
    inputs, _ = batch(2)
    zeroed = [features * torch.arange(8).ne(7)[:, None] for features in inputs]
    for a, b in zip(model([features[:7] for features in inputs]), wide(zeroed), strict=True):
        torch.testing.assert_close(a, b)


def test_a_video_shorter_than_the_interval_is_one_interval_long():
    _, ours = pair()
    inputs, samples = batch(1)
    samples[0].set_metainfo(dict(duration_frame=10, duration_second=0.4))
    (result,) = ours(inputs, samples, mode='predict')
    ends = [proposal['segment'][1] for proposal in result['proposal_list']]
    assert max(ends) == pytest.approx(0.95 * 0.64)  # 16 frames; the last end is at step 19 of 20


def test_features_of_another_shape_are_refused():
    _, ours = pair()
    with pytest.raises(
        ValueError, match=r'feat_dim=8 and temporal_dim=20.*9 dimensions x 20 steps'
    ):
        ours([torch.zeros(9, 20)])
    inputs, samples = batch(2)
    with pytest.raises(ValueError, match=r'8 dimensions x 19 steps for v_1: set both in `model`'):
        ours([inputs[0], inputs[1][:, 1:]], samples, mode='predict')
