"""The log file has everything, the terminal what a reader follows."""

import logging

__all__ = ['keep_short']

# How the messages of mmengine begin that only the file needs. The metrics of a test follow as a
# table.
FILE_ONLY = (
    'System environment:',
    'Config:',
    'Hooks will be executed',
    'Distributed training is not used',
    'Epoch(test)',
    'Exp name:',
)


def keep_short(logger: logging.Logger) -> None:
    """Keep environment, config and hooks of a run from the terminal; its log file has them."""
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(_is_for_the_terminal)


def _is_for_the_terminal(record: logging.LogRecord) -> bool:
    message = record.getMessage().lstrip('\n-')
    return record.levelno > logging.INFO or not message.startswith(FILE_ONLY)
