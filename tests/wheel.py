"""The wheel of vsslbox, and environments that have it instead of the checkout."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.conftest import REPO

__all__ = ['build_wheel', 'files_below', 'make_environment', 'run']


def run(*command: object, **options) -> str:
    """Run a command that must succeed, and return what it prints on standard output."""
    words = list(map(str, command))
    done = subprocess.run(words, capture_output=True, text=True, **options)
    assert done.returncode == 0, f'{" ".join(words)}\n{done.stdout}\n{done.stderr}'
    return done.stdout


def files_below(folder: Path) -> set[str]:
    """Return the relative paths of the files that belong to the repository."""
    listed = run('git', 'ls-files', '-zco', '--exclude-standard', cwd=folder).split('\0')
    return {name for name in listed if name and (folder / name).is_file()}


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a clean copy of the repository.

    Args:
        folder: An empty folder, for the copy and the wheel.
    """
    sources = folder / 'sources'
    for name in files_below(REPO):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / name, sources / name)
    wheels, pip = folder / 'wheels', [sys.executable, '-m', 'pip']
    run(*pip, 'wheel', '--no-deps', '--no-build-isolation', '-w', wheels, sources)
    (wheel,) = wheels.iterdir()
    return wheel


def make_environment(folder: Path, wheel: Path, extras: str | None = None) -> Path:
    """Make a new environment with the wheel, and return the folder of its commands.

    Args:
        folder: The folder of the environment.
        wheel: The wheel.
        extras: The extras to install it with, such as ``'lite,search'``, and all that it requires.
            If None, what it requires is that of the environment of the tests.
    """
    run(sys.executable, '-m', 'venv', '--without-pip', folder)
    python = folder / 'bin' / 'python'
    install = [sys.executable, '-m', 'pip', '--python', python, 'install', '--quiet']
    if extras is None:
        run(*install, '--no-deps', wheel)
        purelib = run(python, '-c', "import sysconfig; print(sysconfig.get_path('purelib'))")
        # Later in the path than its own packages; the checkout's own .pth file is not read there.
        Path(purelib.strip(), 'of_the_tests.pth').write_text(sysconfig.get_path('purelib'))
    else:
        constraints = REPO / 'requirements' / 'constraints.txt'
        run(*install, '-c', constraints, f'{wheel}[{extras}]')
    return folder / 'bin'
