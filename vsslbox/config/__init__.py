"""Check configs, replace values in them, compare and print them."""

from vsslbox.config.check import ConfigError, check_config
from vsslbox.config.difference import config_difference
from vsslbox.config.files import find_config
from vsslbox.config.keys import TOP_LEVEL
from vsslbox.config.length import set_epochs
from vsslbox.config.option_values import parse_value
from vsslbox.config.options import replace_values
from vsslbox.config.stored_config import read_stored_config

__all__ = [
    'TOP_LEVEL',
    'ConfigError',
    'check_config',
    'config_difference',
    'find_config',
    'parse_value',
    'read_stored_config',
    'replace_values',
    'set_epochs',
]
