"""Check configs, replace values in them, compare and print them."""

from vsslbox.config.check import TOP_LEVEL, ConfigError, check_config
from vsslbox.config.difference import config_difference
from vsslbox.config.options import replace_values

__all__ = [
    'TOP_LEVEL',
    'ConfigError',
    'check_config',
    'config_difference',
    'replace_values',
]
