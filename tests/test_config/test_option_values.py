"""Values of the command line are read as Python's literals, and text needs no quotes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsslbox.config import parse_value
from vsslbox.utils import inline_text


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('3', 3),
        (' -0.5 ', -0.5),
        ('1e-3', 1e-3),
        ('inf', math.inf),
        ('true', True),
        ('False', False),
        ('None', None),
        ('', ''),
        ('007', '007'),
        ('1_0', '1_0'),
        ('text of several words', 'text of several words'),
        ('data/my videos/a-1.txt', 'data/my videos/a-1.txt'),
        ('img_{:05}.jpg', 'img_{:05}.jpg'),
        ('clip (1).mp4', 'clip (1).mp4'),
        ("it's", "it's"),
        ("'3'", '3'),
        (r'"a\tb, c"', 'a\tb, c'),
        ('1,2', [1, 2]),
        ('1,', [1]),
        ('a,(b,c)', ['a', ('b', 'c')]),
        ('[]', []),
        ('[a.b, c d, [1], ]', ['a.b', 'c d', [1]]),
        ('(1)', (1,)),
        ('(1, x)', (1, 'x')),
        ("dict(type='SGD', lr=.1)", dict(type='SGD', lr=0.1)),
        ('dict ( a = dict(), b = None, )', dict(a={}, b=None)),
        ("{'a b': {1: (2,)}, (3, 4): x}", {'a b': {1: (2,)}, (3, 4): 'x'}),
        ('[dict(type=EMAHook, momentum=2e-4)]', [dict(type='EMAHook', momentum=2e-4)]),
    ],
)
def test_values(text, value):
    read = parse_value(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[1,(2', r"a comma or '\)' is missing$"),
        ('[1)', r"']' is missing|'\)' closes no bracket"),
        ('a]', r"'\]' closes no bracket"),
        ('a[1', r"'\]' is missing"),
        ('[1] 2', r"'2' is not expected there; put text in quotes"),
        ("'a' b", r"'b' is not expected there"),
        ("'a", r'a quote is not closed'),
        (r"'\x'", r'is no string: .* truncated'),
        ('[1,,2]', r'a value is missing'),
        ('dict(3)', r"dict\(...\) takes KEY=VALUE, got '3\)'"),
        ('dict(a=1, a=2)', r"the key 'a' is there twice"),
        ('{a}', r"{...} takes KEY: VALUE, there is no colon after 'a'"),
        ('{[1]: 2}', r'\[1\] cannot be a key'),
        ('NarrowResNet(depth=18)', r"code is not run: write dict\(type='NarrowResNet', ...\)"),
        ("__import__('os').system('x')", r'code is not run'),
        ('[' * 5000, r'more than 50 brackets'),
        ('9' * 5000, r'4300 digits'),
    ],
)
def test_malformed_values_are_told(text, message):
    with pytest.raises(ValueError, match=message):
        parse_value(text)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
LITERALS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(SCALARS, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(LITERALS)
def test_every_literal_is_read_as_it_prints(value):
    for text in (repr(value), inline_text(value)):
        read = parse_value(text)
        assert repr(read) == repr(value)  # tells 1 from True and -0.0 from 0.0


@given(st.text(alphabet='ab1.,=:\'"()[]{} \\dict'))
def test_every_text_is_read_or_told(text):
    try:
        value = parse_value(text)
    except ValueError as error:
        assert str(error)
    else:
        assert parse_value(repr(value)) == value
