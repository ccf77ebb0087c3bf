"""Short trainings by the recipes, in float64, with a record of every step.

A recipe's config is made small: a narrow network, few samples and a few values of noise in each.
What the method computes stays as the recipe has it. The runner trains it, and a hook records what
went in, the losses and the whole state after each step.
"""

import tempfile
from dataclasses import dataclass

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.dist import get_rank, get_world_size, is_distributed
from mmengine.hooks import Hook
from torch.utils.data import Dataset

from tests.conftest import REPO
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.runner import SSLRunner
from vsslbox.registry import DATASETS, HOOKS, RUNNERS
from vsslbox.structures import SampleKey

__all__ = ['RECIPES', 'Record', 'Step', 'recipe', 'train']

BATCH = 8  # samples of all processes together
VIDEOS = 12
# The encoder of VDIM without its third and fourth layer: the layers 5, 6 and 8 are now 3, 4 and 6,
# with as many positions, of clips of 32x32 pixels.
VDIM_LAYERS = [
    (1, 5, 2, 5, 2),
    (1, 3, 1, 3, 1),
    (8, 2, 2, 2, 2),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
]


@dataclass
class Step:
    """What a process saw and did in one step of the optimizer."""

    inputs: list  # uint8 views [N, 3, T, H, W]
    samples: list  # dicts of what the views' data samples hold
    rate: float
    losses: dict
    state: dict  # after the step


@dataclass
class Record:
    """A training as one process sees it."""

    trained: list  # the names of the weights that the optimizer trains
    start: dict  # the state before the first step
    steps: list

    def __post_init__(self):
        self.steps = [Step(**step) for step in self.steps]


@RUNNERS.register_module()
class Float64Runner(SSLRunner):
    """A runner whose model computes in float64."""

    def wrap_model(self, model_wrapper_cfg, model):
        return super().wrap_model(model_wrapper_cfg, model.double())


@HOOKS.register_module()
class RecordHook(Hook):
    """Record every step; it runs before the schedule moves and after all else."""

    priority = 'BELOW_NORMAL'

    def __init__(self):
        self.steps = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        (self.rate,) = {group['lr'] for group in runner.optim_wrapper.param_groups}
        if not self.steps:
            model = unwrapped(runner.model)
            self.trained = [n for n, p in model.named_parameters() if p.requires_grad]
            self.start = copied(model.state_dict())

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        samples = data_batch['data_samples']
        step = dict(
            inputs=[view.clone() for view in data_batch['inputs']],
            samples=[dict(sample.all_items()) for sample in samples],
            rate=self.rate,
            losses={name: value.item() for name, value in outputs.items()},
            state=copied(unwrapped(runner.model).state_dict()),
        )
        self.steps.append(step)


def unwrapped(model):
    return getattr(model, 'module', model)


def copied(state):
    return {name: value.clone() for name, value in state.items()}


@DATASETS.register_module()
class NoiseVideos(Dataset):
    """Videos whose views are noise around a colour of their own; they depend only on the key.

    Args:
        views: The frames and the size of each view.
        num_segments: The segments of a tuple, for VCLR's order task; 0 for other methods.
    """

    def __init__(self, views, num_segments=0):
        self.views = views
        self.num_segments = num_segments

    def __len__(self):
        return VIDEOS

    def __getitem__(self, key):
        rng = key.rng() if isinstance(key, SampleKey) else np.random.default_rng(key)
        colour = rng.integers(256, size=(3, 1, 1, 1))
        noise = [rng.integers(256, size=(3, frames, size, size)) for frames, size in self.views]
        sample = ActionDataSample(metainfo=dict(index=key.index, attributes={}, bad_videos=[]))
        if self.num_segments:
            shuffled = rng.integers(2, size=2)
            orders = [rng.permutation(self.num_segments) for _ in shuffled]
            forward = np.arange(self.num_segments)
            orders = [order if is_so else forward for order, is_so in zip(orders, shuffled)]
            moved = [bool((order != forward).any()) for order in orders]
            outer = rng.integers(2) * (self.num_segments - 1)
            sample.set_data(
                dict(
                    query_segment=torch.tensor(outer),
                    orders=torch.from_numpy(np.stack(orders)),
                    order_label=torch.tensor(moved[0] + 2 * moved[1]),
                )
            )
        inputs = [torch.from_numpy((colour + view) // 2).to(torch.uint8) for view in noise]
        return dict(inputs=inputs, data_samples=sample)

    def list_hash(self):
        return '0' * 63 + '1'


def recipe(path, views, steps, num_segments=0, **small):
    """Return a recipe's config for a training of a few steps, one step an epoch.

    Args:
        path: Its path below ``configs``.
        views: As for :class:`NoiseVideos`.
        steps: The number of steps.
        num_segments: As for :class:`NoiseVideos`.
        small: What is smaller than in the recipe; it is merged into the config.
    """
    cfg = Config.fromfile(REPO / 'configs' / path)
    cfg.merge_from_dict(small)
    cfg.train_dataloader.update(
        batch_size=BATCH,
        num_workers=0,
        persistent_workers=False,
        pin_memory=False,
    )
    videos = dict(type='NoiseVideos', views=views, num_segments=num_segments)
    cfg.train_dataloader.dataset = videos
    cfg.train_cfg.max_epochs = steps
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='RecordHook')]
    cfg.default_hooks.update(checkpoint=None, logger=None, recent_checkpoint=None)
    cfg.runner_type = 'vsslbox.Float64Runner'
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.log_level = 'ERROR'
    return cfg


