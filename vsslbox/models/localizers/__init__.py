"""Models that find segments of time in untrimmed videos."""

from vsslbox.models.localizers.bmn import BMN

__all__ = ['BMN']
