"""Necks: projections between a backbone and the heads."""

from vsslbox.models.necks.attentive_pooler import AttentivePooler
from vsslbox.models.necks.conv_gru import ConvGRU
from vsslbox.models.necks.mlp_neck import MLPNeck
from vsslbox.models.necks.residual_mlp_neck import ResidualMLPNeck
from vsslbox.models.necks.token_predictor import TokenPredictor

__all__ = [
    'AttentivePooler',
    'ConvGRU',
    'MLPNeck',
    'ResidualMLPNeck',
    'TokenPredictor',
]
