"""Features after a kill at any time."""

import pytest
import torch

from vsslbox.evaluation import FeatureStore, FeatureStoreError

ORIGIN = dict(weights='a')


def rows(*indices):
    index = torch.tensor(indices)[:, None]
    return list(indices), dict(low=index * torch.ones(1, 2), high=-index * torch.ones(1, 3))


@pytest.mark.parametrize('length', range(0, 88, 7))
def test_a_file_cut_anywhere_is_resumed(tmp_path, length):
    FeatureStore(tmp_path, ORIGIN, 3).append(*rows(2, 0))
    part = tmp_path / 'rows-000.part'
    whole = part.read_bytes()
    assert len(whole) == len('{"low": 2, "high": 3}\n') + 2 * (8 + 5 * 4)
    part.write_bytes(whole[:length])
    store = FeatureStore(tmp_path, ORIGIN, 3)
    assert not store.is_complete
    assert store.done() == set([2, 0][: max(0, length - 22) // 28])
    for index in {0, 1, 2} - store.done():
        store.append(*rows(index))
    store.finish()
    arrays = FeatureStore(tmp_path, ORIGIN, 3).read()
    assert arrays['low'].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert arrays['high'].tolist() == [[0, 0, 0], [-1, -1, -1], [-2, -2, -2]]


def test_missing_videos_are_counted(tmp_path):
    store = FeatureStore(tmp_path, ORIGIN, 3)
    store.append(*rows(0, 2))
    with pytest.raises(FeatureStoreError, match='lacks the features of 1 of 3'):
        store.finish()
    assert not store.is_complete


def test_unfinished_features_of_another_origin_are_refused(tmp_path):
    FeatureStore(tmp_path, ORIGIN, 3).append(*rows(0))
    with pytest.raises(FeatureStoreError, match='weights differs'):
        FeatureStore(tmp_path, dict(weights='b'), 3)
