"""The law of CVRL's sampling, by counting and against the authors' search."""

import math

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.sample_temporal_interval import SampleTemporalInterval

# The six laws of figure 3, each with its density on [0, 1] up to a factor.
LAWS = {
    'linear fall': (dict(law='decreasing', exponent=1), lambda x: 1 - x),
    'fall of the root': (dict(law='decreasing', exponent=0.5), lambda x: 1 - x**0.5),
    'fall of the square': (dict(law='decreasing', exponent=2), lambda x: 1 - x**2),
    'uniform': (dict(law='uniform'), lambda x: np.ones_like(x)),
    'linear rise': (dict(law='increasing', exponent=1), lambda x: x),
    'rise of the square': (dict(law='increasing', exponent=2), lambda x: x**2),
}


def sample(total_frames, draw, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    first, second = SampleTemporalInterval(**kwargs)(results)['views']
    assert (first.name, second.name) == ('first', 'second')
    return first.frame_indices, second.frame_indices


def chi_square(counts, expected):
    """Return chi-square in standard deviations from its mean; rare cells are merged."""
    common = expected >= 5
    cells = [
        *zip(counts[common], expected[common]),
        (counts[~common].sum(), expected[~common].sum()),
    ]
    cells = [(n, e) for n, e in cells if e > 0]
    degrees = len(cells) - 1
    return (sum((n - e) ** 2 / e for n, e in cells) - degrees) / math.sqrt(2 * degrees)


@pytest.mark.parametrize('name', LAWS)
def test_intervals_follow_the_law(name):
    kwargs, density = LAWS[name]
    num_starts, draws = 40, 20_000
    sampler = SampleTemporalInterval(clip_len=16, frame_interval=2, **kwargs)
    rng = np.random.default_rng(0)
    counts = np.zeros(num_starts)
    for _ in range(draws):
        first, second = sampler._two_starts(rng, num_starts + 30)
        assert 0 <= first <= second < num_starts
        counts[second - first] += 1
    fine = np.linspace(0, 1, num_starts * 1000 + 1)
    middles = (fine[1:] + fine[:-1]) / 2
    mass = density(middles).reshape(num_starts, 1000).sum(axis=1)
    assert abs(chi_square(counts, draws * mass / mass.sum())) < 4
    other = LAWS['uniform' if name != 'uniform' else 'linear fall'][1](middles)
    mass = other.reshape(num_starts, 1000).sum(axis=1)
    assert chi_square(counts, draws * mass / mass.sum()) > 10  # the test can distinguish the laws


def searched(probability, num_starts, power=1):
    """Search as the authors' code does: halve [0, M] until it is one frame wide."""

    def share(k):
        return -(k ** (power + 1)) / (power * num_starts ** (power + 1)) + k * (power + 1) / (
            power * num_starts
        )

    low, high = 0.0, float(num_starts)
    k = math.floor(num_starts / 2)
    while high - low > 1:
        if share(k) > probability:
            high = float(k)
        else:
            low = float(k)
        k = math.floor((low + high) / 2)
    return k


def test_the_authors_search_and_the_closed_form_agree_for_every_length():
    rng = np.random.default_rng(0)
    sampler = SampleTemporalInterval()
    for num_starts in range(1, 2001):
        for probability in rng.random(8):
            interval = sampler.whole_interval(probability, num_starts)
            assert interval == math.floor(num_starts * (1 - math.sqrt(1 - probability)))
            assert interval == searched(probability, num_starts)


@pytest.mark.parametrize('power', [0.5, 2, 3])
def test_the_authors_search_agrees_for_other_powers(power):
    rng = np.random.default_rng(1)
    sampler = SampleTemporalInterval(exponent=power)
    for num_starts in (1, 2, 7, 220, 1000):
        for probability in rng.random(50):
            expected = searched(probability, num_starts, power)
            assert sampler.whole_interval(probability, num_starts) == expected


def test_extreme_draws_stay_inside():
    for law in ('decreasing', 'uniform', 'increasing'):
        sampler = SampleTemporalInterval(law=law)
        assert sampler.whole_interval(0.0, 220) == 0
        assert sampler.whole_interval(np.nextafter(1, 0), 220) == 219


def test_clips_and_their_order():
    earlier = 0
    for draw in range(1000):
        first, second = sample(250, draw)
        for clip in (first, second):
            assert (np.diff(clip) == 2).all()
            assert clip[0] >= 0
            assert clip[-1] < 250
        earlier += first[0] < second[0]
    assert abs(earlier - 500) < 80  # five sigma


def test_the_mean_interval_is_a_third():
    sampler, rng = SampleTemporalInterval(), np.random.default_rng(0)
    intervals = [np.ptp(sampler._two_starts(rng, 250)) for _ in range(4000)]
    assert abs(np.mean(intervals) - 220 / 3) < 4  # five standard errors; 2.9 s at 25 per second


def test_short_videos_start_over():
    starts = set()
    for draw in range(300):
        first, second = sample(30, draw)  # 16 frames, 2 apart, span 31
        assert ((np.diff(first) % 30) == 2).all()
        starts |= {first[0], second[0]}
    assert starts == set(range(30))
    assert sample(1, 0)[0].tolist() == [0] * 16


@pytest.mark.parametrize('total_frames', [1, 30, 250])
def test_the_same_clip_twice(total_frames):
    starts = set()
    for draw in range(50):
        first, second = sample(total_frames, draw, law='same')
        assert (first == second).all()
        starts.add(first[0])
    assert (len(starts) > 1) == (total_frames == 250)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(law='linear'), "'decreasing', 'uniform', 'increasing', 'same', got 'linear'"),
        (dict(exponent=0), "law='uniform'"),
        (dict(clip_len=0), 'clip_len must be at least 1, got 0'),
    ],
)
def test_wrong_values_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        SampleTemporalInterval(**kwargs)
