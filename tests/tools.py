"""Running command line tools in the process of the test."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from tests.conftest import REPO

__all__ = ['imported_tool', 'run_main']


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
