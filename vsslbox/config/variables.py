"""The variables and the values of a config."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ['used_names', 'values_of']

# mmengine puts the path of each file above its text.
_PATH_LINE = re.compile(r'^/.*\.py$', re.MULTILINE)


def used_names(text: str) -> set[str]:
    """Return the variables that the text of a config uses; none if the text is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(_PATH_LINE.sub('', text))))
    except SyntaxError:
        return set()
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    attributes = (n for n in nodes if isinstance(n, ast.Attribute))
    return names | {n.attr for n in attributes if ast.unparse(n.value) == '_base_'}


def values_of(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield all values in a part of a config that are in no list, with their places."""
    yield place, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from values_of(value, f'{place}.{key}')
