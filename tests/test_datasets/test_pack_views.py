"""Packing views into tensors and a data sample."""

import pickle

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import default_collate

from vsslbox.datasets.transforms.augmenting.color_jitter import ColorJitter  # noqa: F401  (registers it)
from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.datasets.transforms.packing.pack_views import PackViews
from vsslbox.structures import View


def make_results(seed=0, **more):
    rng = np.random.default_rng(seed)
    views = [
        View(name, np.arange(length) * 2, list(rng.integers(0, 256, (length, 6, 8, 3), np.uint8)))
        for name, length in (('query', 4), ('key', 3))
    ]
    return {
        'views': views,
        'rng': rng,
        'index': 17,
        'filename': 'videos/a.mp4',
        'attributes': {'label': 5, 'scene': 'park'},
        **more,
    }


def test_tensors_hold_the_frames():
    results = make_results()
    inputs = PackViews()(results)['inputs']
    assert [list(clip.shape) for clip in inputs] == [[3, 4, 6, 8], [3, 3, 6, 8]]
    for clip, view in zip(inputs, results['views']):
        assert clip.dtype == torch.uint8
        assert clip.is_contiguous()
        for t, c, y, x in np.ndindex(len(view), 3, 6, 8):
            assert clip[c, t, y, x] == view.frames[t][y, x, c]


def test_frames_may_be_cut_out_of_others():
    results = make_results()
    view = results['views'][0]
    view.frames = [frame[1:5, 2:7] for frame in view.frames]
    clip = PackViews()(results)['inputs'][0]
    assert (clip.permute(1, 2, 3, 0).numpy() == np.stack(view.frames)).all()


def test_data_sample_knows_its_video():
    results = make_results(label=5, bad_videos=[('videos/b.mp4', 'empty')])
    sample = PackViews()(results)['data_samples']
    assert isinstance(sample, ActionDataSample)
    assert sample.index == 17
    assert sample.filename == 'videos/a.mp4'
    assert 'frame_dir' not in sample
    assert sample.attributes == {'label': 5, 'scene': 'park'}
    assert sample.bad_videos == [('videos/b.mp4', 'empty')]
    assert [view['name'] for view in sample.views] == ['query', 'key']
    assert sample.views[0]['frame_indices'].tolist() == [0, 2, 4, 6]
    assert sample.gt_labels.item.tolist() == [5]


def test_frame_folders_without_a_label():
    results = make_results(frame_dir='frames/a', label=None)
    del results['filename']
    sample = PackViews()(results)['data_samples']
    assert sample.frame_dir == 'frames/a'
    assert sample.bad_videos == []
    assert 'gt_labels' not in sample


def test_targets_become_fields():
    results = make_results(targets={'order_label': 3, 'permutation': np.array([2, 0, 1])})
    sample = PackViews()(results)['data_samples']
    assert sample.order_label.dtype == torch.long
    assert sample.order_label.item() == 3
    assert sample.permutation.tolist() == [2, 0, 1]
    assert sample.permutation.dtype == torch.long


def test_frames_of_different_sizes():
    results = make_results()
    results['views'][1].frames[2] = np.zeros((6, 9, 3), np.uint8)
    with pytest.raises(ValueError, match=r"'key' differ in shape.*\(6, 8, 3\).*Resize"):
        PackViews()(results)


def test_views_without_frames():
    results = make_results()
    results['views'][0].frames = None
    with pytest.raises(ValueError, match="'query' has no frames: put DecodeViews"):
        PackViews()(results)


@pytest.mark.slow
def test_a_batch_has_one_row_of_draws_a_sample():
    def sample(seed):
        results = make_results(seed)
        for view, consistent in zip(results['views'], (True, False)):
            Defer([{'type': 'ColorJitter', 'consistent': consistent}])(view, results['rng'])
        return results, PackViews()(results)

    samples = [sample(seed) for seed in range(5)]
    batch = default_collate([pickle.loads(pickle.dumps(packed)) for _, packed in samples])
    assert [list(clips.shape) for clips in batch['inputs']] == [[5, 3, 4, 6, 8], [5, 3, 3, 6, 8]]
    assert len(batch['data_samples']) == 5
    for view, draws in enumerate((1, 3)):
        params = batch['deferred'][view]['ColorJitter']
        assert params['order'].shape == (5, draws, 4)
        for name, rows in params.items():
            drawn = [results['views'][view].deferred['ColorJitter'] for results, _ in samples]
            assert rows.dtype == torch.float32
            assert (rows.numpy() == np.stack([each[name] for each in drawn])).all()


def test_nothing_is_deferred_by_default():
    assert PackViews()(make_results())['deferred'] == [{}, {}]
