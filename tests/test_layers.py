"""The packages of vsslbox form layers: imports go to lower layers only, never in a circle."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'vsslbox'

# From the lowest to the highest. Packages of one layer know nothing of each other.
LAYERS = [
    {'errors', 'version'},
    {'structures', 'utils'},
    {'compat'},
    {'registry'},
    {'checkpoints', 'config', 'datasets'},
    {'models', 'preparation'},
    {'evaluation'},
    {'engine', 'visualization'},
    {'search'},
    {'apis'},
    {'__main__'},
]
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
NAMES = {path.stem for path in PACKAGE.iterdir() if path.suffix == '.py' or path.is_dir()}
NAMES -= {'__init__', '__pycache__'}


def imports_of(source, module):
    """Yield the modules that a source imports, with the lines; ``module`` is its dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split('.')[: -node.level] if node.level else []
            base = '.'.join([*parents, *filter(None, [node.module])])
            yield from ((f'{base}.{alias.name}', node.lineno) for alias in node.names)


def upward_imports(source, module):
    """Yield the imports of a source that its layer does not allow."""
    own = module.split('.')[1]
    for name, line in imports_of(source, module):
        package, _, rest = name.partition('.')
        other = rest.partition('.')[0]
        if package == 'vsslbox' and other != own and not LEVELS.get(other, -1) < LEVELS[own]:
            yield f'{module}:{line} imports {name}'


def test_every_package_has_a_layer():
    assert set(LEVELS) == NAMES, 'name the new package in LAYERS'


@pytest.mark.parametrize('name', sorted(NAMES))
def test_imports_go_down(name):
    files = [PACKAGE / f'{name}.py', *(PACKAGE / name).rglob('*.py')]
    found = []
    for path in filter(Path.is_file, files):
        module = '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)
        found += upward_imports(path.read_text(encoding='utf-8'), module)
    assert not found


@pytest.mark.parametrize(
    ('source', 'is_upward'),
    [
        ('from vsslbox.engine.hooks import ClusterHook', True),
        ('from vsslbox import engine', True),
        ('def f():\n    import vsslbox.apis.command_line', True),
        ('from ..evaluation import metrics', True),
        ('from vsslbox.models import VCLR', True),
        ('from vsslbox.errors import InputError', False),
        ('from vsslbox.datasets.readers import VideoError', False),
        ('from .readers import VideoError', False),
        ('import torch', False),
    ],
)
def test_an_upward_import_is_found(source, is_upward):
    assert bool(list(upward_imports(source, 'vsslbox.datasets.video_dataset'))) == is_upward
