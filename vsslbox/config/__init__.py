"""Check configs, replace values in them, compare and print them."""

from vsslbox.config.check import TOP_LEVEL, ConfigError, check_config
from vsslbox.config.difference import config_difference
from vsslbox.config.options import replace_values
from vsslbox.utils.config_text import config_text

__all__ = [
    'TOP_LEVEL',
    'ConfigError',
    'check_config',
    'config_difference',
    'config_text',
    'replace_values',
]
