"""What a class or a function accepts in a config."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import NamedTuple

from torch import nn

__all__ = ['Signature', 'constructors_of', 'signature_of']

_BY_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Signature(NamedTuple):
    """The arguments of a callable by name, those that it requires, and whether it takes any."""

    parameters: dict[str, inspect.Parameter]
    required: set[str]
    takes_anything: bool


@functools.cache
def signature_of(target: Callable) -> Signature:
    """Return the keyword arguments that a class or function accepts.

    Where ``__init__`` passes its ``**kwargs`` to the next class, the arguments of that class are
    accepted too. Where it uses them in another way, any argument is. The class itself may supply
    what its base classes require, so only the first ``__init__`` requires arguments.
    """
    accepted: dict[str, inspect.Parameter] = {}
    required: set[str] | None = None
    takes_anything = False
    for function in constructors_of(target):
        try:
            parameters = inspect.signature(function).parameters.values()
        except ValueError:  # a function written in C
            return Signature({}, set(), takes_anything=True)
        named = [item for item in parameters if item.kind in _BY_KEYWORD and item.name != 'self']
        accepted = {item.name: item for item in named} | accepted
        if required is None:
            required = {item.name for item in named if item.default is item.empty}
        kwargs = next((item.name for item in parameters if item.kind is item.VAR_KEYWORD), None)
        if kwargs is None:
            break
        takes_anything |= not _passes_on(function, kwargs)
    return Signature(accepted, required or set(), takes_anything)


def constructors_of(target: Callable) -> list[Callable]:
    """Return the functions that get a component's arguments: every ``__init__`` of a class."""
    if not inspect.isclass(target) or target.__new__ is not object.__new__:
        return [target]
    # These two accept any argument by signature but refuse it when called.
    classes = [cls for cls in target.__mro__ if cls not in (nn.Module, object)]
    return [vars(cls)['__init__'] for cls in classes if '__init__' in vars(cls)]


def _passes_on(init: Callable, kwargs: str) -> bool:
    """Whether an ``__init__`` uses its ``**kwargs`` only for the next ``__init__``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):  # the source is not available
        return False
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == kwargs]
    passed_on = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, 'attr', None) == '__init__'
        for keyword in node.keywords
        if keyword.arg is None
    ]
    return all(use in passed_on for use in uses)
