"""The data set of BMN."""

import json
import os
import pickle
import re

import numpy as np
import pytest
from mmaction.datasets import ActivityNetDataset

from vsslbox.datasets import LocalizationDataset, annotated_segments
from vsslbox.errors import InputError
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


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize(
    ('segment', 'reason'),
    [
        ((9.6, 5), 'starts after its end'),
        ((-0.5, 5), 'starts before the video'),
        ((10, 12), 'ends after the video, which lasts 10 s'),
        ((5, 11.5), 'ends after the video, which lasts 10 s'),
        ((25, 100), 'ends after the video, which lasts 10 s'),  # frames instead of seconds
        ((5,), 'is not two numbers'),
        ((1, None), 'is not two numbers'),
        ((float('nan'), 2), 'is not two numbers'),
    ],
)
def test_a_segment_that_cannot_be_right_is_refused(folder, segment, reason, test_mode):
    annotations = dict(v_a=entry((1, 4), segment), v_b=entry((0, 10)))
    (folder / 'list.json').write_text(json.dumps(annotations))
    message = f'1 of 3 segments of {folder}/list.json are wrong'
    with pytest.raises(InputError, match=re.escape(message)) as error:
        build(folder, test_mode=test_mode)
    assert f'v_a: {json.loads(json.dumps(list(segment)))} {reason}' in str(error.value)


def test_segments_that_the_field_keeps(folder, monkeypatch):
    """As in ActivityNet: of no length, or a little longer than the video, where they are cut."""
    lines = []
    monkeypatch.setattr(annotated_segments, 'warn_once', lines.append)
    annotations = dict(v_a=entry((2, 2), (1, 10.85)), v_b=entry((0, 10)))
    (folder / 'list.json').write_text(json.dumps(annotations))
    boxes = build(folder, ending='.npy')[0]['data_samples'].gt_instances.gt_bbox
    np.testing.assert_allclose(boxes, [[2 / 9.6, 2 / 9.6], [1 / 9.6, 1]])
    (line,) = lines
    assert '1 of 3 segments of' in line and 'end where they start' in line
    assert line.endswith('v_a: [2, 2]')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{}', 'must have an entry for each video'),
        ('[1]', 'must have an entry for each video'),
        ('{"v_a": 1}', 'entry of v_a must have'),
        ('{"v_a"', 'is not JSON'),
        ('{"v_a": {}}', 'entry of v_a must have duration_second, duration_frame, feature_frame'),
        (json.dumps(dict(v_a=dict(entry(), duration_second=0))), 'duration_second.* above 0'),
        (json.dumps(dict(v_a=dict(entry(), annotations=[[1, 2]]))), 'annotations. of v_a must be'),
    ],
)
def test_a_list_of_something_else_is_named(folder, content, message):
    (folder / 'list.json').write_text(content)
    with pytest.raises(InputError, match=rf'list\.json.*{message}'):
        build(folder, test_mode=True)


def test_the_list_is_never_unpickled(folder):
    (folder / 'list.pkl').write_bytes(pickle.dumps(dict(v_a=entry((1, 4)))))
    with pytest.raises(InputError, match=r'list\.pkl is not JSON'):
        LocalizationDataset('list.pkl', PIPELINE, data_root=str(folder))


@pytest.mark.parametrize('ending', ['.csv', '.npy'])
def test_features_that_are_not_finite_are_named(folder, ending):
    features = np.ones((6, 4))
    features[[2, 4], 1] = np.nan, np.inf
    write_features(folder / 'features' / f'v_a{ending}', features)
    with pytest.raises(
        InputError, match=rf'v_a\{ending} .* in 2 steps, first in step 2 \(from 0\)'
    ):
        build(folder, ending=ending)[0]


def test_rows_of_other_widths_are_named(folder):
    (folder / 'features' / 'v_a.csv').write_text('f0,f1\n1,2\n1,2,3\n')
    with pytest.raises(InputError, match=r'v_a\.csv is not a table of steps x dimensions'):
        build(folder)[0]


def test_the_lists_of_activitynet_are_accepted(data_root):
    folder = data_root / 'formats' / 'activitynet13' / 'data' / 'activitynet_annotations'
    videos = json.loads((folder / 'anet_anno_action.json').read_text())
    annotated_segments.check_segments(videos, 'anet_anno_action.json')
