"""Self-supervised methods, one file each."""

from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.selfsup.byol import BYOL
from vsslbox.models.selfsup.cvrl import CVRL
from vsslbox.models.selfsup.dpc import DPC
from vsslbox.models.selfsup.moco import MoCo
from vsslbox.models.selfsup.momentum_self_supervisor import MomentumSelfSupervisor
from vsslbox.models.selfsup.multi_objective_self_supervisor import (
    MultiObjectiveSelfSupervisor,
)
from vsslbox.models.selfsup.pretext_classifier import PretextClassifier
from vsslbox.models.selfsup.rho_moco import RhoMoCo
from vsslbox.models.selfsup.rho_simclr import RhoSimCLR
from vsslbox.models.selfsup.seco import SeCo
from vsslbox.models.selfsup.swav import SwAV
from vsslbox.models.selfsup.vclr import VCLR
from vsslbox.models.selfsup.vclr_with_dpc import VCLRWithDPC
from vsslbox.models.selfsup.vdim import VDIM
from vsslbox.models.selfsup.vdim_temporal_difference import VDIMTemporalDifference
from vsslbox.models.selfsup.video_mae import VideoMAE
from vsslbox.models.selfsup.vie import VIE
from vsslbox.models.selfsup.vince import VINCE
from vsslbox.models.selfsup.vjepa import VJEPA

__all__ = [
    'BYOL',
    'CVRL',
    'DPC',
    'VCLR',
    'VDIM',
    'VIE',
    'VINCE',
    'VJEPA',
    'BaseSelfSupervisor',
    'MoCo',
    'MomentumSelfSupervisor',
    'MultiObjectiveSelfSupervisor',
    'PretextClassifier',
    'RhoMoCo',
    'RhoSimCLR',
    'SeCo',
    'SwAV',
    'VCLRWithDPC',
    'VDIMTemporalDifference',
    'VideoMAE',
]
