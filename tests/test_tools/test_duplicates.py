"""tools/duplicates.py: pairs, clusters and the sentence about them."""

import base64
import csv
import json
import os
import re

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError
from vsslbox.search import VideoIndex, clusters_of


def recording(seed):
    """A slow walk of coarse blocks: 40 frames."""
    rng = np.random.default_rng(seed)
    blocks = rng.uniform(40, 200, (6, 8)) + rng.normal(0, 6, (40, 6, 8)).cumsum(axis=0)
    frames = blocks.clip(0, 255).astype(np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    return np.repeat(frames[..., None], 3, axis=3)


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    """Five videos: three of one recording, in two folders, and two others."""
    train, test = (tmp_path_factory.mktemp(name) for name in ('train', 'test'))
    write_video(train / 'a one.mp4', recording(1), fps=25)
    write_video(train / 'b two.mp4', recording(2), fps=25)
    write_video(train / 'c mirrored.mp4', recording(1)[:, :, ::-1], fps=25)
    write_video(test / 'cut.avi', recording(1)[8:], fps=25, codec='mpeg4')
    write_video(test / 'other.mp4', recording(3), fps=25)
    return train, test


@pytest.fixture
def run(monkeypatch, tmp_path):
    """A function that runs the tool and returns the rows of its table."""

    def run(*arguments):
        out = tmp_path / 'made' / 'pairs.csv'
        run_main(tool, monkeypatch, *arguments, '-o', out, '--workers', 1)
        with open(out, newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))

    with imported_tool('duplicates.py') as tool:
        yield run


def names(row):
    return os.path.basename(row['first']), os.path.basename(row['second'])


def test_pairs_within_a_folder(run, folders, capsys):
    (row,) = run(folders[0])
    assert names(row) == ('a one.mp4', 'c mirrored.mp4')
    assert (row['cluster'], row['differ'], row['speed']) == ('1', 'mirrored', '1')
    assert 0.95 < float(row['score']) <= 1 and float(row['common']) == pytest.approx(1.6)
    told = capsys.readouterr().out
    assert told.endswith(
        'pairs.csv: 1 pairs of near-duplicates in 1 clusters: without 1 of the 3 videos there '
        'would be none\n'
    )


def test_pairs_between_two_sets(run, folders, tmp_path, capsys):
    (tmp_path / 'test.csv').write_text(
        f'path\n{folders[1] / "other.mp4"}\n{folders[1] / "cut.avi"}\n', 'utf-8-sig'
    )
    rows = run(folders[0], tmp_path / 'test.csv')
    assert {names(row): row['differ'] for row in rows} == {
        ('a one.mp4', 'cut.avi'): 'shifted',
        ('c mirrored.mp4', 'cut.avi'): 'mirrored shifted',
    }
    assert float(rows[0]['score']) >= float(rows[1]['score'])
    assert [float(row['start']) for row in rows] == [0.32, 0.32]
    assert {row['cluster'] for row in rows} == {'1'}
    told = capsys.readouterr().out
    assert told.endswith('1 of the 2 other videos are near-duplicates of 2 of the 3 videos\n')
    assert run(str(folders[1] / 'oth*'), folders[0]) == []
    assert 'no near-duplicates among 1 and 3 videos' in capsys.readouterr().out


def test_the_page_shows_both_at_the_same_moment(run, folders, tmp_path):
    page = tmp_path / 'page.html'
    run(folders[0], folders[1], '--page', page)
    html = page.read_text('utf-8')
    assert '1 of the 2 other videos are near-duplicates of 2 of the 3 videos.' in html
    shown = [os.path.basename(n) for n in re.findall(r'<div class="name">(.*?)</div>', html)]
    pictures = [
        cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
        for data in re.findall(r'poster="data:image/jpeg;base64,(.*?)"', html)
    ]
    assert sorted(shown) == ['a one.mp4', 'c mirrored.mp4', 'cut.avi', 'cut.avi']
    # The others begin 8 frames into the first: all posters are of that frame.
    upright = [p[:, ::-1] if 'mirrored' in name else p for name, p in zip(shown, pictures)]
    assert all(np.abs(upright[0].astype(int) - p).mean() < 6 for p in upright)
    kinds = re.findall(r'score 0\.9\d+(.*?)<', html)
    assert sorted(kinds) == [', mirrored, shifted', ', shifted']
    moved = recording(1)[[0, 8], :, :, 0].astype(int)
    assert np.abs(moved[0] - moved[1]).mean() > 10
    run(folders[1], '--page', page)
    assert 'no near-duplicates among 2 videos.' in page.read_text('utf-8')


