"""What long work shows."""

import pytest

from vsslbox.utils import progress
from vsslbox.utils.progress import track


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    return now


def test_a_file_gets_a_line_for_each_tenth_with_the_time_left(clock, capsys):
    for _ in track(range(200), 'videos', 200):
        clock[0] += 1  # second
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'videos: 20 of 200, 0:03:00 left'
    assert lines[-2:] == ['videos: 180 of 200, 0:00:20 left', 'videos: 200 of 200']
    assert len(lines) == 10


def test_short_work_has_one_line_and_slow_work_one_in_ten_minutes(clock, capsys):
    assert list(track('abc', 'videos', 3)) == ['a', 'b', 'c']
    assert capsys.readouterr().err == 'videos: 3 of 3\n'
    for _ in track(range(1000), 'videos', 1000):
        clock[0] += 100
        if clock[0] >= 1300:
            break
    assert capsys.readouterr().err.splitlines() == [
        'videos: 6 of 1000, 1 day, 3:36:40 left',
        'videos: 12 of 1000, 1 day, 3:26:40 left',
    ]
