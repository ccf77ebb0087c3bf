"""The tables of docs/performance.md are those of the figures beside it."""

import json

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


def test_a_place_without_a_table_is_told(tool, tmp_path):
    with pytest.raises(InputError, match="a place for 'stepps', tables are kmeans, steps"):
        tool.make_page('<!-- stepps -->\n<!-- end -->\n', tmp_path)
