"""Losses: pure functions, each with a thin module around it."""

from vsslbox.models.losses.cosine_regression_loss import (
    CosineRegressionLoss,
    cosine_regression,
)
from vsslbox.models.losses.dense_prediction_loss import dense_prediction_nce
from vsslbox.models.losses.feature_prediction_loss import FeaturePredictionLoss, feature_l1
from vsslbox.models.losses.info_nce_loss import InfoNCELoss, info_nce
from vsslbox.models.losses.instance_recognition_loss import InstanceRecognitionLoss, instance_nce
from vsslbox.models.losses.intra_video_loss import IntraVideoLoss, intra_video_nce
from vsslbox.models.losses.local_aggregation_loss import LocalAggregationLoss, local_aggregation
from vsslbox.models.losses.masked_pixel_loss import (
    MaskedPixelLoss,
    masked_pixel_error,
    normalized_cubes,
    pixel_cubes,
)
from vsslbox.models.losses.multi_scale_info_nce_loss import (
    MultiScaleInfoNCELoss,
    position_info_nce,
)
from vsslbox.models.losses.nt_xent_loss import NTXentLoss, nt_xent
from vsslbox.models.losses.swapped_prediction_loss import (
    SwappedPredictionLoss,
    sinkhorn,
    swapped_prediction,
)

__all__ = [
    'CosineRegressionLoss',
    'FeaturePredictionLoss',
    'InfoNCELoss',
    'InstanceRecognitionLoss',
    'IntraVideoLoss',
    'LocalAggregationLoss',
    'MaskedPixelLoss',
    'MultiScaleInfoNCELoss',
    'NTXentLoss',
    'SwappedPredictionLoss',
    'cosine_regression',
    'dense_prediction_nce',
    'feature_l1',
    'info_nce',
    'instance_nce',
    'intra_video_nce',
    'local_aggregation',
    'masked_pixel_error',
    'normalized_cubes',
    'nt_xent',
    'pixel_cubes',
    'position_info_nce',
    'sinkhorn',
    'swapped_prediction',
]
