"""The samplers of SeCo, VINCE and CoCLR, and the join of several samplers."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms import (
    AugmentClipPair,
    SampleClipPair,
    SampleHalves,
    SampleRandomClip,
    SampleRandomFrames,
    SampleSegmentTuples,
    SampleTogether,
)
from vsslbox.errors import InputError
from vsslbox.structures import View


def sampled(sampler, total_frames, seed):
    """Return the frames of the views by name, and the targets."""
    results = dict(
        total_frames=total_frames, rng=np.random.default_rng(seed), filename='clips/a.mp4'
    )
    sampler(results)
    views = {view.name: view.frame_indices.tolist() for view in results['views']}
    return views, results.get('targets', {})


@pytest.mark.parametrize('total_frames', [2, 7, 10])
def test_halves_of_seco(total_frames):
    """All draws of the authors' rule occur, about equally often, and no others."""
    middle = total_frames // 2
    first, second = range(middle), range(middle, total_frames)
    counts = Counter()
    for seed in range(3000):
        views, targets = sampled(SampleHalves(), total_frames, seed)
        assert list(views) == ['query', 'again', 'earlier', 'later']
        (query,), (again,), (earlier,), (later,) = views.values()
        assert query == again
        assert earlier <= later
        own, other = (first, second) if targets['query_half'] == 0 else (second, first)
        assert query in own and earlier in other and later in other
        counts[targets['query_half'], query, earlier, later] += 1
    assert {half for half, *_ in counts} == {0, 1}
    assert {query for _, query, *_ in counts} == {*first, *second}
    expected = {
        (half, query, a, b)
        for half, own, other in ((0, first, second), (1, second, first))
        for query in own
        for a in other
        for b in other
        if a <= b
    }
    assert set(counts) == expected
    in_first = sum(count for (half, *_), count in counts.items() if half == 0)
    assert in_first == pytest.approx(1500, abs=150)  # more than five deviations


def test_clips_of_seco_end_with_the_video():
    views, targets = sampled(SampleHalves(clip_len=4, frame_interval=2), 10, seed=1)
    half = (0, 5) if targets['query_half'] == 0 else (5, 10)
    start = views['query'][0]
    assert half[0] <= start < half[1]
    assert views['query'] == [min(start + 2 * frame, 9) for frame in range(4)]


def test_a_single_frame_has_no_halves():
    with pytest.raises(VideoError, match='two halves need 2'):
        sampled(SampleHalves(), 1, seed=0)


def test_frames_of_vince_are_independent():
    pairs = Counter()
    for seed in range(2000):
        views, _ = sampled(SampleRandomFrames(num_frames=2), 3, seed)
        assert list(views) == ['query', 'key']
        pairs[(*views['query'], *views['key'])] += 1
    assert len(pairs) == 81  # all of 3^4, also the same frame four times
    assert max(pairs.values()) < 3 * min(pairs.values())


@pytest.mark.parametrize('same_prob', [0.0, 0.5, 1.0])
def test_clip_pairs_of_coclr(same_prob):
    sampler = SampleClipPair(clip_len=3, frame_interval=2, same_prob=same_prob)
    starts = Counter()
    for seed in range(2000):
        views, _ = sampled(sampler, 9, seed)
        assert list(views) == ['query', 'key']
        for frames in views.values():
            assert frames == [frames[0], frames[0] + 2, frames[0] + 4]
        starts[views['query'][0], views['key'][0]] += 1
    assert {start for pair in starts for start in pair} == set(range(5))
    same = sum(count for (query, key), count in starts.items() if query == key) / 2000
    assert same == pytest.approx(same_prob + (1 - same_prob) / 5, abs=0.06)


def test_a_short_video_starts_over():
    views, _ = sampled(SampleClipPair(clip_len=5, same_prob=0), 3, seed=0)
    assert views['query'] == [0, 1, 2, 0, 1]


def augmented(same, seed, prob=0.3):
    """Return the names of the views that are augmented."""
    clips = [[0, 1], [0, 1] if same else [4, 5]]
    frame = np.zeros((4, 4, 3), np.uint8)
    views = [View(n, np.array(c), [frame] * 2) for n, c in zip(('query', 'key'), clips)]
    strong = [dict(type='vsslbox.RandomGrayscale', prob=1.0)]
    results = AugmentClipPair(strong, prob)(dict(views=views, rng=np.random.default_rng(seed)))
    assert results['views'] == views
    return tuple(view.name for view in views if 'RandomGrayscale' in view.drawn)


def test_one_view_of_the_same_clip_is_augmented():
    counts = Counter(augmented(True, seed) for seed in range(1000))
    assert set(counts) == {('query',), ('key',)}
    assert counts['query',] == pytest.approx(500, abs=80)


def test_each_of_two_clips_is_augmented_with_a_probability():
    counts = Counter(augmented(False, seed) for seed in range(2000))
    expected = {(): 0.49, ('query',): 0.21, ('key',): 0.21, ('query', 'key'): 0.09}
    assert {case: counts[case] / 2000 for case in expected} == pytest.approx(expected, abs=0.06)


def test_wrong_values_are_refused():
    with pytest.raises(InputError, match='same_prob of SampleClipPair'):
        SampleClipPair(same_prob=2)
    with pytest.raises(InputError, match='prob must be a number'):
        AugmentClipPair([], prob=-1)
    with pytest.raises(InputError, match='takes 2 views'):
        AugmentClipPair([])(dict(views=[], rng=None))
    with pytest.raises(InputError, match='num_frames must be at least 1'):
        SampleRandomFrames(0)


def test_views_and_targets_of_several_samplers():
    clip = dict(type='vsslbox.SampleRandomClip', clip_len=4)
    tuples = dict(type='vsslbox.SampleSegmentTuples', num_segments=3)
    views, targets = sampled(SampleTogether([clip, tuples]), 30, seed=3)
    rng = np.random.default_rng(3)
    expected = {}
    for sampler in (SampleRandomClip(clip_len=4), SampleSegmentTuples(num_segments=3)):
        results = sampler(dict(total_frames=30, rng=rng))
        expected |= {view.name: view.frame_indices.tolist() for view in results['views']}
    assert views == expected
    assert list(views) == ['clip', 'anchor', 'positive', 'query']
    assert targets['query_segment'] in (0, 2)


def test_a_join_refuses_what_it_cannot_join():
    clip = dict(type='vsslbox.SampleRandomClip', clip_len=4)
    with pytest.raises(InputError, match=r"a view \['clip'\]"):
        sampled(SampleTogether([clip, clip]), 30, seed=0)
    with pytest.raises(InputError, match='takes samplers, got ShuffleOrder'):
        SampleTogether([dict(type='vsslbox.ShuffleOrder')])
