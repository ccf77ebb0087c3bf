"""Running command line tools without importing torch for each of them once more."""

import importlib.util
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch

from tests.conftest import REPO
from tests.distributed import FORKS

__all__ = ['imported_tool', 'run_main', 'run_tool', 'run_vsslbox']


@contextmanager
def imported_tool(path: str) -> Iterator[ModuleType]:
    """Import a tool under its file name, by which worker processes find its functions.

    Args:
        path: The file, relative to ``tools/``.
    """
    file = REPO / 'tools' / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        yield module
    finally:
        del sys.modules[file.stem]


def run_main(tool: ModuleType, monkeypatch, *arguments: object) -> int:
    """Run a tool with arguments, and return its exit status."""
    monkeypatch.setattr(sys, 'argv', [tool.__file__, *map(str, arguments)])
    try:
        tool.main()
    except SystemExit as error:
        return error.code
    return 0


def run_tool(
    tool: str | Path,
    *arguments: object,
    cwd: Path = REPO,
    paths: Sequence[Path] = (),
    **environ: str,
) -> subprocess.CompletedProcess:
    """Run a tool in a process of its own, as ``python tools/TOOL`` does after its imports.

    Args:
        tool: The file, relative to ``tools/``.
        arguments: Its arguments.
        cwd: The working directory.
        paths: Folders of packages, as in ``PYTHONPATH``.
        environ: What differs in the environment.

    Returns:
        What it printed, and its exit status.
    """
    command = [str(REPO / 'tools' / tool), *map(str, arguments)]
    return _run(command, cwd, paths, environ)


def run_vsslbox(*words: object, cwd: Path = REPO, **environ: str) -> subprocess.CompletedProcess:
    """Run the command ``vsslbox`` in a process of its own, as ``python -m vsslbox`` does."""
    return _run(['vsslbox', *map(str, words)], cwd, (), environ)


def _run(
    command: list[str], cwd: Path, paths: Sequence[Path], environ: dict[str, str]
) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as folder:
        process = FORKS.Process(
            target=_run_script,
            args=(command, str(cwd), [str(path) for path in paths], {**os.environ, **environ}),
            kwargs=dict(folder=folder),
        )
        process.start()
        process.join(600)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f'{command} ran for more than ten minutes')
        out, err = (Path(folder, name).read_text('utf-8') for name in ('out', 'err'))
    return subprocess.CompletedProcess(command, process.exitcode, out, err)


def _run_script(
    command: list[str], cwd: str, paths: list[str], environ: dict[str, str], folder: str
) -> None:
    for number, name in enumerate(('out', 'err'), start=1):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    torch.set_num_threads(1)
    sys.argv = command
    if command[0] == 'vsslbox':
        runpy.run_module('vsslbox', run_name='__main__', alter_sys=True)
        return
    sys.path[:0] = [str(Path(command[0]).parent), *paths]
    runpy.run_path(command[0], run_name='__main__')
