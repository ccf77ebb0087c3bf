"""Trainings that are made to collapse raise the alarm, and a healthy one does not."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from torch.utils.data import Dataset

from tests.conftest import REPO
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.hooks import CollapseError
from vsslbox.models.selfsup import BYOL
from vsslbox.registry import DATASETS, MODELS
from vsslbox.structures import SampleKey

STEPS = 60


@DATASETS.register_module()
class NoisyPatterns(Dataset):
    """A smooth pattern of colours for each of 64 samples: two views, moved, lit and noisy."""

    def __len__(self):
        return 64

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        pattern = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(key.index))
        pattern = 255 * F.interpolate(pattern, size=(24, 24), mode='bilinear')[0]
        generator = torch.Generator().manual_seed(int(key.rng().integers(2**31)))
        views = []
        for _ in range(2):
            shift = torch.randint(-4, 5, (2,), generator=generator).tolist()
            light = 0.6 + 0.8 * torch.rand(3, 1, 1, generator=generator)
            noise = 20 * torch.randn(3, 24, 24, generator=generator)
            view = pattern.roll(shift, dims=(1, 2)) * light + noise
            views.append(view.clamp(0, 255).to(torch.uint8)[:, None])
        sample = ActionDataSample(metainfo=dict(index=key.index, attributes={}, bad_videos=[]))
        return dict(inputs=views, data_samples=sample)


@MODELS.register_module()
class BYOLWithoutStopGradient(BYOL):
    """BYOL whose targets are the network's own embeddings, with gradient."""

    def _targets(self, clips):
        return self.embed(clips)


def config(work_dir, model='BYOL', norm_cfg=None, momentum=0.9, lr=0.05):
    neck = dict(
        type='MLPNeck', in_channels=32, hidden_channels=64, out_channels=16, norm_cfg=norm_cfg
    )
    config = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    config.merge_from_dict(
        dict(
            model=dict(
                type=model,
                backbone=dict(
                    type='NarrowResNet', depth=18, base_channels=4, norm_cfg=dict(type='BN')
                ),
                neck=neck,
                predictor=dict(neck, in_channels=16),
                loss=dict(type='CosineRegressionLoss'),
                momentum=momentum,
            ),
            work_dir=str(work_dir),
            experiment_name=work_dir.name,
            train_dataloader=dict(
                batch_size=16,
                num_workers=0,
                drop_last=True,
                sampler=dict(type='EpochSampler'),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='NoisyPatterns'),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=STEPS // 4),
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=lr, momentum=0.9)
            ),
            default_hooks=dict(health=dict(interval=5, on_collapse='stop')),
            log_level='ERROR',
        )
    )
    return config


BATCH_NORM = dict(type='BN1d')


@pytest.mark.slow
@pytest.mark.parametrize(
    'collapsing',
    [
        dict(model='BYOLWithoutStopGradient', norm_cfg=BATCH_NORM),
        dict(momentum=0.0),  # and no BatchNorm in the projection, which alone prevents it
        dict(lr=5.0),  # a hundred times the rate, no BatchNorm either
    ],
    ids=['no-stop-gradient', 'no-momentum', 'high-rate'],
)
def test_a_forced_collapse_stops_the_run(tmp_path, collapsing):
    runner = build_runner(config(tmp_path, **collapsing))
    with pytest.raises(CollapseError, match='nearly the same'):
        runner.train()
    assert runner.iter < STEPS


@pytest.mark.slow
@pytest.mark.parametrize(
    'changes', [{}, dict(momentum=0.0), dict(lr=5.0)], ids=['as-it-is', 'no-momentum', 'high-rate']
)
def test_with_batch_norm_in_the_projection_a_run_goes_on(tmp_path, changes):
    runner = build_runner(config(tmp_path, norm_cfg=BATCH_NORM, **changes))
    runner.train()
    assert runner.iter == STEPS
