"""The full form of the tests by hypothesis: forty times as many, and new ones."""

import os
import subprocess
import sys

import pytest

from tests.conftest import REPO

FILES = sorted(
    path.relative_to(REPO).as_posix()
    for path in (REPO / 'tests').rglob('test_*.py')
    if '\nfrom hypothesis import ' in path.read_text(encoding='utf-8')
)


def test_the_files_are_found():
    assert 'tests/test_config/test_option_values.py' in FILES and len(FILES) >= 5


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('name', FILES)
def test_many_examples(name):
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:xdist', name]
    env = {**os.environ, 'HYPOTHESIS_PROFILE': 'full'}
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
