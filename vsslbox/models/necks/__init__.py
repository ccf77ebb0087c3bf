"""Necks: what stands between a backbone and the heads."""

from vsslbox.models.necks.mlp_neck import MLPNeck

__all__ = ['MLPNeck']
