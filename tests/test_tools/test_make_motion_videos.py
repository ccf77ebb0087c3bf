"""The tool that renders the motion benchmark: its lists, its bytes, and what it refuses."""

import csv
import sys

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import PyAVReader
from vsslbox.errors import InputError
from vsslbox.preparation.motion import read_capture
from vsslbox.preparation.text_files import only_csv

SMALL = ('--videos', 15, '--frames', 3, '--size', 32)
SPLITS = ('unseen_cameras', 'unseen_speeds', 'unseen_textures')


@pytest.fixture(scope='module')
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPO / 'tools' / 'data')  # where it finds make_demo_videos
        with imported_tool('data/make_motion_videos.py') as tool:
            yield tool


def make(tool, folder, *options):
    with pytest.MonkeyPatch.context() as patch:
        return run_main(tool, patch, folder, *SMALL, *options)


@pytest.fixture(scope='module')
def data_set(tool, tmp_path_factory):
    pytest.importorskip('pybullet', reason='the extra motion is not installed')
    folder = tmp_path_factory.mktemp('motion') / 'set'
    assert make(tool, folder, '--workers', 2) == 0
    return folder


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def rows(path):
    with open(path, encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_lists_name_all_videos_and_what_they_show(data_set):
    assert only_csv(data_set) == data_set / 'videos.csv'
    found = rows(data_set / 'videos.csv')
    files = {str(path.relative_to(data_set)) for path in data_set.rglob('*.mp4')}
    assert {row['path'] for row in found} == files and len(files) == 15
    assert len({row['action'] for row in found}) == 15
    assert all(float(row['camera_distance']) > 1 for row in found)
    for split in SPLITS:
        others = rows(data_set / 'splits' / f'{split}.csv')
        assert [{**row, 'split': ''} for row in others] == [{**row, 'split': ''} for row in found]
    reader = PyAVReader(str(data_set / found[0]['path']))
    assert reader.num_frames == 3 and reader.fps == 30
    assert reader.read([0])[0].shape == (32, 32, 3)


def test_the_lists_are_read_as_they_are(data_set):
    videos = VideoDataset(str(data_set / 'videos.csv'), data_root=str(data_set), label='action')
    assert len(videos) == 15
    assert videos.get_data_info(3)['attributes']['action'] == 'dance_a'


@pytest.mark.slow
def test_a_killed_command_goes_on_to_the_same_bytes(tool, data_set, tmp_path):
    """With another number of processes, from a folder with a third of the videos."""
    before = content(data_set)
    assert make(tool, tmp_path / 'again', '--workers', 1) == 0
    assert content(tmp_path / 'again') == before
    for name in before:
        if name.endswith('.csv') or name[-5] in '05':
            (tmp_path / 'again' / name).unlink()
    (tmp_path / 'again' / 'videos' / '.00005.unfinished.mp4').write_bytes(b'half')
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / 'again').rglob('*.mp4')}
    assert make(tool, tmp_path / 'again', '--workers', 1) == 0
    assert content(tmp_path / 'again') == before
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items() if path.exists())


def test_a_folder_of_other_settings_or_content_is_refused(tool, data_set, tmp_path):
    before = content(data_set)
    with pytest.raises(InputError, match=r"was made with .*'seed': 0.* not with .*'seed': 1"):
        make(tool, data_set, '--seed', 1)
    (tmp_path / 'photo.jpg').touch()
    with pytest.raises(InputError, match='is not a motion benchmark: choose another'):
        make(tool, tmp_path)
    assert content(data_set) == before
    assert [path.name for path in tmp_path.iterdir()] == ['photo.jpg']


def test_too_few_videos_are_refused(tool, tmp_path, capsys):
    assert make(tool, tmp_path / 'set', '--videos', 14) == 2
    assert 'needs at least 15 videos' in capsys.readouterr().err


def test_without_pybullet_a_message_names_the_extra(tool, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pybullet', None)
    read_capture.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'vsslbox\[motion\]'"):
        make(tool, tmp_path / 'set')
    assert not (tmp_path / 'set').exists()
