"""Checking configs, and replacing values in them."""

from vsslbox.config.check import ConfigError, check_config
from vsslbox.config.options import replace_values

__all__ = ['ConfigError', 'check_config', 'replace_values']
