"""The values of options on the command line, read without running code."""

import ast
import re
from collections.abc import Callable
from typing import Any

__all__ = ['parse_value']

_INTEGER = re.compile(r'[+-]?(0|[1-9]\d*)', re.ASCII)
_FLOAT = re.compile(
    r'[+-]?((\d+\.\d*|\.\d+)(e[+-]?\d+)?|\d+e[+-]?\d+|inf|nan)', re.ASCII | re.IGNORECASE
)
_NAMES = dict(true=True, false=False)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_DICT = re.compile(r'dict\s*\(')
_ARGUMENT = re.compile(r'\s*([^\W\d]\w*)\s*=')
_CALL = re.compile(r'([^\W\d][\w.]*)\(.*\)', re.DOTALL)
_CLOSING = {'[': ']', '(': ')', '{': '}'}
_MAX_DEPTH = 50


def parse_value(text: str) -> Any:
    """Return the value that a text on the command line stands for.

    These are Python's literals: numbers, ``None``, ``True``, quoted strings, lists, tuples and
    dicts (``dict(type='SGD', lr=0.1)`` or ``{'type': 'SGD'}``). Other text is a string and needs
    no quotes, as in ``[SGD, Adam]``; ``true`` and ``false`` are read as well. As with mmengine's
    options, ``1,2`` is a list and ``(1)`` a tuple.

    Raises:
        ValueError: The text is none of these; the message says what is wrong with it.
    """
    return _Reader(text).read()


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.at = 0  # the position of the next character
        self.depth = 0  # the brackets around it

    def read(self) -> Any:
        """Return the value of the whole text."""
        if not self.text:
            return ''
        first = self._value(',')
        if self.at == len(self.text):
            return first
        items = [first]
        while self._takes(','):
            if self.at < len(self.text):
                items.append(self._value(','))
        if self.at < len(self.text):
            raise ValueError(f'{self._rest()!r} is not expected there; put text in quotes')
        return items

    def _value(self, ends: str) -> Any:
        """Return the next value, which one of these characters or the end of the text ends."""
        self._skip_spaces()
        start = self._next()
        if match := _DICT.match(self.text, self.at):
            self.at = match.end()
            value = self._inside(')', self._argument, _dict_from)
        elif start == '{':
            self.at += 1
            value = self._inside('}', self._pair, _dict_from)
        elif start in ('[', '('):
            self.at += 1
            closing = _CLOSING[start]
            kind = list if start == '[' else tuple
            value = self._inside(closing, lambda: self._value(',' + closing), kind)
        elif start in ("'", '"'):
            value = self._quoted()
        else:
            return self._bare(ends)
        self._skip_spaces()
        return value

    def _inside(self, closing: str, read_item: Callable[[], Any], kind: Callable) -> Any:
        """Return the items up to a closing bracket, separated by commas."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError(f'more than {_MAX_DEPTH} brackets are within each other')
        items = []
        while not self._takes(closing):
            items.append(read_item())
            if not self._takes(',') and self._next() != closing:
                rest = f', before {self._rest()!r}' if self.at < len(self.text) else ''
                raise ValueError(f'a comma or {closing!r} is missing{rest}')
        self.depth -= 1
        return kind(items)

    def _argument(self) -> tuple[str, Any]:
        match = _ARGUMENT.match(self.text, self.at)
        if match is None:
            raise ValueError(f'dict(...) takes KEY=VALUE, got {self._rest()!r}')
        self.at = match.end()
        return match[1], self._value(',)')

    def _pair(self) -> tuple[Any, Any]:
        key = self._value(':,}')
        if not self._takes(':'):
            raise ValueError(f'{{...}} takes KEY: VALUE, there is no colon after {key!r}')
        return key, self._value(',}')

    def _quoted(self) -> str:
        match = _QUOTED.match(self.text, self.at)
        if match is None:
            raise ValueError(f'a quote is not closed: {self._rest()!r}')
        self.at = match.end()
        try:
            return ast.literal_eval(match[0])
        except SyntaxError as error:
            raise ValueError(f'{match[0]} is no string: {error.msg}') from None

    def _bare(self, ends: str) -> Any:
        """Return what a text without quotes stands for."""
        start = self.at
        missing: list[str] = []
        while (character := self._next()) and (missing or character not in ends):
            if character in _CLOSING:
                missing.append(_CLOSING[character])
            elif character in _CLOSING.values() and (not missing or character != missing.pop()):
                raise ValueError(f'{character!r} closes no bracket')
            self.at += 1
        if missing:
            raise ValueError(f'{missing[-1]!r} is missing')
        return _scalar(self.text[start : self.at].strip())

    def _takes(self, character: str) -> bool:
        """Skip a character if it is the next one."""
        self._skip_spaces()
        found = self.text.startswith(character, self.at)
        self.at += found
        return found

    def _skip_spaces(self) -> None:
        while self._next().isspace():
            self.at += 1

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _rest(self) -> str:
        return self.text[self.at : self.at + 30]


def _dict_from(pairs: list[tuple[Any, Any]]) -> dict:
    """Return a dict of pairs.

    Raises:
        ValueError: A key is there twice, or cannot be one.
    """
    values = {}
    for key, value in pairs:
        try:
            doubled = key in values
        except TypeError:
            raise ValueError(f'{key!r} cannot be a key') from None
        if doubled:
            raise ValueError(f'the key {key!r} is there twice')
        values[key] = value
    return values


def _scalar(text: str) -> Any:
    if not text:
        raise ValueError('a value is missing')
    if call := _CALL.fullmatch(text):
        raise ValueError(f"code is not run: write dict(type='{call[1]}', ...), or quotes")
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return None if text == 'None' else _NAMES.get(text.lower(), text)
