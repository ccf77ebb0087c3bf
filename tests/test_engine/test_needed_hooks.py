"""The runner adds the hooks that every training needs, unless a config replaces them."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from tests.distributed import run_on_processes
from tests.test_engine.test_cluster_hook import config as vie_config
from tests.test_engine.test_training import config as vclr_config
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.hooks import (
    BadVideoHook,
    BankListHook,
    ClassNamesHook,
    IterationSeedHook,
    RecentCheckpointHook,
    UpdateAfterStepHook,
)
from vsslbox.registry import DATASETS, HOOKS, MODELS

REPO = Path(__file__).resolve().parents[2]
NEEDED = [
    BadVideoHook,
    BankListHook,
    ClassNamesHook,
    IterationSeedHook,
    RecentCheckpointHook,
    UpdateAfterStepHook,
]


@HOOKS.register_module()
class CountingUpdateHook(UpdateAfterStepHook):
    """Counts the updates."""

    def __init__(self):
        self.count = 0

    def after_train_iter(self, runner, *args, **kwargs):
        self.count += 1
        super().after_train_iter(runner, *args, **kwargs)


@HOOKS.register_module()
class HighHook(Hook):
    """A hook of the user's own among the others."""


@DATASETS.register_module()
class BareNumbers(Dataset):
    """Tensors without data samples."""

    def __len__(self):
        return 8

    def __getitem__(self, key):
        return torch.ones(3)


@MODELS.register_module()
class BareRegressor(BaseModel):
    """Takes a batch that is a tensor."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, inputs, mode):
        return dict(loss=self.layer(inputs).square().mean())

    def train_step(self, data, optim_wrapper):
        losses = self(data, mode='loss')
        optim_wrapper.update_params(losses['loss'])
        return losses


def bare_config(work_dir, default_hooks=None, custom_hooks=None, **kwargs):
    """The config of a training that names no hooks."""
    cfg = vclr_config(work_dir, **kwargs)
    cfg.default_hooks = default_hooks
    cfg.custom_hooks = custom_hooks
    cfg.train_cfg.max_epochs = 1
    return cfg


def kinds(runner):
    return [type(hook) for hook in runner.hooks]


def test_the_base_config_names_none_of_them():
    hooks = Config.fromfile(REPO / 'configs/_base_/default_runtime.py').default_hooks
    assert not {cfg.type for cfg in hooks.values()} & {kind.__name__ for kind in NEEDED}


def test_order_of_the_hooks(tmp_path):
    names = ['RuntimeInfoHook', 'IterationSeedHook', 'UpdateAfterStepHook', 'ClassNamesHook']
    names += ['BankListHook']
    names += ['IterTimerHook', 'DistSamplerSeedHook', 'BadVideoHook', 'HighHook', 'LoggerHook']
    names += ['ParamSchedulerHook', 'CheckpointHook', 'RecentCheckpointHook']
    runner = build_runner(bare_config(tmp_path, custom_hooks=[dict(type='HighHook')]))
    assert [kind.__name__ for kind in kinds(runner)] == names
    high = dict(type='HighHook', priority='VERY_HIGH')
    runner = build_runner(bare_config(tmp_path / 'high', custom_hooks=[high]))
    names.insert(4, names.pop(names.index('HighHook')))
    assert [kind.__name__ for kind in kinds(runner)] == names
    assert high['priority'] == 'VERY_HIGH'


def trained(work_dir, launcher='none', **hooks):
    """What a short training without named hooks leaves: momentum encoder and queue."""
    runner = build_runner(bare_config(work_dir, launcher=launcher, **hooks))
    model = getattr(runner.model, 'module', runner.model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    runner.train()
    after = model.state_dict()
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert any(name.startswith('momentum_backbone') for name in moved)
    assert after['heads.inter.queue.pointer'] == 24 % len(after['heads.inter.queue.features'])
    return {name: value for name, value in after.items() if name.startswith('momentum_backbone')}


def test_momentum_moves_without_a_line_in_the_config(tmp_path):
    trained(tmp_path)


def test_a_config_without_runner_type_has_them_too(tmp_path):
    cfg = bare_config(tmp_path)
    cfg.pop('runner_type', None)
    assert set(NEEDED) <= set(kinds(build_runner(cfg)))


@pytest.mark.slow
def test_momentum_moves_on_two_processes(tmp_path):
    first, second = run_on_processes(trained, 2, tmp_path, 'pytorch')
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('place', 'built'), [('default_hooks', False), ('custom_hooks', False), ('custom_hooks', True)]
)
def test_a_replaced_hook_is_used_once(tmp_path, place, built):
    update = CountingUpdateHook() if built else dict(type='CountingUpdateHook')
    share = dict(type='BadVideoHook', max_share=0.2)
    hooks = {'default_hooks': dict(update_after_step=update, bad_videos=share)}
    if place == 'custom_hooks':
        hooks = {'custom_hooks': [update, share]}
    runner = build_runner(bare_config(tmp_path, **hooks))
    assert UpdateAfterStepHook not in kinds(runner)
    (update,) = (hook for hook in runner.hooks if isinstance(hook, UpdateAfterStepHook))
    (share,) = (hook for hook in runner.hooks if isinstance(hook, BadVideoHook))
    assert share.max_share == 0.2
    runner.train()
    assert update.count == 6


@pytest.mark.parametrize('name', ['update_after_step', 'iteration_seed', 'bad_videos'])
def test_none_removes_none_of_them(tmp_path, name):
    with pytest.raises(ValueError, match=rf'`default_hooks.{name}` must be a hook; None removes'):
        build_runner(bare_config(tmp_path, default_hooks={name: None}))
    assert BadVideoHook in kinds(build_runner(bare_config(tmp_path, dict(timer=None))))


def test_none_removes_the_recent_checkpoint(tmp_path):
    hooks = kinds(build_runner(bare_config(tmp_path, dict(recent_checkpoint=None))))
    assert RecentCheckpointHook not in hooks
    assert set(NEEDED) - {RecentCheckpointHook} <= set(hooks)


def test_a_bank_is_bound_without_a_line_in_the_config(tmp_path):
    cfg = vie_config(tmp_path, model=dict(num_videos=23))
    cfg.custom_hooks = cfg.custom_hooks[1:]
    with pytest.raises(ValueError, match='the bank has 23 rows, the training list 24 videos'):
        build_runner(cfg).train()


def test_batches_without_data_samples_are_fine(tmp_path):
    cfg = bare_config(tmp_path)
    cfg.model = dict(type='BareRegressor')
    cfg.train_dataloader.dataset = dict(type='BareNumbers')
    build_runner(cfg).train()
    assert not (tmp_path / 'bad_videos.txt').exists()
