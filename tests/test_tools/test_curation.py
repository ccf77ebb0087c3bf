"""The steps of curation: tables in, tables out, with the reason for each row that is left out."""

import csv
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.datasets import ShotDataset
from vsslbox.errors import InputError
from vsslbox.preparation.curation import parse_condition, score_spans, tables

pytest.importorskip('scenedetect', reason='PySceneDetect is not installed')

RATE = 20


def moving(seed, frames=40, step=1.0, side=96):
    """A colourful picture that moves to the right, ``step`` pixels a frame."""
    rng = np.random.default_rng(seed)
    picture = np.full((side, 3 * side, 3), rng.uniform(60, 190, 3))
    for cells in (5, 32):
        colours = rng.uniform(-40, 40, (cells, 3 * cells, 3))
        picture += cv2.resize(colours, (3 * side, side), interpolation=cv2.INTER_CUBIC)
    shifts = [np.float32([[1, 0, -step * number], [0, 1, 0]]) for number in range(frames)]
    moved = [cv2.warpAffine(picture, shift, (side, side)) for shift in shifts]
    return np.stack(moved).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """A film of three shots, copies of its first shot with one fault each, and no video."""
    folder = tmp_path_factory.mktemp('some videos')
    first = moving(1)
    film = np.concatenate([first, moving(2, 24), moving(3, 50)])
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in first])
    for name, frames in [
        ('film', film),
        ('frozen', first[[5]].repeat(40, axis=0)),
        ('black', np.zeros_like(first)),
        ('blurred', blurred),
        ('fast', moving(1, step=4)),
    ]:
        write_video(folder / f'{name}.mp4', frames, fps=RATE)
    (folder / 'bad.mp4').write_bytes(b'no video')
    return folder


@pytest.fixture
def step(monkeypatch):
    """Run a step, and return the rows of its table and those left out."""

    def step(name, source, out, *options):
        with imported_tool(f'data/{name}.py') as tool:
            run_main(tool, monkeypatch, source, '-o', out, '--num-workers', 1, *options)
        return read(out), read(tables.left_out_path(out))

    return step


def read(path):
    if not path.exists():
        return []
    if path.suffix == '.parquet':
        return pytest.importorskip('pyarrow.parquet').read_table(path).to_pylist()
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def spans(rows):
    return [(Path(r['path']).stem, float(r['start']), float(r['end'])) for r in rows]


def test_shots_are_found_at_their_frames(step, videos, tmp_path, capsys):
    (tmp_path / 'list.csv').write_text(
        'path,place\n' + ''.join(f'{videos}/{name}.mp4,home\n' for name in ('film', 'bad', 'fast'))
    )
    kept, left_out = step('find_shots', tmp_path / 'list.csv', tmp_path / 'shots.csv', '--min', 1.5)
    assert spans(kept) == [('film', 0, 2), ('film', 3.2, 5.7), ('fast', 0, 2)]
    assert {row['place'] for row in kept} == {'home'}
    (short, bad) = left_out
    assert spans([short]) == [('film', 2, 3.2)] and short['reason'] == 'shorter than 1.5 s'
    assert bad['path'].endswith('bad.mp4') and 'Invalid data' in bad['reason']
    shots = ShotDataset(str(tmp_path / 'shots.csv'), [dict(type='OpenVideo')])
    assert [shots[index]['total_frames'] for index in range(3)] == [40, 50, 40]

    capsys.readouterr()
    out = tmp_path / 'shots.parquet'
    trimmed, _ = step('find_shots', tmp_path / 'list.csv', out, '--trim', 0.25)
    assert '2 of 3 videos are known' in capsys.readouterr().out
    assert spans(trimmed) == [('film', 3.45, 5.45)]
    with pytest.raises(InputError, match='is a table of segments already'):
        step('find_shots', tmp_path / 'shots.csv', tmp_path / 'again.csv')


