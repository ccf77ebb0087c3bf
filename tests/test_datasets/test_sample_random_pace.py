"""Clips of pace prediction, compared with the authors' rule for one frame after the other."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.sample_random_pace import SampleRandomPace


def sample(total_frames, draw, *args):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    results = SampleRandomPace(*args)(results)
    (clip,) = results['views']
    return clip.frame_indices, results['targets']['pretext_label']


def literal(total_frames, clip_len, start, pace):
    """Step on by the pace; after the last frame that is left, go to the first of the video."""
    frames, frame = [], start
    for _ in range(clip_len):
        frames.append(frame)
        frame = frame + pace if frame + pace < total_frames else 0
    return frames


@pytest.mark.parametrize('total_frames', [1, 3, 10, 64, 300])
@pytest.mark.parametrize('paces', [(1, 2, 3, 4), (1, 2), (8, 1, 3)])
def test_frames_follow_the_pace(total_frames, paces):
    for draw in range(200):
        frames, label = sample(total_frames, draw, 16, paces)
        assert frames.tolist() == literal(total_frames, 16, frames[0], paces[label])


def test_paces_and_starts_are_equally_likely():
    labels, starts = Counter(), Counter()
    for draw in range(4000):
        frames, label = sample(10, draw)
        labels[label] += 1
        starts[frames[0]] += 1
    assert set(labels) == set(range(4))
    assert set(starts) == set(range(10))
    assert all(abs(count - 1000) < 140 for count in labels.values())  # five sigma
    assert all(abs(count - 400) < 95 for count in starts.values())


@pytest.mark.parametrize('paces', [(1,), (1, 1, 2), (0, 1)])
def test_wrong_paces_are_refused(paces):
    with pytest.raises(ValueError, match='at least two different numbers of at least 1'):
        SampleRandomPace(paces=paces)
