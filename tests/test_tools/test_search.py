"""tools/search.py: its table equals a brute-force ranking; what cannot be searched is refused."""

import csv
import json
import os
import shutil
from functools import partial

import numpy as np
import pytest

from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoEmbedder
from vsslbox.checkpoints.zoo import local_path
from vsslbox.errors import InputError
from vsslbox.search import embed_rows, update_index
from vsslbox.utils import file_sha256

pytest.importorskip('pyarrow', reason='pyarrow is not installed')

CHECKPOINT = 'zoo://vclr_r18w16_demo'
ACTIONS = ['jump', 'run', 'jump', 'run', 'jump', 'run', None]


@pytest.fixture(scope='module')
def embedder():
    return VideoEmbedder(CHECKPOINT, device='cpu', skip_bad=True)


@pytest.fixture(scope='module')
def index(video_folder, embedder, tmp_path_factory):
    """An index of seven of eight videos; those of odd numbers lie in another folder."""
    folder = tmp_path_factory.mktemp('search')
    videos = []
    for number in range(7):
        path = folder / 'videos' / ('odd' if number % 2 else 'even') / f'{number}.mp4'
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video_folder / f'video{number}.mp4', path)
        videos.append(str(path))
    shutil.copy(videos[1], folder / 'videos' / 'even' / '1.mp4')
    videos.append(str(folder / 'videos' / 'even' / '1.mp4'))
    labels = dict(action={path: action for path, action in zip(videos, ACTIONS) if action})
    sha256 = file_sha256(local_path(CHECKPOINT))
    embed = partial(embed_rows, embedder)
    update_index(folder / 'index', videos, embed, CHECKPOINT, sha256, labels)
    return folder / 'index', videos


@pytest.fixture
def search(monkeypatch):
    with imported_tool('search.py') as tool:
        yield lambda *arguments: run_main(tool, monkeypatch, *arguments)


def brute_order(embedder, query, videos):
    """Distances and paths, the nearest first."""
    (asked,), rows = (embedder(v)['predictions'].astype(float) for v in ([query], videos))
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(asked)
    return sorted(zip(1 - rows @ asked / lengths, videos))


def table(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def assert_order(rows, expected):
    assert [int(row['rank']) for row in rows] == list(range(1, len(expected) + 1))
    found = [float(row['distance']) for row in rows]
    np.testing.assert_allclose(found, [distance for distance, _ in expected], atol=2e-6)
    assert {row['path'] for row in rows} == {path for _, path in expected}


@pytest.mark.slow
def test_a_file_is_compared_with_all_videos(search, index, embedder, video_folder, tmp_path):
    folder, videos = index
    query, out = str(video_folder / 'video7.mp4'), tmp_path / 'results.csv'
    search(folder, query, '--top', 5, '--csv', out)
    assert_order(table(out), brute_order(embedder, query, videos)[:5])
    assert [row['action'] for row in table(out)] == [
        ACTIONS[videos.index(row['path'])] or '' if row['path'] in videos[:7] else ''
        for row in table(out)
    ]


@pytest.mark.slow
def test_a_video_of_the_index_does_not_find_itself(
    search, index, embedder, tmp_path, capsys, monkeypatch
):
    folder, videos = index
    monkeypatch.setattr(VideoEmbedder, '__init__', lambda *_, **__: pytest.fail('not needed'))
    search(folder, 'even/2.mp4', '--csv', tmp_path / 'a.csv')
    search(folder, videos[2], '--csv', tmp_path / 'b.csv')
    assert table(tmp_path / 'a.csv') == table(tmp_path / 'b.csv')
    others = [video for video in videos if video != videos[2]]
    assert_order(table(tmp_path / 'a.csv'), brute_order(embedder, videos[2], others))
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ['rank', 'distance', 'name', 'action']
    assert shown[1].split()[:2] == ['1', table(tmp_path / 'a.csv')[0]['distance']]


def test_where_leaves_out_other_labels(search, index, embedder, tmp_path):
    folder, videos = index
    search(folder, videos[0], '--where', 'action=jump', '--csv', tmp_path / 'a.csv')
    assert_order(table(tmp_path / 'a.csv'), brute_order(embedder, videos[0], videos[2:6:2]))
    page = tmp_path / 'page.html'
    search(folder, videos[0], '--where', 'action=jump', '--page', page, '--workers', 1)
    html = page.read_text('utf-8')
    assert 'The 2 nearest of 3 videos, action = jump, by' in html
    data = json.loads(html.split('id="data">')[1].split('</script>')[0])
    assert [item for item, _, _ in data['orders']['query']['items']] == [0, 1]


@pytest.mark.slow
def test_files_that_have_changed_are_told(search, embedder, video_folder, tmp_path, capsys):
    videos = [str(tmp_path / f'{number}.mp4') for number in range(4)]
    for number, video in enumerate(videos):
        shutil.copy(video_folder / f'video{number}.mp4', video)
    sha256 = file_sha256(local_path(CHECKPOINT))
    update_index(tmp_path / 'index', videos, partial(embed_rows, embedder), CHECKPOINT, sha256)
    shutil.copy(video_folder / 'video7.mp4', videos[0])
    os.remove(videos[1])
    out = tmp_path / 'results.csv'
    search(tmp_path / 'index', videos[0], '--csv', out)
    assert '1 of these files have changed or are gone: run `embed` again' in capsys.readouterr().out
    rows = {row['path']: float(row['distance']) for row in table(out)}
    expected = {path: distance for distance, path in brute_order(embedder, videos[0], videos[2:])}
    assert set(rows) == set(videos[1:])
    assert {path: rows[path] for path in expected} == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nowhere.mp4'], r'nowhere\.mp4 is neither a file nor a video of'),
        (['1.mp4'], '2 videos of .* are called 1.mp4: even/1.mp4, odd/1.mp4'),
        (['0.mp4', '--where', 'mood=good'], r"has no labels 'mood'; it has \['action'\]"),
        (['0.mp4', '--where', 'action=jumps'], "has action=jumps: did you mean 'jump'?"),
    ],
)
def test_what_cannot_be_searched_is_refused(search, index, arguments, message):
    with pytest.raises(InputError, match=message):
        search(index[0], *arguments)


def test_another_file_of_the_checkpoints_name_is_refused(search, index, video_folder, tmp_path):
    folder, _ = index
    query, other = video_folder / 'video7.mp4', local_path('zoo://vdim_r21dw8_demo')
    with pytest.raises(InputError, match=r'is not the checkpoint of .*: its SHA-256 is not'):
        search(folder, query, '--checkpoint', other)
    with pytest.raises(InputError, match=r'is no longer at gone\.pth: say where by --checkpoint'):
        search(folder, query, '--checkpoint', 'gone.pth')
    shutil.copy(local_path(CHECKPOINT), tmp_path / 'moved.pth')
    assert search(folder, query, '--checkpoint', tmp_path / 'moved.pth') == 0
