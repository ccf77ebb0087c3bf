"""Learning rate schedules that mmengine lacks."""

from vsslbox.engine.schedulers.short_warmups import without_short_warmups
from vsslbox.engine.schedulers.warmup_cosine_lr import WarmupCosineLR
from vsslbox.engine.schedulers.warmup_lr import WarmupLR

__all__ = ['WarmupCosineLR', 'WarmupLR', 'without_short_warmups']
