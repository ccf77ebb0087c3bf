"""VDIM's two subsequences of a window."""

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.sample_subsequences import SampleSubsequences


def sample(total_frames, draw=0, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    antecedent, consequent = SampleSubsequences(**kwargs)(results)['views']
    assert (antecedent.name, consequent.name) == ('antecedent', 'consequent')
    return antecedent.frame_indices, consequent.frame_indices


@pytest.mark.parametrize('offset', [0, 32])
@pytest.mark.parametrize('down_sampling', [(1, 1), (1, 2), (1, 3), (2, 2)])
def test_offset_and_rate(offset, down_sampling):
    window = 1 + max(31 * down_sampling[0], offset + 31 * down_sampling[1])
    starts = set()
    for draw in range(300):
        first, second = sample(window + 9, draw, offset=offset, down_sampling=down_sampling)
        assert len(first) == len(second) == 32
        assert second[0] - first[0] == offset
        assert (np.diff(first) == down_sampling[0]).all()
        assert (np.diff(second) == down_sampling[1]).all()
        assert max(first[-1], second[-1]) < window + 9
        starts.add(first[0])
    assert starts == set(range(10))  # every position of the window occurs


def test_a_third_and_the_rest():
    first, second = sample(95, offset=32, down_sampling=(1, 2))
    assert first.tolist() == list(range(32))
    assert second.tolist() == list(range(32, 95, 2))
    assert not set(first) & set(second)


def test_the_consequent_may_be_longer():
    starts = set()
    for draw in range(50):
        first, second = sample(129, draw, consequent_len=64)
        assert np.array_equal(first, first[0] + np.arange(32))
        assert np.array_equal(second, first[0] + 2 * np.arange(64))
        starts.add(first[0])
    assert starts == {0, 1, 2}


def test_short_videos_repeat_their_last_frame():
    first, second = sample(40)
    assert first.tolist() == list(range(32))
    assert second.tolist() == [min(2 * i, 39) for i in range(32)]


@pytest.mark.parametrize('kwargs', [dict(offset=-1), dict(down_sampling=(1,)), dict(clip_len=0)])
def test_wrong_values_are_refused(kwargs):
    with pytest.raises(ValueError, match='down_sampling two numbers of at least 1'):
        SampleSubsequences(**kwargs)
    with pytest.raises(ValueError, match='consequent_len must be at least 1, got 0'):
        SampleSubsequences(consequent_len=0)
