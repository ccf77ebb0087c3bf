"""Semantic duplicates: what a literal comparison of all rows allows, however rows are clustered."""

import numpy as np
import pytest

from vsslbox.errors import InputError
from vsslbox.search import keep_first, semantic_duplicates


def rows(seed, groups=12, copies=5, dim=6, noise=0.12):
    """Rows around some centres, many of them near each other."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, dim)).repeat(copies, axis=0)
    features = centres + noise * rng.normal(size=centres.shape)
    return (features * rng.uniform(0.5, 3, (len(features), 1))).astype(np.float32)


def cosine(first, second):
    first, second = first.astype(np.float64), second.astype(np.float64)
    return sum(first * second) / np.sqrt(sum(first**2) * sum(second**2))


@pytest.mark.parametrize('threshold', [0.9, 0.97, 0.995])
@pytest.mark.parametrize('clusters', [1, 7, 30, None])
def test_the_rest_has_no_duplicates_and_each_row_left_out_has_one_there(threshold, clusters):
    features = rows(seed=1)
    left_out = semantic_duplicates(features, threshold, clusters)
    kept = [row for row in range(len(features)) if row not in left_out]
    for number, row in enumerate(kept):
        for other in kept[:number]:
            assert cosine(features[row], features[other]) < threshold
    for row, (other, told) in left_out.items():
        assert other in kept
        assert told == pytest.approx(cosine(features[row], features[other]), abs=1e-7)
        assert told >= threshold
    assert 0 < len(left_out) < len(features)


def test_duplicates_across_clusters_are_found():
    """Two pairs of twins that k-means with four clusters of four rows must separate."""
    features = np.float32([[1, 0, 0], [1, 0.001, 0], [0, 1, 0], [0, 1, 0.001]])
    left_out = semantic_duplicates(features, 0.99, num_clusters=4)
    assert len(left_out) == 2
    assert {frozenset((row, other)) for row, (other, _) in left_out.items()} == {
        frozenset((0, 1)),
        frozenset((2, 3)),
    }


def test_the_ends_of_a_chain_stay():
    """Rows at 0, 10, 20, 30 and 40 degrees, of which only neighbours are duplicates."""
    angles = np.radians([0, 10, 20, 30, 40])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    left_out = semantic_duplicates(features, float(np.cos(np.radians(11))), num_clusters=1)
    assert sorted(left_out) == [1, 3]  # the farthest from the mean direction, 20 degrees, is first
    assert left_out[1][0] in (0, 2) and left_out[3][0] in (2, 4)


def test_far_rows_are_kept_first():
    """Of a row at the centroid and one a little beside it, the one at the centroid goes."""
    features = np.float32([[1, 0], [1, 0.05], [1, -0.05], [0, 1]])
    left_out = semantic_duplicates(features, 0.998, num_clusters=2)
    assert list(left_out) == [0]


def test_equal_rows_of_any_length_are_duplicates():
    features = np.float32([[3, 1, 2], [6, 2, 4], [1, -1, 0], [0.3, 0.1, 0.2]])
    left_out = semantic_duplicates(features, 1.0, num_clusters=3)
    assert len(left_out) == 2 and 2 not in left_out
    assert all(score == 1 for _, score in left_out.values())


def test_what_cannot_be_compared_is_refused():
    features = rows(seed=2)
    with pytest.raises(InputError, match=r'threshold must be above 0 and at most 1, got 1\.5'):
        semantic_duplicates(features, 1.5)
    with pytest.raises(InputError, match='60 rows cannot have 61 clusters'):
        semantic_duplicates(features, 0.9, 61)
    features[3, 2] = np.nan
    with pytest.raises(InputError, match='must be finite'):
        semantic_duplicates(features, 0.9)


def test_the_later_of_a_pair_is_left_out_unless_the_other_is():
    pairs = [(3, 1, 0.9), (1, 0, 0.8), (3, 2, 0.7), (4, 3, 0.95), (5, 6, 1.0)]
    assert keep_first(pairs) == {1: (0, 0.8), 3: (2, 0.7), 6: (5, 1.0)}
    assert keep_first([]) == {}
