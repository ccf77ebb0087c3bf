"""Numbers of the command line that cannot be used end in one line."""

import argparse

import pytest

from tests.tools import run_tool
from vsslbox.utils import whole_number


def test_numbers_from_the_least_on():
    parser = argparse.ArgumentParser()
    parser.add_argument('--workers', type=whole_number(1), default=2)
    assert parser.parse_args([]).workers == 2
    assert parser.parse_args(['--workers', '1']).workers == 1
    assert whole_number(0)('0') == 0


@pytest.mark.parametrize('text', ['0', '-1', '1.5', 'many', ''])
def test_others_are_refused(text):
    message = f'must be a whole number from 1 on, got {text}$'
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        whole_number(1)(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    'command',
    [
        ('search.py', 'index', 'a.mp4', '--page', 'page.html', '--workers', 0),
        ('duplicates.py', 'videos', '--workers', 0),
        ('embed.py', 'videos', '--checkpoint', 'a.pth', '-o', 'index', '--workers', -1),
        ('predict.py', 'a.pth', 'a.mp4', '--out', 'a.csv', '--workers', -1),
        ('data/make_demo_videos.py', 'demo', '--workers', 0),
        ('data/count_frames.py', 'list.csv', '--out', 'a.csv', '--num-workers', 0),
    ],
)
def test_tools_refuse_a_number_of_processes(command, tmp_path):
    done = run_tool(*command, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if 'error:' in line]
    assert 'workers: must be a whole number from ' in line
    assert 'Traceback' not in done.stderr
    assert list(tmp_path.iterdir()) == []
