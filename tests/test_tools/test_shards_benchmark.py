"""The benchmark of shards measures what it says."""

import json
import statistics

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main

pytest.importorskip('pyarrow')

CONFIG = REPO / 'configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py'


@pytest.mark.slow
def test_both_sides_load_the_same_samples(tmp_path, monkeypatch, video_folder):
    out = tmp_path / 'report.json'
    options = ('--videos', video_folder, '--workers', 0, '--batch-size', 3, '--rounds', 2)
    with imported_tool('benchmark/shards.py') as tool:
        assert run_main(tool, monkeypatch, CONFIG, *options, '--json', out) == 0
        report = json.loads(out.read_text())
        assert report['videos'] == 8 and len(report['ratios']) == 2
        assert report['ratio'] == statistics.median(report['ratios'])
        # Other samples would be no comparison.
        pack = tool.pack
        monkeypatch.setattr(tool, 'pack', lambda videos, folder: pack(tmp_path / 'other', folder))
        (tmp_path / 'other').mkdir()
        for number in range(8):
            content = (video_folder / f'video{number}.mp4').read_bytes()
            (tmp_path / f'other/video{7 - number}.mp4').write_bytes(content)
        assert 'differ' in run_main(tool, monkeypatch, CONFIG, *options)
