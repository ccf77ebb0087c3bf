"""The tool that adds the number of frames to a list."""

import pytest

from tests.tools import imported_tool, run_main
from vsslbox.datasets import BinnedVideoDataset


@pytest.fixture(scope='module')
def tool():
    with imported_tool('data/count_frames.py') as module:
        yield module


@pytest.fixture
def run(tool, monkeypatch, tmp_path, video_folder):
    """Return a function that runs the tool on a list and returns its exit status and output."""

    def run(name, lines):
        source, out = tmp_path / name, tmp_path / 'out' / 'counted.csv'
        source.write_text('\n'.join([*lines, '']))
        options = ('--data-root', video_folder, '--num-workers', 2)
        status = run_main(tool, monkeypatch, source, '--out', out, *options)
        return status, out.read_text().splitlines()

    return run


@pytest.mark.parametrize(
    ('name', 'lines', 'expected'),
    [
        (
            'a.txt',
            ['video1.mp4 4', 'video0.mp4  7'],
            ['path,label', 'video1.mp4,4', 'video0.mp4,7'],
        ),
        ('a.txt', ['video1.mp4'], ['path', 'video1.mp4']),
        ('a.csv', ['id,path', '007,video1.mp4', '"a,b",video1.mp4'], None),
    ],
    ids=['text', 'no-labels', 'csv-with-a-video-twice'],
)
def test_every_row_is_kept_and_counted(run, name, lines, expected):
    status, written = run(name, lines)
    header, *rows = expected or lines
    assert status == 0
    assert written == [f'{header},num_frames', *(f'{row},24' for row in rows)]


def test_a_list_with_numbers_is_counted_again(run):
    assert run('a.csv', ['num_frames,path', '3,video1.mp4'])[1] == [
        'num_frames,path',
        '24,video1.mp4',
    ]


def test_spaces_in_the_header_are_no_part_of_its_names(run):
    written = run('a.csv', [' path , num_frames ', 'video1.mp4,3'])[1]
    assert written == ['path,num_frames', 'video1.mp4,24']


@pytest.mark.slow
def test_videos_that_cannot_be_opened_are_left_out_and_listed(run, tmp_path, video_folder):
    status, written = run('a.txt', ['gone.mp4 0', 'video1.mp4 1'])
    assert status == 1
    assert written == ['path,label,num_frames', 'video1.mp4,1,24']
    assert 'gone.mp4' in (tmp_path / 'out' / 'failed.csv').read_text()
    bins = BinnedVideoDataset(
        str(tmp_path / 'out' / 'counted.csv'), data_root=str(video_folder), bin_interval=10
    )
    assert len(bins) == 3


def test_several_labels_are_refused(run):
    with pytest.raises(ValueError, match=r"'video1.mp4 1 2' has several labels"):
        run('a.txt', ['video1.mp4 1 2'])
