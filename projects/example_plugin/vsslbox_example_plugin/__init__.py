"""A loss and a backbone for vsslbox; importing this package registers them."""

from vsslbox_example_plugin.debiased_info_nce_loss import DebiasedInfoNCELoss
from vsslbox_example_plugin.tiny_conv_net import TinyConvNet

__all__ = ['DebiasedInfoNCELoss', 'TinyConvNet']
