"""Losses: pure functions, each with a thin module around it."""

from vsslbox.models.losses.info_nce_loss import InfoNCELoss, info_nce
from vsslbox.models.losses.intra_video_loss import IntraVideoLoss, intra_video_nce

__all__ = ['InfoNCELoss', 'IntraVideoLoss', 'info_nce', 'intra_video_nce']
