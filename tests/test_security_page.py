"""docs/security.md names a test for what it states."""

import re

from tests.conftest import REPO
from vsslbox.datasets.readers import limits

PAGE = (REPO / 'docs' / 'security.md').read_text(encoding='utf-8')


def test_every_named_test_exists():
    named = set(re.findall(r'`(tests/[\w/]+\.py)::(\w+)`', PAGE))
    assert len(named) >= 8
    for path, test in named:
        assert f'\ndef {test}(' in (REPO / path).read_text(encoding='utf-8'), test


def test_the_limits_are_those_of_the_readers():
    gibibyte = limits.VIDEO_BYTES.default // 2**30
    side = round(limits.FRAME_PIXELS.default**0.5)
    for limit, default in (
        (limits.FRAME_PIXELS, f'{side} x {side}'),
        (limits.VIDEO_BYTES, f'{gibibyte} GiB'),
        (limits.FILE_SECONDS, str(limits.FILE_SECONDS.default)),
    ):
        assert f'| `{limit.variable}` | {default} |' in PAGE
