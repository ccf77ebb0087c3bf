"""What grows with the number of videos, and the plan for a corpus."""

import argparse
import json

import pytest

from tests.tools import imported_tool, run_main


@pytest.mark.slow
def test_lists_and_banks_grow_as_a_line(tmp_path, monkeypatch):
    with imported_tool('benchmark/startup.py') as tool:
        out = tmp_path / 'startup.json'
        options = ('--videos', 1200, 2400, 4800, '--folder', tmp_path, '--json', out)
        assert run_main(tool, monkeypatch, *options) in (0, None)
    report = json.loads(out.read_text())
    # 128 numbers of 4 bytes and a label of 8 bytes for each video.
    line = report['lines']['bank.file_bytes']
    assert line['per_million'] == pytest.approx(520e6, rel=1e-3)
    assert 0 < line['constant'] < 10_000
    for number in ('1200', '2400', '4800'):
        found = report['figures'][number]['list']
        assert found['read_s'] > 0 and found['memory_bytes'] >= 0
    assert list(tmp_path.iterdir()) == [out]  # the files are gone


def test_a_plan_by_hand():
    with imported_tool('benchmark/scale.py') as tool:
        seconds = dict(decode=0.072, forward=0.288, write=0.0)
        rows = tool.plan(seconds, argparse.Namespace(cores=10, core_hour=0.05))
    first = rows[0]
    # A million clips are 100 core hours, 20 of decoding.
    assert (first['clips'], first['machines']) == (10**6, 1)
    assert first['hours'] == pytest.approx(10)
    assert first['money'] == pytest.approx(5)
    assert first['longest'] == 'forward (80%)'
    assert first['decode_hours'] == pytest.approx(2)
    last = rows[-1]
    assert (last['clips'], last['machines']) == (10**8, 64)
    assert last['hours'] == pytest.approx(1000 / 64)
    assert last['money'] == pytest.approx(500)
