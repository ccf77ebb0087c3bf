"""The wheel of vsslbox, and environments that have it instead of the checkout."""

import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPO

__all__ = ['build_wheel', 'files_below', 'installed_command', 'make_environment', 'run']

# Imports what the command needs once, and forks for each line of words and files for the output.
SERVER = """
import gc, json, multiprocessing, os, sys
from vsslbox.apis.command import main

def run(words, files):
    for number, name in enumerate(files, start=1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ['vsslbox', *words]
    main()

gc.freeze()
for line in sys.stdin:
    process = multiprocessing.get_context('fork').Process(target=run, args=json.loads(line))
    process.start()
    process.join()
    print(process.exitcode, flush=True)
"""


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


@contextmanager
def installed_command(commands: Path, **options) -> Iterator[Callable[..., str]]:
    """Give a function that calls ``vsslbox`` as ``run`` would, but starts at once.

    Args:
        commands: The folder of an environment's commands.
        options: Options of ``subprocess.Popen``, such as the working directory.
    """
    start, pipe = [str(commands / 'python'), '-c', SERVER], subprocess.PIPE

    def call(*words: object) -> str:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ('out', 'err')]
            line = json.dumps([list(map(str, words)), list(map(str, files))])
            print(line, file=server.stdin, flush=True)
            code = server.stdout.readline()
            out, err = (file.read_text('utf-8') for file in files)
        assert code == '0\n', f'{" ".join(map(str, words))}\n{out}\n{err}'
        return out

    with subprocess.Popen(start, stdin=pipe, stdout=pipe, text=True, **options) as server:
        yield call
