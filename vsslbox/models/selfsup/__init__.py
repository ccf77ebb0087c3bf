"""Self-supervised methods, one file each."""

from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.selfsup.cvrl import CVRL
from vsslbox.models.selfsup.momentum_self_supervisor import MomentumSelfSupervisor
from vsslbox.models.selfsup.vclr import VCLR
from vsslbox.models.selfsup.vdim import VDIM
from vsslbox.models.selfsup.vdim_temporal_difference import VDIMTemporalDifference
from vsslbox.models.selfsup.vie import VIE

__all__ = [
    'CVRL',
    'VCLR',
    'VDIM',
    'VIE',
    'BaseSelfSupervisor',
    'MomentumSelfSupervisor',
    'VDIMTemporalDifference',
]
