"""Packing frames as segments, for mmaction2's 2D recognizers."""

import numpy as np
import pytest
import torch
from mmaction.models import ActionDataPreprocessor
from mmengine.dataset import pseudo_collate

from vsslbox.datasets.transforms import PackFrames
from vsslbox.structures import View


def make_results(num_views=2, sizes=(6, 6)):
    rng = np.random.default_rng(0)
    views = [
        View(f'crop{i}', np.arange(3), list(rng.integers(0, 256, (3, sizes[i], 8, 3), np.uint8)))
        for i in range(num_views)
    ]
    return dict(views=views, rng=rng, index=0, filename='a.mp4', attributes={}, label=1)


def test_frames_of_a_view_stay_together():
    results = make_results()
    frames = PackFrames()(results)['inputs']
    assert frames.dtype == torch.uint8
    assert frames.shape == (6, 3, 6, 8)
    for number, frame in enumerate(frames):
        expected = results['views'][number // 3].frames[number % 3]
        assert np.array_equal(frame.permute(1, 2, 0), expected)


def test_a_batch_suits_a_2d_recognizer():
    packed = PackFrames()(make_results())
    mean, std = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    preprocess = ActionDataPreprocessor(mean=mean, std=std, format_shape='NCHW')
    batch = preprocess(pseudo_collate([packed, packed]))
    assert batch['inputs'].shape == (2, 6, 3, 6, 8)
    assert [sample.gt_labels.item.tolist() for sample in batch['data_samples']] == [[1], [1]]
    for channel in range(3):
        expected = (packed['inputs'][:, channel].float() - mean[channel]) / std[channel]
        torch.testing.assert_close(batch['inputs'][1, :, channel], expected)


def test_views_of_different_sizes_are_refused_by_the_right_name():
    with pytest.raises(ValueError, match=r'differ in shape .*PackFrames needs clips'):
        PackFrames()(make_results(sizes=(6, 5)))