SMALL_NECK = dict(in_channels=32, hidden_channels=16, out_channels=8)


def vclr(**model):
    small = dict(
        backbone=dict(type='NarrowResNet', depth=18, base_channels=4, init_cfg=None),
        neck=dict(SMALL_NECK, init_cfg=None),
        inter=dict(queue=dict(size=40, channels=8)),
        video=dict(queue=dict(size=40, channels=8)),
        order=dict(in_channels=8),
    )
    cfg = recipe(
        'vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py',
        views=[(3, 32), (3, 32), (1, 32)],
        num_segments=3,
        steps=7,  # two of them after the warm-up
        model=small,
    )
    cfg.merge_from_dict(dict(model=model))
    return cfg


def cvrl(weight_decay=None, **model):
    cfg = recipe(
        'cvrl/cvrl_r3d50_32xb32-16x2-800e_kinetics400.py',
        views=[(4, 32)] * 2,
        steps=7,  # two of them after the warm-up
        model=dict(backbone=dict(depth=18, base_channels=4), neck=SMALL_NECK),
    )
    cfg.merge_from_dict(dict(model=model))
    if weight_decay is not None:
        cfg.optim_wrapper.optimizer.weight_decay = weight_decay
    return cfg


def vdim(**loss):
    cfg = recipe(
        'vdim/vdim_r21d_16xb15-32f-100k_kinetics600.py',
        views=[(32, 32)] * 2,
        steps=5,
        model=dict(
            backbone=dict(base_channels=1, extra_blocks=1, layers=VDIM_LAYERS),
            neck=dict(in_channels=8, out_channels=6),
            loss=dict(layers=[3, 4, 6], other_layers=[6]),
        ),
        # A warm-up of 500 steps would hardly change the weights.
        param_scheduler=dict(start_factor=1 / 3, end=3),
    )
    cfg.merge_from_dict(dict(model=dict(loss=loss)))
    return cfg


def vie(**warmup_loss):
    cfg = recipe(
        'vie/vie-single_r18_1xb128-1-734e_kinetics400.py',
        views=[(1, 32)],
        steps=10,  # five of either loss
        model=dict(
            backbone=dict(base_channels=4),
            neck=dict(in_channels=32, out_channels=8),
            bank=dict(num_videos=VIDEOS, channels=8),
            warmup_steps=5,
            warmup_loss=dict(num_noise=6),
            loss=dict(background_size=7),
        ),
        param_scheduler=dict(milestones=[3, 8]),
    )
    cfg.custom_hooks[0].num_clusters = 3
    cfg.merge_from_dict(dict(model=dict(warmup_loss=warmup_loss)))
    return cfg


# Each method as its recipe has it, following the authors' code, and with the paper's choices.
RECIPES = {
    ('VCLR', 'code'): vclr,
    ('VCLR', 'paper'): lambda: vclr(intra=dict(form='joint'), order=dict(norm_axis='channel')),
    ('CVRL', 'code'): cvrl,
    ('CVRL', 'paper'): lambda: cvrl(weight_decay=0, loss=dict(reduction='mean')),
    ('VDIM', 'code'): vdim,
    ('VDIM', 'paper'): lambda: vdim(scale=False, clip=None, penalty=0, mask_same_video=False),
    ('VIE', 'code'): vie,
    ('VIE', 'paper'): lambda: vie(form='softmax'),
}


def train(names):
    """Train recipes on this process's share of the samples; return the fields of a record each."""
    records = {}
    for name in names:
        cfg = RECIPES[name]()
        cfg.train_dataloader.batch_size //= get_world_size()
        cfg.launcher = 'pytorch' if is_distributed() else 'none'
        with tempfile.TemporaryDirectory() as folder:
            cfg.work_dir = f'{folder}/{get_rank()}'
            cfg.experiment_name = folder  # runs of one second would share their visualizer
            runner = build_runner(cfg)
            runner.train()
        (hook,) = (hook for hook in runner.hooks if isinstance(hook, RecordHook))
        records[name] = dict(trained=hook.trained, start=hook.start, steps=hook.steps)
    return records
