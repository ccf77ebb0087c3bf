"""What grows with the number of videos, and the plan for a corpus."""

import argparse
import json

import pytest

from tests.tools import imported_tool, run_main


def test_lists_and_banks_grow_as_a_line(tmp_path):
    numbers = [1200, 2400, 4800]
    with imported_tool('benchmark/startup.py') as tool:
        banks = [tool.write_bank(tmp_path, number)['file_bytes'] for number in numbers]
        line = tool.line_through(numbers, banks)
        tool.make_videos(tmp_path, 1200)
        read = tool.read_list(tmp_path, 1200)
    # 128 numbers of 4 bytes and a label of 8 bytes for each video.
    assert line['per_million'] == pytest.approx(520e6, rel=1e-3)
    assert 0 < line['constant'] < 10_000
    assert read['read_s'] > 0 and read['hash_s'] > 0


@pytest.mark.slow
def test_each_figure_is_of_a_process_of_its_own(tmp_path, monkeypatch):
    with imported_tool('benchmark/startup.py') as tool:
        out = tmp_path / 'startup.json'
        options = ('--videos', 20, '--folder', tmp_path, '--json', out)
        assert run_main(tool, monkeypatch, *options) == 0
    figures = json.loads(out.read_text())['figures']['20']
    assert figures.keys() == {'list', 'bank'}
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
