"""Self-supervised methods, one file each."""

from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor, NonFiniteLossError
from vsslbox.models.selfsup.vclr import VCLR

__all__ = ['VCLR', 'BaseSelfSupervisor', 'NonFiniteLossError']
