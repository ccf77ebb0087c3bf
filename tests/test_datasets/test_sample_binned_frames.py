"""VIE-TRN's frames of consecutive bins."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.sample_binned_frames import SampleBinnedFrames


def sample(total_frames, draw, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    (clip,) = SampleBinnedFrames(**kwargs)(results)['views']
    assert clip.name == 'clip'
    return clip.frame_indices


@pytest.mark.parametrize(
    ('total_frames', 'bins'),
    [
        (60, [range(0, 12), range(12, 24), range(24, 36), range(36, 48), range(48, 60)]),
        (52, [range(0, 12), range(12, 24), range(24, 36), range(36, 48), range(48, 52)]),
        (22, [range(0, 5), range(5, 10), range(10, 15), range(15, 20), range(20, 22)]),
        (4, [[0], [1], [2], [3]]),
    ],
    ids=['half-seconds', 'shorter-last-bin', 'short-video', 'bins-of-one'],
)
def test_one_frame_of_each_of_four_consecutive_bins(total_frames, bins):
    bin_of = {frame: number for number, frames in enumerate(bins) for frame in frames}
    firsts, seen = Counter(), Counter()
    for draw in range(400):
        frames = sample(total_frames, draw)
        numbers = [bin_of[frame] for frame in frames]
        assert numbers == list(range(numbers[0], numbers[0] + 4))
        firsts[numbers[0]] += 1
        seen.update(frames.tolist())
    num_firsts = len(bins) - 3
    assert set(firsts) == set(range(num_firsts))
    assert min(firsts.values()) > 0.8 * 400 / num_firsts
    assert set(seen) == set(bin_of)


def test_videos_of_fewer_frames_than_bins_start_over():
    assert sample(3, 0).tolist() == [0, 1, 2, 0]
    assert sample(1, 0).tolist() == [0, 0, 0, 0]


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='max_bin_len must be at least 1, got 0'):
        SampleBinnedFrames(max_bin_len=0)
