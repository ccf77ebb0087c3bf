"""The windows of VDIM's fine-tuning: one for training, all for the test."""

import numpy as np
import pytest

from vsslbox.datasets.transforms import SampleAllWindows, SampleRandomWindow


def sample(sampler, total_frames, draw=0):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    return sampler(results)['views']


def views_by_loops(start, num_views, clip_len, total_frames, down_sampling=1):
    views = []
    for view in range(num_views):
        frames = []
        for frame in range(clip_len):
            place = start + down_sampling * (view * clip_len + frame)
            frames.append(min(place, total_frames - 1))
        views.append(frames)
    return views


def indices(views):
    return [view.frame_indices.tolist() for view in views]


@pytest.mark.parametrize('num_views', [1, 2, 4])
def test_window_starts_anywhere(num_views):
    total_frames = 32 * num_views + 9
    starts = set()
    for draw in range(200):
        views = sample(SampleRandomWindow(num_views), total_frames, draw)
        start = int(views[0].frame_indices[0])
        assert [view.name for view in views] == [f'window{start}_view{k}' for k in range(num_views)]
        assert indices(views) == views_by_loops(start, num_views, 32, total_frames)
        starts.add(start)
    assert starts == set(range(10))


@pytest.mark.parametrize('down_sampling', [2, 3, 4])
def test_a_down_sampled_window_keeps_every_dth_frame(down_sampling):
    total_frames = 127 * down_sampling + 1 + 5
    starts = set()
    for draw in range(100):
        sampler = SampleRandomWindow(down_sampling=down_sampling)
        views = sample(sampler, total_frames, draw)
        start = int(views[0].frame_indices[0])
        assert indices(views) == views_by_loops(start, 4, 32, total_frames, down_sampling)
        assert views[-1].frame_indices[-1] == start + 127 * down_sampling < total_frames
        starts.add(start)
    assert starts == set(range(6))
    views = sample(SampleAllWindows(stride=2, down_sampling=down_sampling), total_frames)
    expected = [views_by_loops(start, 4, 32, total_frames, down_sampling) for start in (0, 2, 4)]
    assert indices(views) == [frames for window in expected for frames in window]


def test_offsets_of_the_paper():
    views = sample(SampleRandomWindow(), total_frames=128)
    assert [view.frame_indices[0] for view in views] == [0, 32, 64, 96]
    assert all((np.diff(view.frame_indices) == 1).all() for view in views)


@pytest.mark.parametrize('total_frames', [1, 31, 100, 127])
@pytest.mark.parametrize('kind', [SampleRandomWindow, SampleAllWindows])
def test_short_videos_repeat_their_last_frame(kind, total_frames):
    expected = views_by_loops(0, 4, 32, total_frames)
    assert all(frames[-1] == total_frames - 1 for frames in expected[-1:])
    assert indices(sample(kind(), total_frames, draw=5)) == expected


@pytest.mark.parametrize(
    ('total_frames', 'stride', 'starts'),
    [
        (128, 32, [0]),
        (159, 32, [0]),
        (160, 32, [0, 32]),
        (230, 32, [0, 32, 64, 96]),
        (131, 1, [0, 1, 2, 3]),
        (400, 128, [0, 128, 256]),
    ],
)
def test_all_windows_one_after_the_other(total_frames, stride, starts):
    views = sample(SampleAllWindows(stride=stride), total_frames)
    expected = [views_by_loops(start, 4, 32, total_frames) for start in starts]
    assert indices(views) == [frames for window in expected for frames in window]
    assert [view.name for view in views] == [
        f'window{start}_view{k}' for start in starts for k in range(4)
    ]


@pytest.mark.parametrize('kind', [SampleRandomWindow, SampleAllWindows])
@pytest.mark.parametrize('name', ['num_views', 'clip_len', 'down_sampling'])
def test_wrong_values_are_refused(kind, name):
    with pytest.raises(ValueError, match=f'{name} must be at least 1, got 0'):
        kind(**{name: 0})


def test_wrong_stride_is_refused():
    with pytest.raises(ValueError, match='stride must be at least 1, got 0'):
        SampleAllWindows(stride=0)


def test_settings_are_shown():
    shown = 'SampleAllWindows(num_views=2, clip_len=32, stride=8, down_sampling=1)'
    assert repr(SampleAllWindows(num_views=2, stride=8)) == shown