def test_an_index_stands_for_its_videos(run, folders, monkeypatch, tmp_path):
    (tmp_path / 'videos.parquet').touch()
    paths = [str(folders[0] / name) for name in ('b two.mp4', 'c mirrored.mp4', 'a one.mp4')]
    index = VideoIndex(tmp_path, '', '', paths, np.zeros((3, 1), np.float32), {}, [])
    monkeypatch.setattr(VideoIndex, 'read', lambda folder: index)
    (row,) = run(tmp_path)
    assert (row['first'], row['second']) == (paths[1], paths[2])


def test_bad_videos_are_listed(run, folders, tmp_path, capsys):
    (tmp_path / 'bad.mp4').write_bytes(b'no video')
    (tmp_path / 'list.csv').write_text(
        f'path\nbad.mp4\n{folders[0] / "a one.mp4"}\n{folders[1] / "cut.avi"}\n'
    )
    (row,) = run(tmp_path / 'list.csv')
    assert names(row) == ('a one.mp4', 'cut.avi')
    listed = (tmp_path / 'made' / 'pairs.bad.csv').read_text('utf-8')
    assert listed.splitlines()[1].startswith(f'{tmp_path}/bad.mp4,Invalid data')
    assert 'without 1 of the 2 videos' in capsys.readouterr().out
    run(folders[0])
    assert not (tmp_path / 'made' / 'pairs.bad.csv').exists()
    with pytest.raises(InputError, match=r'none of the videos can be read, such as .*bad\.mp4'):
        run(tmp_path / 'bad.mp4', folders[0])


def test_one_video_has_no_pairs(run, folders):
    assert run(folders[1] / 'cut.avi') == []


def test_clusters_are_chains_of_pairs():
    assert clusters_of([(5, 1), (2, 3), (1, 7), (7, 9)]) == [1, 2, 1, 1]
    assert clusters_of([]) == []


def test_the_figures_of_the_benchmark():
    copies = {'a1': ('crop', 'a'), 'b1': ('crop', 'b'), 'a2': ('cut', 'a'), 'b2': ('cut', 'b')}
    pairs = {('a', 'a1'), ('b', 'a1'), ('b', 'b1'), ('b', 'b2'), ('c', 'b2')}
    with imported_tool('benchmark/duplicates.py') as tool:
        found = tool.figures(pairs, copies)
    counts = {kind: (row['copies'], row['found'], row['wrong']) for kind, row in found.items()}
    assert counts == dict(crop=(2, 2, 1), cut=(2, 1, 1), all=(4, 3, 2))
    assert (found['cut']['recall'], found['cut']['precision']) == (0.5, 0.5)
    assert (found['all']['recall'], found['all']['precision']) == (0.75, 0.6)


@pytest.mark.slow
def test_planted_copies_of_real_clips_are_found(data_root, monkeypatch, tmp_path):
    """What docs/search.md promises, on videos among which many are of one camera."""
    folder = data_root / 'scenes2' / 'videos_160p'
    if not folder.is_dir():
        pytest.skip(f'no {folder}')
    out = tmp_path / 'figures.json'
    with imported_tool('benchmark/duplicates.py') as tool:
        run_main(tool, monkeypatch, folder, '--originals', 8, '--workers', 1, '--json', out)
        kinds = set(tool.KINDS)
    found = json.loads(out.read_text())['signatures']
    assert set(found) == {*kinds, 'all'}
    assert found['all']['wrong'] == 0
    promised = {kind: found[kind]['recall'] for kind in kinds - {'middle 0.7'}}
    assert promised == dict.fromkeys(promised, 1)
