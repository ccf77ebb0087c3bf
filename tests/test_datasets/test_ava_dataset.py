"""The boxes of people that a detector proposed for AVA."""

import pickle
import re

import numpy as np
import pytest

from vsslbox.datasets import AVADataset
from vsslbox.errors import InputError
from vsslbox.utils import load_plain_pickle

BOX = [0.1, 0.2, 0.5, 0.6]


@pytest.fixture
def folder(tmp_path):
    """A list of one key frame of a folder of frames."""
    (tmp_path / 'v').mkdir()
    (tmp_path / 'list.csv').write_text('v,0902,0.1,0.2,0.5,0.6,12,0\n')
    return tmp_path


def build(folder, proposals, **kwargs):
    (folder / 'boxes.pkl').write_bytes(pickle.dumps(proposals))
    return AVADataset('list.csv', data_root=str(folder), proposal_file='boxes.pkl', **kwargs)


@pytest.mark.parametrize(
    'name', ['ava_dataset/ava_proposals_sample.pkl', 'eval_detection/proposal.pkl']
)
def test_published_proposals_are_read_as_by_plain_loading(data_root, name):
    path = data_root / 'formats' / 'mmaction2' / 'tests' / 'data' / name
    expected = pickle.loads(path.read_bytes())  # known and harmless files
    found = load_plain_pickle(path)
    assert found.keys() == expected.keys()
    for key, boxes in expected.items():
        assert found[key].dtype == boxes.dtype
        np.testing.assert_array_equal(found[key], boxes)


def test_a_sample_has_the_boxes_of_its_key_frame(folder):
    scored = np.array([[*BOX, 0.95], [0, 0, 1, 1, 0.5]])
    sample = build(folder, {'v,0902': scored, 'other,0902': scored})[0]
    np.testing.assert_array_equal(sample['proposals'], [BOX])
    np.testing.assert_array_equal(sample['scores'], [0.95])


@pytest.mark.parametrize('key_frames', ['annotated', 'proposed'])
@pytest.mark.parametrize(
    ('proposals', 'message'),
    [
        ([BOX], "boxes.pkl holds list '[[0.1, 0.2"),
        ({}, 'boxes.pkl holds dict'),
        ({'v,902': np.array([BOX])}, "boxes.pkl has the key 'v,902', not 'video,second' with four"),
        ({902: np.array([BOX])}, 'boxes.pkl has the key 902'),
        ({'v,0902': [BOX]}, 'boxes.pkl: the boxes of v,0902 must be an array [n, 5], not list'),
        ({'v,0902': np.zeros((1, 3))}, 'must be an array [n, 5], not [1, 3]'),
        ({'v,0902': np.array([[10.0, 20, 50, 60]])}, 'in [0, 1], not 10 to 60'),
        ({'v,0902': np.array([[np.nan, 0, 1, 1]])}, 'in [0, 1], not nan to nan'),
    ],
)
def test_proposals_of_another_form_are_named(folder, proposals, message, key_frames):
    with pytest.raises(InputError, match=re.escape(message)):
        build(folder, proposals, key_frames=key_frames)


@pytest.mark.parametrize(
    'row',
    [
        'v,0902,0.1,0.2,0.5,12,0',
        'v;0902;0.1;0.2;0.5;0.6;12;0',
        'v,0902,10,20,50,60,12,0',
        'v,0902,0.5,0.2,0.1,0.6,12,0',
        'v,0902,nan,0.2,0.5,0.6,12,0',
        'v,0902,0.1,0.2,0.5,0.6,,',
        'v,0902,0.1,0.2,0.5,0.6,81,0',
        'v,0902,0.1,0.2,0.5,0.6,0,0',
        '',
    ],
)
def test_rows_that_cannot_be_right_are_named(folder, row):
    right = (folder / 'list.csv').read_text()
    (folder / 'list.csv').write_text(f'{right}{row}\n{right}')
    with pytest.raises(InputError, match=r'list.csv:2: .* a box in \[0, 1\] and a class from 1'):
        AVADataset('list.csv', data_root=str(folder))


def test_lists_of_windows(folder):
    right = (folder / 'list.csv').read_text()
    (folder / 'list.csv').write_bytes(right.replace('\n', '\r\n').encode())
    assert AVADataset('list.csv', data_root=str(folder))[0]['img_key'] == 'v,0902'
    (folder / 'list.csv').write_bytes(b'\xef\xbb\xbf' + right.encode())
    with pytest.raises(InputError, match=r'list.csv begins with a byte order mark'):
        AVADataset('list.csv', data_root=str(folder))
