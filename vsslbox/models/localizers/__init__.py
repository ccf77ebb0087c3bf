"""Models that localize segments in untrimmed videos."""

from vsslbox.models.localizers.bmn import BMN

__all__ = ['BMN']
