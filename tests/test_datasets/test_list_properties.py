"""Lists of any names that files can have are read as they were written."""

from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from vsslbox.datasets import VideoDataset
from vsslbox.preparation.text_files import read_csv, write_csv

# All that Linux allows in the name of a file, but for carriage returns: lists are UTF-8 text, in
# which these end lines.
TEXT = st.text(st.characters(codec='utf-8', exclude_characters='/\0\r'), min_size=1, max_size=12)
NAMES = TEXT.map(lambda text: f'{text}.mp4').filter(lambda name: len(name.encode()) < 200)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('named')


def names_of(folder, ann_file, **kwargs):
    dataset = VideoDataset(ann_file, data_root=str(folder), **kwargs)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [(info['attributes']['name'], info.get('label')) for info in infos]


@pytest.mark.slow
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
@example(['a, "b".mp4', 'c\nd.mp4', ' e .mp4', '\ufefff.mp4'])
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_lists_hold_every_name(folder, names):
    assume(len({normalize('NFC', name.strip()) for name in names}) == len(names))
    for name in names:
        (folder / name).touch()
    rows = [(name, number) for number, name in enumerate(names)]
    write_csv(folder / 'list.csv', [('path', 'label'), *rows])
    assert names_of(folder, 'list.csv') == rows
    read = [(row['path'], int(row['label'])) for row in read_csv(folder / 'list.csv', 'path')]
    assert read == rows


@pytest.mark.slow
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
@settings(max_examples=examples(15))
def test_text_lists_hold_every_name_on_one_line_without_tabs(folder, names):
    assume(not any(set(name) & set('\t\r\n\ufeff') or name != name.strip() for name in names))
    assume(len({normalize('NFC', name) for name in names}) == len(names))
    for name in names:
        (folder / name).touch()
    rows = [(name, number) for number, name in enumerate(names)]
    text = ''.join(f'{name}\t{number}\n' for name, number in rows)
    (folder / 'list.txt').write_text(text, encoding='utf-8', newline='')
    assert names_of(folder, 'list.txt', delimiter='\t') == rows