def test_scores_tell_faults(videos):
    scores = {
        name: score_spans(str(videos / f'{name}.mp4'), [None])[0]
        for name in ('frozen', 'black', 'blurred', 'fast')
    }
    shot, *_ = score_spans(str(videos / 'film.mp4'), [(0, 2), (3.2, 5.7)])
    assert (shot['seconds'], shot['width'], shot['height'], shot['fps']) == (2, 96, 96, RATE)
    # One pixel of 96 + 96 at each of 20 frames a second; the borders bring in something new.
    assert shot['motion'] == pytest.approx(RATE / 192, rel=0.15)
    assert scores['fast']['motion'] == pytest.approx(4 * RATE / 192, rel=0.15)
    assert scores['frozen']['motion'] < 1e-3 and scores['black']['motion'] < 1e-3
    assert scores['black']['brightness'] < 0.03 and scores['black']['contrast'] < 0.01
    assert scores['blurred']['sharpness'] < 0.7 * shot['sharpness']


@pytest.mark.slow
def test_conditions_leave_out_rows_with_their_reason(step, videos, tmp_path, capsys):
    out = tmp_path / 'scored.csv'
    kept, left_out = step('score_videos', videos, out, '--keep', 'motion>0.01', 'brightness > 0.1')
    assert [Path(row['path']).stem for row in kept] == ['blurred', 'fast', 'film']
    reasons = {Path(row['path']).stem: row['reason'] for row in left_out}
    assert reasons.pop('bad').startswith('pyav: ') or 'Invalid' in left_out[0]['reason']
    assert reasons == {'black': 'not motion>0.01 brightness>0.1', 'frozen': 'not motion>0.01'}
    assert '  1 not motion>0.01\n' in capsys.readouterr().out

    before = kept[0]
    kept, left_out = step('score_videos', videos, out, '--keep', 'seconds>=5')
    assert '5 of 6 videos are known' in capsys.readouterr().out
    assert [Path(row['path']).stem for row in kept] == ['film'] and len(left_out) == 5
    (tmp_path / 'scored.journal.jsonl').write_text(
        (tmp_path / 'scored.journal.jsonl').read_text()[:-30]  # killed while it wrote
    )
    kept, left_out = step('score_videos', videos, out)
    assert '4 of 6 videos are known' in capsys.readouterr().out
    assert kept[1] == before and len(kept) == 5 and len(left_out) == 1


def test_segments_have_scores_of_their_own(step, videos, tmp_path):
    (tmp_path / 'shots.csv').write_text(
        f'path,start,end\n{videos}/film.mp4,0,1\n{videos}/film.mp4,3.5,4.5\n{videos}/film.mp4,9,10\n'
    )
    pytest.importorskip('pyarrow')
    kept, (late,) = step('score_videos', tmp_path / 'shots.csv', tmp_path / 'scored.parquet')
    assert spans(kept) == [('film', 0, 1), ('film', 3.5, 4.5)]
    assert kept[0]['seconds'] == 1 and kept[0]['brightness'] != kept[1]['brightness']
    assert spans([late]) == [('film', 9, 10)] and late['reason'] == 'has no frame of the segment'


@pytest.mark.parametrize(
    ('text', 'message'),
    [('motion=3', 'a condition is COLUMN'), ('motion>x', 'a condition is COLUMN')],
)
def test_a_malformed_condition_is_told(text, message):
    with pytest.raises(InputError, match=message):
        parse_condition(text)


def test_conditions_compare_numbers():
    for text, value, met in [
        ('a>1', 1, False), ('a>=1', '1', True), ('a<1', 0.5, True), ('a<=-1e-3', 0, False),
        ('a>0', '', False), ('a<0', None, False),
    ]:  # fmt: skip
        assert parse_condition(text).is_met(dict(a=value)) == met
    with pytest.raises(InputError, match="'x' in 'a' is no number"):
        parse_condition('a>1').is_met(dict(a='x'))


