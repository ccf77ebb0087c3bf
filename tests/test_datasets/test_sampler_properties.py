"""What every sampler promises for any length of a video, and any key."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsslbox.datasets import EpochSampler
from vsslbox.datasets.transforms import sampling
from vsslbox.structures import SampleKey

LENGTHS = st.integers(1, 2000)
KEYS = st.builds(SampleKey, st.integers(0, 10**6), st.integers(0, 1000), st.integers(0, 2**31))
FEW, SPACING = st.integers(1, 9), st.integers(1, 40)


def views(sampler, total_frames, key):
    results = dict(total_frames=total_frames, rng=key.rng(), filename='a.mp4')
    sampler.transform(results)
    return {view.name: view.frame_indices for view in results['views']}


@pytest.mark.parametrize(
    'sampler',
    [
        sampling.SampleAllWindows(2, 8, stride=5),
        sampling.SampleBinnedFrames(4, 12),
        sampling.SampleCentreSegmentFrames(8),
        sampling.SampleEndToEndFrames(30),
        sampling.SampleRandomClip(16, 4),
        sampling.SampleRandomSegmentFrames(8),
        sampling.SampleRandomSpans(3, 8, 8),
        sampling.SampleRandomWindow(4, 32),
        sampling.SampleSubsequences(32, 32, (1, 3)),
        sampling.SampleTemporalInterval(16, 2, law='decreasing'),
        sampling.SampleTemporalInterval(16, 2, law='increasing', exponent=3),
        sampling.SampleTemporalInterval(16, 2, law='uniform'),
        sampling.SampleTemporalInterval(16, 2, law='same'),
        sampling.SampleUniformClips(10, 16, 4),
        sampling.SampleUniformSpans(10, 16, 4),
    ],
    ids=repr,
)
@given(total_frames=LENGTHS, key=KEYS)
def test_frames_lie_within_the_video_and_depend_on_the_key_alone(sampler, total_frames, key):
    first, again = (views(sampler, total_frames, key) for _ in range(2))
    assert first
    for name, indices in first.items():
        assert len(indices)
        assert 0 <= indices.min() <= indices.max() < total_frames
        np.testing.assert_array_equal(indices, again[name])


@given(total_frames=LENGTHS, key=KEYS, clip_len=FEW, interval=SPACING)
def test_a_random_clip_has_equal_steps(total_frames, key, clip_len, interval):
    (clip,) = views(sampling.SampleRandomClip(clip_len, interval), total_frames, key).values()
    assert len(clip) == clip_len
    fits = (clip_len - 1) * interval < total_frames
    steps = np.diff(clip) if fits else np.diff(clip) % total_frames
    assert set(steps) <= {interval if fits else interval % total_frames}


@given(total_frames=st.integers(6, 2000), key=KEYS)
def test_tuples_of_segments_share_no_frame(total_frames, key):
    given_views = views(sampling.SampleSegmentTuples(3), total_frames, key)
    length = total_frames // 3
    for name in ('anchor', 'positive'):
        segments = np.minimum(given_views[name] // length, 2)
        np.testing.assert_array_equal(segments, [0, 1, 2])
    assert not set(given_views['anchor']) & set(given_views['positive'])
    assert given_views['query'] in (given_views['anchor'][0], given_views['anchor'][2])


@given(total_frames=LENGTHS, key=KEYS, clip_len=FEW, offset=SPACING, rates=st.tuples(FEW, FEW))
def test_subsequences_keep_their_distance_where_the_video_has_room(
    total_frames, key, clip_len, offset, rates
):
    sampler = sampling.SampleSubsequences(clip_len, offset, rates)
    antecedent, consequent = views(sampler, total_frames, key).values()
    window = 1 + max((clip_len - 1) * rates[0], offset + (clip_len - 1) * rates[1])
    last = total_frames - 1
    start = antecedent[0] if window <= total_frames else 0
    for clip, shift, rate in ((antecedent, 0, rates[0]), (consequent, offset, rates[1])):
        expected = [min(start + shift + rate * t, last) for t in range(clip_len)]
        assert clip.tolist() == expected


@given(
    total_frames=LENGTHS,
    key=KEYS,
    clip_len=FEW,
    interval=FEW,
    law=st.sampled_from(['decreasing', 'uniform', 'increasing']),
)
def test_clips_of_an_interval_do_not_leave_a_video_with_room(
    total_frames, key, clip_len, interval, law
):
    sampler = sampling.SampleTemporalInterval(clip_len, interval, law=law)
    for clip in views(sampler, total_frames, key).values():
        if (clip_len - 1) * interval < total_frames:
            assert np.all(np.diff(clip) == interval)


@given(
    num_videos=st.integers(1, 300),
    seed=st.integers(0, 2**31),
    epoch=st.integers(0, 1000),
    num_processes=st.integers(1, 5),
    start=st.integers(0, 40),
)
def test_an_epoch_has_every_video_in_an_order_of_the_key(
    num_videos, seed, epoch, num_processes, start
):
    samplers = []
    for rank in range(num_processes):
        sampler = EpochSampler(range(num_videos), seed=seed)
        sampler.rank, sampler.world_size = rank, num_processes
        sampler.num_samples = -(-num_videos // num_processes)
        sampler.total_size = sampler.num_samples * num_processes
        sampler.set_epoch(epoch)
        samplers.append(sampler)
    keys = [list(sampler) for sampler in samplers]
    assert {key.index for many in keys for key in many} == set(range(num_videos))
    assert {len(many) for many in keys} == {-(-num_videos // num_processes)}
    assert {(key.epoch, key.seed) for many in keys for key in many} == {(epoch, seed)}
    samplers[0].set_start(start * num_processes)
    assert list(samplers[0]) == keys[0][start:]
    assert list(samplers[0]) == keys[0]
