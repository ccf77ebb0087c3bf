"""Hooks that run around training steps."""

from vsslbox.engine.hooks.bad_video_hook import BadVideoHook, TooManyBadVideosError
from vsslbox.engine.hooks.bank_list_hook import BankListHook
from vsslbox.engine.hooks.choose_readout_hook import ChooseReadoutHook
from vsslbox.engine.hooks.class_names_hook import ClassNamesHook
from vsslbox.engine.hooks.cluster_hook import ClusterHook
from vsslbox.engine.hooks.compilation_hook import CompilationHook
from vsslbox.engine.hooks.fill_queue_hook import FillQueueHook
from vsslbox.engine.hooks.freeze_backbone_hook import FreezeBackboneHook
from vsslbox.engine.hooks.health_hook import CollapseError, HealthHook
from vsslbox.engine.hooks.iteration_seed_hook import IterationSeedHook
from vsslbox.engine.hooks.recent_checkpoint_hook import RecentCheckpointHook
from vsslbox.engine.hooks.update_after_step_hook import UpdateAfterStepHook

__all__ = [
    'BadVideoHook',
    'BankListHook',
    'ChooseReadoutHook',
    'ClassNamesHook',
    'ClusterHook',
    'CollapseError',
    'CompilationHook',
    'FillQueueHook',
    'FreezeBackboneHook',
    'HealthHook',
    'IterationSeedHook',
    'RecentCheckpointHook',
    'TooManyBadVideosError',
    'UpdateAfterStepHook',
]
