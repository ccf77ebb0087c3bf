"""A release of a small repository of the same form."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.conftest import REPO

SETUP = """
[metadata]
name = vsslbox
version = attr: vsslbox.version.__version__
[options]
packages = find:
[options.packages.find]
include = vsslbox*
"""
CHANGELOG = '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.0.1\n\n- Older.\n'


def git(root, *words):
    identity = ['-c', 'user.name=tester', '-c', 'user.email=tester@localhost']
    subprocess.run(['git', '-C', root, *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / 'repository'
    files = {
        'setup.cfg': SETUP,
        'CHANGELOG.md': CHANGELOG,
        'CITATION.cff': 'title: x\nversion: 0.0.1\n',
        'model-index.yml': 'Import: []\n',
        '.gitignore': 'build/\ndist/\n*.egg-info/\n__pycache__/\nvsslbox/secret.py\n',
        'vsslbox/__init__.py': '',
        'vsslbox/version.py': "__version__ = '0.0.1'\n",
        'configs/a.py': 'x = 1\n',
        'tools/b.py': '',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name in ('setup.py', 'pyproject.toml'):
        shutil.copy(REPO / name, root / name)
    git(root, 'init', '-q')
    git(root, 'add', '-A')
    git(root, 'commit', '-qm', 'Begin')
    return root


def release(root, version):
    command = [sys.executable, REPO / 'tools/release.py', version, '--root', root]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_release_writes_the_version_and_checks_the_wheel(repository):
    code, said = release(repository, '0.2.0')
    assert code == 0, said
    assert 'git tag v0.2.0' in said
    assert (repository / 'vsslbox/version.py').read_text() == "__version__ = '0.2.0'\n"
    assert 'version: 0.2.0\n' in (repository / 'CITATION.cff').read_text()
    changelog = (repository / 'CHANGELOG.md').read_text()
    assert changelog.index('## Unreleased') < changelog.index('## 0.2.0 - 2')
    assert changelog.index('## 0.2.0 - 2') < changelog.index('- A thing.')
    (wheel,) = (repository / 'dist').iterdir()
    names = {name for name in zipfile.ZipFile(wheel).namelist() if 'dist-info' not in name}
    package = {'vsslbox/__init__.py', 'vsslbox/version.py'}
    shipped = {'configs/a.py', 'tools/b.py', 'model-index.yml'}
    assert names == package | {f'vsslbox/.mim/{name}' for name in shipped}


@pytest.mark.slow
def test_a_wheel_with_what_the_repository_lacks_is_refused(repository):
    (repository / 'vsslbox/secret.py').write_text('password = 1\n')  # which git ignores
    code, said = release(repository, '0.2.0')
    assert code == 1
    assert 'has vsslbox/secret.py, which is not in the repository' in said


@pytest.mark.parametrize(
    ('spoil', 'version', 'message'),
    [
        (lambda root: None, 'v2', "'v2' is not a version such as 0.2.0"),
        (lambda root: (root / 'new.py').touch(), '0.2.0', 'the working tree has changes'),
        (lambda root: git(root, 'tag', 'v0.2.0'), '0.2.0', 'there is a tag v0.2.0 already'),
    ],
)
def test_what_cannot_be_released_is_left_as_it_is(repository, spoil, version, message):
    spoil(repository)
    code, said = release(repository, version)
    assert code == 1 and message in said
    assert (repository / 'vsslbox/version.py').read_text() == "__version__ = '0.0.1'\n"
    assert (repository / 'CHANGELOG.md').read_text() == CHANGELOG


def test_a_release_without_changes_is_refused(repository):
    (repository / 'CHANGELOG.md').write_text('# Changelog\n\n## Unreleased\n\n## 0.0.1\n\n- Old.\n')
    git(repository, 'commit', '-qam', 'Nothing')
    assert release(repository, '0.2.0') == (
        1,
        'CHANGELOG.md has no changes under `## Unreleased`\n',
    )
