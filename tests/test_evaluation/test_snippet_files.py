"""Files of features for localization."""

import numpy as np
import pytest
from mmaction.datasets.transforms import LoadLocalizationFeature as StockLoad

from vsslbox.evaluation.features.snippet_files import (
    note_video,
    noted_videos,
    rescale_features,
    write_features,
)
from vsslbox.registry import TRANSFORMS


def literal_rescale(features, num_steps):
    """Point by point: start of a step, a third and two thirds of it."""
    first, last = 1e-4, len(features) - 1 - 1e-4
    rows = []
    for step in range(num_steps):
        points = []
        for third in range(3):
            x = first + (last - first) / num_steps * (step + third / 3)
            left = int(np.floor(x))
            points.append(features[left] + (x - left) * (features[left + 1] - features[left]))
        rows.append(np.mean(points, axis=0))
    return np.array(rows)


@pytest.mark.parametrize(('length', 'num_steps'), [(2, 100), (7, 100), (375, 100), (30, 4), (5, 1)])
def test_rescaling_against_a_loop(length, num_steps):
    features = np.random.default_rng(0).standard_normal((length, 3))
    scaled = rescale_features(features, num_steps)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, literal_rescale(features, num_steps), atol=1e-5)


def test_a_single_snippet_is_repeated():
    features = np.array([[1.0, -2.0]])
    np.testing.assert_array_equal(rescale_features(features, 3), [[1, -2]] * 3)


def test_csv_is_what_mmaction2_reads(tmp_path):
    features = np.random.default_rng(0).standard_normal((100, 200)).astype(np.float32)
    path = tmp_path / 'v_a.csv'
    write_features(path, features)
    lines = path.read_text().splitlines()
    assert lines[0].split(',') == [f'f{number}' for number in range(200)]
    assert lines[1].split(',')[0] == f'{features[0, 0]:.4f}'
    assert len(lines) == 101
    assert [file.name for file in tmp_path.iterdir()] == ['v_a.csv']
    read = StockLoad().transform(dict(feature_path=str(path)))['raw_feature']
    assert read.shape == (200, 100)
    np.testing.assert_allclose(read, features.T, atol=5.1e-5)


def test_npy_and_csv_give_the_same_sample(tmp_path):
    features = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32).round(4)
    load = TRANSFORMS.build(dict(type='LoadLocalizationFeature'))
    samples = []
    for name in ('a.npy', 'a.csv'):
        write_features(tmp_path / name, features)
        samples.append(load(dict(feature_path=str(tmp_path / name)))['raw_feature'])
        assert samples[-1].dtype == np.float32
    np.testing.assert_array_equal(*samples)
    assert samples[0].shape == (6, 20)


@pytest.mark.parametrize('name', ['a.csv', 'a.npy'])
def test_a_damaged_file_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_text('f0,f1\n1.0,oops\n')
    with pytest.raises(ValueError, match=rf'{name} is not a table of steps x dimensions'):
        TRANSFORMS.build(dict(type='LoadLocalizationFeature'))(dict(feature_path=str(path)))


def test_table_of_videos(tmp_path):
    assert noted_videos(tmp_path) == {}
    (tmp_path / 'videos.csv').touch()  # as a kill leaves it before the first row
    assert noted_videos(tmp_path) == {}
    note_video(tmp_path, 'v_a', 100, 96)
    note_video(tmp_path, 'v,b', 33, 32)
    assert noted_videos(tmp_path) == {'v_a': (100, 96), 'v,b': (33, 32)}
    with open(tmp_path / 'videos.csv', 'a') as file:
        file.write('v_c,1')
    with pytest.raises(ValueError, match='has a row that is not video,frames,feature_frames'):
        noted_videos(tmp_path)
