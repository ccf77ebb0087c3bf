"""The data set of BMN."""

import json
import os

import numpy as np
import pytest
from mmaction.datasets import ActivityNetDataset

from vsslbox.datasets import LocalizationDataset
from vsslbox.evaluation.features.snippet_files import write_features
from vsslbox.structures import SampleKey

PIPELINE = dict(
    load=dict(type='LoadLocalizationFeature'),
    label=dict(type='mmaction.GenerateLocalizationLabels'),
    pack=dict(type='mmaction.PackLocalizationInputs', keys=('gt_bbox',), meta_keys=('video_name',)),
)


def entry(*segments):
    return dict(
        duration_second=10.0,
        duration_frame=250,
        feature_frame=240,
        annotations=[dict(segment=list(segment), label='run') for segment in segments],
    )


@pytest.fixture
def folder(tmp_path):
    """A folder of two videos, with features as CSV and NumPy files."""
    annotations = dict(v_a=entry((1, 4), (5, 9.6)), v_b=entry((0, 10)))
    (tmp_path / 'list.json').write_text(json.dumps(annotations))
    (tmp_path / 'features').mkdir()
    rng = np.random.default_rng(0)
    for video in annotations:
        features = rng.standard_normal((6, 4)).round(4)
        for ending in ('.csv', '.npy'):
            write_features(tmp_path / 'features' / f'{video}{ending}', features)
    return tmp_path


def build(folder, **kwargs):
    return LocalizationDataset('list.json', PIPELINE, data_root=str(folder), **kwargs)


def test_samples_equal_those_of_mmaction2(folder):
    steps = dict(PIPELINE, load=dict(type='mmaction.LoadLocalizationFeature'))
    stock = ActivityNetDataset(
        str(folder / 'list.json'),
        list(steps.values()),
        data_prefix=dict(video=str(folder / 'features')),
    )
    for ending in ('.csv', '.npy'):
        ours = build(folder, ending=ending)
        assert len(ours) == len(stock) == 2
        for index in range(2):
            sample, expected = ours[SampleKey(index, epoch=3)], stock[index]
            np.testing.assert_allclose(sample['inputs'], expected['inputs'], atol=1e-6)
            boxes = (s['data_samples'].gt_instances.gt_bbox for s in (sample, expected))
            np.testing.assert_array_equal(*boxes)
    # 240 of 250 frames are 9.6 of 10 seconds.
    np.testing.assert_allclose(
        ours[0]['data_samples'].gt_instances.gt_bbox, [[1 / 9.6, 4 / 9.6], [5 / 9.6, 1]]
    )


def test_hash_depends_on_the_names_alone(folder, tmp_path_factory):
    first = build(folder).list_hash()
    assert first == build(folder, ending='.npy').list_hash()
    annotations = json.loads((folder / 'list.json').read_text())
    (folder / 'list.json').write_text(json.dumps(dict(v_a=annotations['v_a'])))
    assert build(folder).list_hash() != first


def test_errors_name_what_is_wrong(folder):
    with pytest.raises(FileNotFoundError, match='set `ann_file`'):
        LocalizationDataset('other.json', PIPELINE, data_root=str(folder))
    (folder / 'features' / 'v_b.npy').unlink()
    os.mkfifo(folder / 'features' / 'v_b.npy')  # reading it would wait for ever
    with pytest.raises(FileNotFoundError, match=r'1 of 2 .* have no features .*v_b\.npy'):
        build(folder, ending='.npy')
    with pytest.raises(FileNotFoundError, match='2 of 2'):
        build(folder, data_prefix=dict(video='elsewhere'))
    (folder / 'list.json').write_text(json.dumps(dict(v_a=entry())))
    with pytest.raises(ValueError, match='no annotations of v_a'):
        build(folder)
    assert len(build(folder, test_mode=True)) == 1
