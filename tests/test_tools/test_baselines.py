"""The baselines of a list, on videos of which it is known what gives the class away."""

import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.preparation.text_files import write_csv


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Noise in one of two hues, that stands still or changes from frame to frame."""
    folder = tmp_path_factory.mktemp('videos')
    rows = [('path', 'split', 'hue', 'moves', 'chance')]
    for number in range(48):
        rng = np.random.default_rng(number)
        red, moves = number % 2, number // 2 % 2
        noise = rng.integers(40, 200, (8 if moves else 1, 8, 8, 1)).repeat(3, axis=3)
        noise[..., 0 if red else 2] += 50
        images = noise.repeat(8 // len(noise), axis=0).repeat(8, axis=1).repeat(8, axis=2)
        write_video(folder / f'{number}.mp4', images.astype(np.uint8))
        split = 'test' if number >= 32 else 'train'
        rows.append((f'{number}.mp4', split, 'red' if red else 'blue', moves, rng.integers(2)))
    write_csv(folder / 'videos.csv', rows)
    return folder


@pytest.mark.slow
def test_each_baseline_finds_what_it_can_see(videos, monkeypatch, capsys):
    with imported_tool('analysis/baselines.py') as tool:
        options = ('--labels', 'hue', 'moves', '--frames', 2)
        assert run_main(tool, monkeypatch, videos / 'videos.csv', *options) == 0
    table = {}
    for line in capsys.readouterr().out.splitlines()[2:]:
        name, label, source, number, value, interval, chance, chosen = line.strip('| ').split(' | ')
        assert (name, number, chance) == ('videos', '16', '50.0')
        table[label, source] = float(value), interval, chosen
    assert table['hue', 'one frame'][0] == table['hue', 'colour'][0] == 100
    assert table['hue', 'one frame'][2].startswith('random_network')
    assert table['moves', 'motion'][0] == 100
    assert table['moves', 'motion'][1] == '80.6 to 100.0'  # Wilson's of 16 of 16
    assert table['moves', 'one frame'][0] < 85


def test_impossible_options_are_told(videos, monkeypatch, capsys):
    with imported_tool('analysis/baselines.py') as tool:
        options = ('--labels', 'hue', '--frames', 0)
        assert run_main(tool, monkeypatch, videos / 'videos.csv', *options) == 2
    assert '--frames must be positive' in capsys.readouterr().err
