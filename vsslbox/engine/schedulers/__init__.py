"""Learning rate schedules that mmengine lacks."""

from vsslbox.engine.schedulers.warmup_cosine_lr import WarmupCosineLR

__all__ = ['WarmupCosineLR']
