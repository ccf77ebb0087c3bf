"""Packing views as the clips of one sample, for mmaction2's recognizers."""

import numpy as np
import pytest
import torch
from mmaction.models import ActionDataPreprocessor
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate

from vsslbox.datasets.transforms import GaussianBlur, PackClips  # noqa: F401  (registers the blur)
from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.structures import View


def make_results(seed=0, lengths=(4, 4, 4)):
    rng = np.random.default_rng(seed)
    views = [
        View(f'clip{i}', np.arange(t), list(rng.integers(0, 256, (t, 6, 8, 3), np.uint8)))
        for i, t in enumerate(lengths)
    ]
    return dict(
        views=views, rng=rng, index=seed, filename='videos/a.mp4', attributes={}, label=seed + 2
    )


def test_one_tensor_holds_all_views():
    results = make_results()
    packed = PackClips()(results)
    assert set(packed) == {'inputs', 'data_samples'}
    clips = packed['inputs']
    assert clips.dtype == torch.uint8
    assert list(clips.shape) == [3, 3, 4, 6, 8]
    for v, c, t, y, x in np.ndindex(*clips.shape):
        assert clips[v, c, t, y, x] == results['views'][v].frames[t][y, x, c]


def test_data_sample_has_the_label():
    sample = PackClips()(make_results(seed=5))['data_samples']
    assert isinstance(sample, ActionDataSample)
    assert sample.gt_labels.item.tolist() == [7]
    assert sample.index == 5
    assert [view['name'] for view in sample.views] == ['clip0', 'clip1', 'clip2']


def test_batches_of_mmaction2_are_the_values_divided_by_255():
    samples = [PackClips()(make_results(seed)) for seed in (0, 1)]
    preprocess = ActionDataPreprocessor(mean=[0, 0, 0], std=[255, 255, 255], format_shape='NCTHW')
    batch = preprocess(pseudo_collate(samples))
    assert [sample.index for sample in batch['data_samples']] == [0, 1]
    for number, sample in enumerate(samples):
        expected = sample['inputs'].double() / 255
        assert torch.allclose(batch['inputs'][number].double(), expected, atol=1e-7)


def test_views_of_different_lengths_are_refused():
    expected = r'views of videos/a\.mp4 differ in shape .*\(3, 3, 6, 8\).* of one length'
    with pytest.raises(ValueError, match=expected):
        PackClips()(make_results(lengths=(4, 3, 4)))


def test_views_of_different_sizes_are_refused():
    results = make_results()
    results['views'][1].frames = [frame[:5] for frame in results['views'][1].frames]
    with pytest.raises(ValueError, match=r'differ in shape .*\(3, 4, 5, 8\).* crop of fixed size'):
        PackClips()(results)


def test_deferred_draws_are_not_lost():
    results = make_results()
    Defer([dict(type='GaussianBlur', prob=1.0)])(results['views'][2], results['rng'])
    with pytest.raises(
        ValueError, match=r'cannot pack the deferred GaussianBlur, .* without Defer'
    ):
        PackClips()(results)
