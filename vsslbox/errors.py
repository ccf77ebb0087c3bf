"""The errors that users can fix.

The message of such an error names the file or the key and says what would be right. The command
line prints the message alone. Any other error is a bug and shows its traceback.

Every class can be built from one string: torch re-raises a worker's error that way.
"""

__all__ = ['InputError', 'InputTypeError', 'VSSLBoxError']


class VSSLBoxError(Exception):
    """The parent of every error that a user can fix.

    Attributes:
        exit_status: That of a command that ends with the error.
    """

    exit_status = 1


class InputError(VSSLBoxError, ValueError):
    """A value of a config, a list, a file or the command line that cannot be used."""


class InputTypeError(VSSLBoxError, TypeError):
    """A value of a config whose type is wrong at its place."""
