"""The errors that are meant for users.

An error of this family is the user's to mend: its message names the file or the key and says what
would be right. The command line prints the message alone. Any other error is a bug and shows its
traceback.
"""

__all__ = ['InputError', 'InputTypeError', 'VSSLBoxError']


class VSSLBoxError(Exception):
    """The parent of every error that a user can mend."""


class InputError(VSSLBoxError, ValueError):
    """A value of a config, a list, a file or the command line that cannot be used."""


class InputTypeError(VSSLBoxError, TypeError):
    """Something of another type than a config may give at this place."""
