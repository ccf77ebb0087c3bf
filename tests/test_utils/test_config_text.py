"""The text of a config reads back as the same values in the same order."""

import pytest
from mmengine.config import Config

from vsslbox.utils import config_text

LONG = [f'name {number}' for number in range(20)]
VALUES = dict(
    z=1,
    a=dict(y=dict(b=1, a=2.5e-5), x=None, empty=dict(), nothing=[]),
    pairs=[(1,), (1, 'two'), ()],
    odd={1: 'top', 'not-a-name': dict(z=1), 'class': True},
    long=dict(first=LONG, second=(LONG, dict(deep=LONG))),
    quotes='it\'s "so"\n',
)


def test_values_and_order_read_back():
    found: dict = {}
    exec(config_text(VALUES), {}, found)
    assert found == VALUES
    assert list(found) == list(VALUES)
    assert list(found['a']['y']) == ['b', 'a']


def test_long_values_are_broken_and_short_ones_are_not():
    lines = config_text(VALUES).splitlines()
    assert "odd = {1: 'top', 'not-a-name': dict(z=1), 'class': True}" in lines
    assert max(map(len, lines)) <= 100
    assert config_text(dict(model=dict(type='A' * 90, depth=3))).splitlines() == [
        'model = dict(',
        f"    type='{'A' * 90}',",
        '    depth=3,',
        ')',
    ]


@pytest.mark.parametrize('length', [99, 100, 101])
def test_a_line_with_its_comma_has_at_most_100_columns(length):
    text = config_text(dict(a=['x' * (length - 8)]))
    assert text.count('\n') == (1 if length < 100 else 3)


def test_mmengine_prints_configs_so():
    """What is dumped beside a run, and stored in checkpoints."""
    assert Config(VALUES).pretty_text == config_text(VALUES)
