"""The config that a checkpoint holds, read without running code from it."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from mmengine import registry as root
from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.utils import import_modules_from_strings

from vsslbox import registry as ours
from vsslbox.config.check import FOREIGN_BACKBONES, ConfigError

__all__ = ['read_stored_config']


def read_stored_config(text: str, source: str) -> Config:
    """Return a config whose text is from someone else, with the modules it names imported.

    The text is not executed: it must assign literals, as the texts in checkpoints do. Every
    ``type`` must be a registered name, since mmengine would call any function that a path such as
    ``shutil.rmtree`` names. ``custom_imports`` may name installed modules, which register more.

    Args:
        text: The text of the config.
        source: The checkpoint, for messages.

    Raises:
        ConfigError: The text holds code, or names what is not registered.
    """
    try:
        values = dict(map(_assignment, ast.parse(text).body))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ConfigError(f'the config in {source} is not plain text: {error}') from error
    imports = values.get('custom_imports')
    if imports:
        import_modules_from_strings(**imports)
    names = _registered_names()
    for place, type_ in _types(values, ''):
        if type_ not in names and _could_be_called(type_):
            raise ConfigError(
                f'the config in {source} names {type_!r} at {place}, which is no registered '
                'component: it is not built'
            )
    return Config(values)


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, _literal(value)
    raise ValueError(f'line {statement.lineno} does not assign a value to a name')


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; ``dict(a=1)``, ``inf`` and ``nan`` are literals too."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return list(map(_literal, items))
        case ast.Tuple(elts=items):
            return tuple(map(_literal, items))
        case ast.Set(elts=items):
            return set(map(_literal, items))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            given_keys = [_literal(key) for key in keys if key is not None]
            return dict(zip(given_keys, map(_literal, values), strict=True))
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=given) if all(
            keyword.arg for keyword in given
        ):
            return {keyword.arg: _literal(keyword.value) for keyword in given}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_literal(operand)
        case ast.Name(id='inf' | 'nan' as name):
            return float(name)
    raise ValueError(f'line {node.lineno} has {ast.unparse(node)[:80]!r}, which is no literal')


def _types(node: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the text of every ``type``, with its place."""
    if isinstance(node, dict):
        if isinstance(node.get('type'), str):
            yield place or 'its top', node['type']
        node = node.items()
    elif isinstance(node, list | tuple | set):
        node = enumerate(node)
    else:
        return
    for name, child in node:
        yield from _types(child, f'{place}.{name}' if place else str(name))


def _registered_names() -> set[str]:
    """Return what a ``type`` may be: names with and without scope, and full paths of classes."""
    names: set[str] = set()
    for kind in ours.__all__:
        registry = getattr(root, kind)
        for found in (registry, *_below(registry)):
            with suppress(ModuleNotFoundError):  # mmaction2 gives a location that it has not
                found.import_from_location()
            for name, component in found.module_dict.items():
                path = f'{component.__module__}.{component.__qualname__}'
                names |= {name, f'{found.scope}.{name}', path}
    return names


def _below(registry: Registry) -> Iterator[Registry]:
    for child in registry.children.values():
        yield child
        yield from _below(child)


def _could_be_called(type_: str) -> bool:
    """Return whether mmengine could import something by a name that no registry has."""
    if type_.startswith(FOREIGN_BACKBONES) and type_.count('.') == 1:
        return False
    return '.' in type_ or (type_.isidentifier() and find_spec(type_) is not None)
