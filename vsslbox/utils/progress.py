"""Progress of long work."""

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import track as draw_bar

__all__ = ['track']

Item = TypeVar('Item')

OFTEN, SELDOM = 10, 600  # seconds between two lines, at least and at most


def track(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Yield items, and show on standard error how many are done and how long the rest takes.

    A terminal has a bar. Files get plain lines, about one for each tenth of the work.

    Args:
        items: The items.
        title: What is done, such as ``'features'``.
        total: Their number.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        # No thread redraws the bar: forking is unsafe while another thread runs.
        yield from draw_bar(items, title, total, auto_refresh=False, console=console)
        return
    started = shown = time.monotonic()
    tenths = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        is_news = 10 * done // total > tenths and now - shown >= OFTEN
        if is_news or now - shown >= SELDOM or done == total:
            left = timedelta(seconds=round((now - started) * (total - done) / done))
            rest = f', {left} left' if done < total else ''
            print(f'{title}: {done} of {total}{rest}', file=sys.stderr, flush=True)
            shown, tenths = now, 10 * done // total
