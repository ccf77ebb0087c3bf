"""A loss, a backbone and a protocol for vsslbox; importing this package registers them."""

from vsslbox_example_plugin.debiased_info_nce_loss import DebiasedInfoNCELoss
from vsslbox_example_plugin.nearest_mean_metric import NearestMeanMetric
from vsslbox_example_plugin.tiny_conv_net import TinyConvNet

__all__ = ['DebiasedInfoNCELoss', 'NearestMeanMetric', 'TinyConvNet']
