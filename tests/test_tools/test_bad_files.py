"""The benchmark of bad files loads what it says."""

import json
import statistics

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main

CONFIG = REPO / 'configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py'
SMALL = ['--workers', 0, '--batch-size', 3, '--rounds', 2]


@pytest.mark.slow
def test_the_bad_files_and_no_others_are_replaced(tmp_path, monkeypatch):
    out = tmp_path / 'report.json'
    with imported_tool('benchmark/bad_files.py') as tool:
        options = ['--videos', 9, '--share', 0.34, '--json', out]
        assert run_main(tool, monkeypatch, CONFIG, *SMALL, *options) == 0
        report = json.loads(out.read_text())
        assert (report['videos'], report['bad']) == (9, 3)
        assert report['ratio'] == statistics.median(report['ratios'])
        assert len(report['ratios']) == 2
        # A file that is spoilt so little that it can be read would not be measured.
        monkeypatch.setattr(tool, 'spoil', lambda path, kind, rng: None)
        assert 'replaced videos: [[], []]' in run_main(tool, monkeypatch, CONFIG, *SMALL, *options)


@pytest.mark.parametrize('share', ['0', '0.01'])
def test_a_share_of_no_video_is_refused(share, monkeypatch, capsys):
    with imported_tool('benchmark/bad_files.py') as tool:
        assert run_main(tool, monkeypatch, CONFIG, '--videos', 9, '--share', share) == 2
    assert 'of --videos 9 is less than one video' in capsys.readouterr().err
