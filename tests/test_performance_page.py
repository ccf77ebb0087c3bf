"""The tables of docs/performance.md are those of the figures beside it."""

import json
import re

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool
from vsslbox.errors import InputError

MACHINE = dict(processor='A processor', cores=2, threads=1, torch='2.13')


@pytest.fixture
def tool():
    with imported_tool('analysis/make_performance.py') as tool:
        yield tool


def test_the_page_is_up_to_date(tool):
    """After new figures run tools/analysis/make_performance.py."""
    page = (REPO / 'docs/performance.md').read_text('utf-8')
    assert page == tool.make_page(page, REPO / 'docs/figures')
    places = {found[1] for found in tool.BLOCK.finditer(page)}
    assert places == {path.stem for path in (REPO / 'docs/figures').glob('*.json')}


def test_the_tests_and_files_that_a_gpu_runs_exist():
    _, table = (REPO / 'docs/performance.md').read_text('utf-8').split('## On a GPU')
    named = re.findall(r'`(test_\w+)`', table)
    own = re.findall(r'^def (test_\w+)', (REPO / 'tests/test_gpu.py').read_text(), re.MULTILINE)
    assert sorted(set(named)) == sorted(own)
    places = re.findall(r'`(\w+/[\w/.]*)`', table.replace('tests/test_gpu.py', ''))
    assert len(places) > 8
    assert [place for place in places if not (REPO / 'vsslbox' / place).exists()] == []


def test_ratios_are_medians_of_rounds(tool, tmp_path):
    seconds = {'CVRL': {'plain': [4, 9, 6], 'bfloat16': [2, 3, 6]}}
    (tmp_path / 'steps.json').write_text(json.dumps(dict(MACHINE, seconds=seconds)))
    page = tool.make_page('Before.\n<!-- steps -->\nold\n<!-- end -->\nAfter.\n', tmp_path)
    assert page.splitlines() == [
        'Before.',
        '<!-- steps -->',
        'A processor, 2 cores, one thread; torch 2.13:',
        '',
        '|  | plain, CPU seconds | bfloat16: times as fast |',
        '| --- | --- | --- |',
        '| CVRL | 6.0 | 2.00 |',
        '<!-- end -->',
        'After.',
    ]
    assert tool.make_page(page, tmp_path) == page


def test_a_loader_is_bounded_by_its_decoding(tool, tmp_path):
    report = dict(ratio=dict(device=3.0), share_of_decoding=dict(device=0.75))
    data = dict(MACHINE, workers=2, against='a peer', reports=dict(vie_pretrain=report))
    (tmp_path / 'loader.json').write_text(json.dumps(data))
    rounds = {'vsslbox': [3, 1, 2], 'FFmpeg': [1.5, 1.5, 7]}
    data = dict(MACHINE, milliseconds=dict(vie_pretrain=rounds))
    (tmp_path / 'decoding.json').write_text(json.dumps(data))
    places = '<!-- loader -->\n<!-- end -->\n<!-- decoding -->\n<!-- end -->\n'
    lines = tool.make_page(places, tmp_path).splitlines()
    assert 'A processor, 2 cores, 2 workers; torch 2.13:' in lines
    assert '| VIE | device | 3.0 | 75 % | 4.0 |' in lines
    assert '| VIE | 2.0 | 1.5 |' in lines


def test_a_place_without_a_table_is_told(tool, tmp_path):
    names = 'attentive_probe, decoding, forms, kmeans, loader, neighbours, steps, svm'
    with pytest.raises(InputError, match=f"a place for 'stepps', tables are {names}"):
        tool.make_page('<!-- stepps -->\n<!-- end -->\n', tmp_path)