def test_wrong_tables_are_told(step, videos, tmp_path):
    table, out = tmp_path / 'table.csv', tmp_path / 'out.csv'
    for content, message in [
        ('path,start\na.mp4,1', 'both or none of the columns'),
        ('path,start,end\na.mp4,2,1', '0 <= start < end, got'),
        ('path,start,end\na.mp4,0,1\na.mp4,0.0,1', r'a.mp4\[0:1\] twice'),
        ('name\na.mp4', 'must have the columns'),
        ('path', 'has no rows'),
    ]:
        table.write_text(content)
        with pytest.raises(InputError, match=message):
            step('score_videos', table, out)
    table.write_text('path\na.mp4')
    with pytest.raises(InputError, match='there are only the columns'):
        step('score_videos', table, out, '--keep', 'movement>1')
    with pytest.raises(InputError, match=r'must end in .csv or .parquet'):
        step('score_videos', table, tmp_path / 'out.txt')
    with pytest.raises(InputError, match='would overwrite'):
        step('score_videos', table, table)


def test_copies_are_left_out_for_the_first(step, videos, tmp_path):
    rng = np.random.default_rng(0)
    blocks = rng.uniform(40, 200, (6, 8)) + rng.normal(0, 6, (40, 6, 8)).cumsum(axis=0)
    frames = blocks.clip(0, 255).astype(np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    frames = np.repeat(frames[..., None], 3, axis=3)
    for name, copy in [('a', frames), ('b', frames[:, :, ::-1]), ('c', frames[::-1])]:
        write_video(tmp_path / f'{name}.mp4', copy, fps=25)
    shutil.copy(videos / 'bad.mp4', tmp_path / 'd.mp4')
    kept, (double, bad) = step('deduplicate', tmp_path, tmp_path / 'made' / 'kept.csv')
    assert [Path(row['path']).name for row in kept] == ['a.mp4', 'c.mp4']
    assert Path(double['path']).name == 'b.mp4' and double['reason'] == 'a duplicate'
    assert double['duplicate_of'] == str(tmp_path / 'a.mp4') and float(double['score']) > 0.82
    assert Path(bad['path']).name == 'd.mp4' and bad['duplicate_of'] == ''


def test_semantic_duplicates_of_an_index(step, videos, tmp_path):
    pytest.importorskip('pyarrow')
    from vsslbox.search import update_index
    from vsslbox.search.video_rows import VideoRow

    names = ['black', 'blurred', 'fast', 'film', 'frozen']
    files = [str(videos / f'{name}.mp4') for name in names]
    features = np.float32([[0, 1, 0], [1, 0, 0], [1, 0.01, 0], [0, 0, 1], [0.5, 0.5, 0.5]])

    def embed(stamps):
        yield {
            path: VideoRow(stamp, 2.0, 20.0, features[files.index(path)])
            for path, stamp in stamps.items()
        }

    labels, at = dict(place={files[3]: 'home'}), ('--threshold', 0.95)
    update_index(tmp_path / 'index', files, embed, 'zoo://some', '0' * 64, labels)
    kept, (double,) = step('deduplicate', tmp_path / 'index', tmp_path / 'kept.csv', *at)
    assert len(kept) == 4 and {Path(r['path']).stem: r['place'] for r in kept}['film'] == 'home'
    pair = {Path(double['path']).stem, Path(double['duplicate_of']).stem}
    assert pair == {'blurred', 'fast'} and float(double['score']) == pytest.approx(
        1 / np.hypot(1, 0.01)
    )

    table = tmp_path / 'table.csv'
    table.write_text(f'path,motion\n{files[1]},1\n{files[3]},2\n{os.sep}none.mp4,3\n')
    kept, (missing,) = step(
        'deduplicate', tmp_path / 'index', tmp_path / 'kept.csv', *at, '--table', table
    )
    assert [row['motion'] for row in kept] == ['1', '2']
    assert missing['reason'].startswith('not in the index') and missing['motion'] == '3'
