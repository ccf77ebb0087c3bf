"""Helpers that know nothing of models or data."""

from vsslbox.utils.config_check import ConfigError, check_config

__all__ = ['ConfigError', 'check_config']
