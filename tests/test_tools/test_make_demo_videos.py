"""The generator of the demo data set."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.tools import run_tool
from vsslbox.datasets.readers import PyAVReader

REPO = Path(__file__).resolve().parents[2]
TOOL = REPO / 'tools' / 'data' / 'make_demo_videos.py'


def make(folder, *options):
    return run_tool(TOOL, folder, '--frames', 12, '--size', 64, *options)


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module')
def data_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo') / 'set'
    result = make(folder, '--videos', '32')
    assert result.returncode == 0, result.stderr
    return folder


def rows(folder):
    with open(folder / 'videos.csv', encoding='utf-8') as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_list_is_complete_and_balanced(data_set):
    found = rows(data_set)
    files = {str(path.relative_to(data_set)) for path in data_set.rglob('*.mp4')}
    assert {row['path'] for row in found} == files
    for split, size in (('train', 24), ('test', 8)):
        chosen = [row for row in found if row['split'] == split]
        assert len(chosen) == size
        assert all(row['path'].startswith(f'{split}/') for row in chosen)
        for label, num_classes in (('appearance', 8), ('motion', 4)):
            counts = Counter(row[label] for row in chosen)
            assert set(counts.values()) == {size // num_classes}
        assert max(Counter(row['joint'] for row in chosen).values()) == 1
    for row in found:
        assert int(row['joint']) == 4 * int(row['appearance']) + int(row['motion'])


def test_videos_move_and_their_backgrounds_change(data_set):
    for row in rows(data_set):
        reader = PyAVReader(str(data_set / row['path']))
        assert reader.num_frames == 12
        first, last = (image.astype(float) for image in reader.read([0, 11]))
        assert first.shape == (64, 64, 3)
        corners = np.s_[:8, :8], np.s_[:8, -8:], np.s_[-8:, :8], np.s_[-8:, -8:]
        assert np.mean([abs(first[c] - last[c]).mean() for c in corners]) > 10, row['path']


@pytest.mark.slow
def test_same_bytes_with_any_number_of_processes(data_set, tmp_path):
    assert make(tmp_path / 'again', '--videos', '32', '--workers', '1').returncode == 0
    assert content(tmp_path / 'again') == content(data_set)
    assert make(tmp_path / 'other', '--videos', '32', '--seed', '1').returncode == 0
    other = content(tmp_path / 'other')
    same = [name for name, data in content(data_set).items() if other[name] == data]
    assert same == ['videos.csv']


def test_second_run_changes_nothing_and_other_arguments_are_refused(data_set):
    before = {path: path.stat().st_mtime_ns for path in data_set.rglob('*')}
    result = make(data_set, '--videos', '32')
    assert result.returncode == 0
    assert 'already has these videos' in result.stdout
    result = make(data_set, '--videos', '40')
    assert result.returncode == 1
    assert '--force to replace it' in result.stderr
    assert before == {path: path.stat().st_mtime_ns for path in data_set.rglob('*')}


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / 'photo.jpg').touch()
    result = make(tmp_path, '--videos', '32', '--force')
    assert result.returncode == 1
    assert 'is not a demo data set' in result.stderr
    assert (tmp_path / 'photo.jpg').exists()


def test_too_few_videos_are_refused(tmp_path):
    result = make(tmp_path / 'set', '--videos', '2')
    assert result.returncode == 2
    assert 'at least 8 videos' in result.stderr
