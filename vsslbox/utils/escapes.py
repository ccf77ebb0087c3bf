"""Names of files, which may be any bytes: as printable text, and whether they are UTF-8."""

__all__ = ['escaped', 'is_utf8']

_SHORT = {'\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r'}


def escaped(text: str) -> str:
    r"""Return text with an escape for each backslash and each character that is not printable.

    Different texts stay different. The escapes are Python's: ``\n``, ``\t``, ``\r``, ``\\``,
    ``\u2028``. ``\xff`` is a byte of a file name that is not UTF-8.
    """
    return ''.join(_SHORT.get(c) or (c if c.isprintable() else _code(c)) for c in text)


def is_utf8(name: str) -> bool:
    """Return whether the name of a file is UTF-8, so that a list or another library can hold it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _code(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # how Python holds a byte that is not UTF-8
        return f'\\x{number - 0xDC00:02x}'
    return f'\\u{number:04x}' if number < 0x10000 else f'\\U{number:08x}'
