"""docs/fidelity.md names configs and tests that exist."""

import re

from tests.conftest import REPO

PAGE = (REPO / 'docs/fidelity.md').read_text()


def test_named_configs_exist():
    named = set(re.findall(r'`((?:_base_|vclr|cvrl|vdim|vie)/[\w./-]+\.py)`', PAGE))
    assert named
    assert not [path for path in named if not (REPO / 'configs' / path).is_file()]


def test_named_tests_exist():
    named = set(re.findall(r'`(test_\w+/test_\w+\.py)(?:::(test_\w+))?`', PAGE))
    assert named
    for path, function in named:
        text = (REPO / 'tests' / path).read_text()
        assert not function or f'def {function}(' in text, f'{path}::{function}'
