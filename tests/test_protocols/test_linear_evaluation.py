"""Linear evaluation and fine-tuning of a CVRL pretraining, on real files by the real configs."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope

from tests.distributed import run_on_processes
from tests.tools import run_tool
from vsslbox.apis.command_line import build_runner
from vsslbox.registry import HOOKS, MODELS
from vsslbox.utils import file_sha256

REPO = Path(__file__).resolve().parents[2]
BENCHMARKS = REPO / 'configs' / 'cvrl' / 'benchmarks'
LINEAR = BENCHMARKS / 'linear_r3d50_8xb16-32x2-50e_ucf101.py'
FINETUNE = BENCHMARKS / 'finetune_r3d50_8xb16-32x2-50e_ucf101.py'
BACKBONE = dict(type='R3DResNet', depth=18, base_channels=4, padding='same')
# What makes a config of the benchmarks small: clips of 4 frames and 32 pixels, a narrow network.
SMALL = {
    'model.backbone.depth': 18,
    'model.backbone.base_channels': 4,
    'model.cls_head.in_channels': 32,
    'model.cls_head.num_classes': 2,
    'train_dataloader.dataset.pipeline.sample.clip_len': 4,
    'train_dataloader.dataset.pipeline.augment.transforms.crop.size': 32,
    'val_dataloader.dataset.pipeline.sample.clip_len': 4,
    'val_dataloader.dataset.pipeline.augment.transforms.resize.short_side': 32,
    'val_dataloader.dataset.pipeline.augment.transforms.crop.size': 32,
    'test_dataloader.dataset.pipeline.sample.clip_len': 4,
    'test_dataloader.dataset.pipeline.sample.num_clips': 2,
    'test_dataloader.dataset.pipeline.augment.transforms.resize.short_side': 32,
    'test_dataloader.dataset.pipeline.crops.size': 32,
    **{
        f'{loader}_dataloader.{key}': value
        for loader in ('train', 'val', 'test')
        for key, value in {
            'num_workers': 0,
            'dataset.data_prefix.video': '',
            'dataset.ann_file': 'classes.txt',
        }.items()
    },
    'train_dataloader.persistent_workers': False,
    'train_dataloader.batch_size': 4,
    'train_cfg.max_epochs': 2,
    'default_hooks.logger.interval': 1,
}


@HOOKS.register_module()
class HeadAloneHook(Hook):
    """Check before every step that gradients reach the head and nothing else."""

    def before_train(self, runner):
        self.model = getattr(runner.model, 'module', runner.model)
        runner.optim_wrapper.optimizer.register_step_pre_hook(self.check)

    def check(self, optimizer, args, kwargs):
        assert self.model.training
        assert not any(m.training for m in self.model.backbone.modules() if is_norm(m))
        reached = {n for n, p in self.model.named_parameters() if p.grad is not None}
        assert reached == {'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}


def is_norm(module):
    return isinstance(module, torch.nn.modules.batchnorm._BatchNorm)


@pytest.fixture(scope='module')
def videos(video_folder):
    """A folder of videos with a list of two classes."""
    (video_folder / 'classes.txt').write_text(''.join(f'video{i}.mp4 {i % 2}\n' for i in range(8)))
    return video_folder


def pretraining_model():
    return dict(
        type='vsslbox.CVRL',
        data_preprocessor=dict(type='ViewsPreprocessor', mean=[0, 0, 0], std=[255, 255, 255]),
        backbone=BACKBONE,
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
        loss=dict(type='NTXentLoss'),
    )


@pytest.fixture(scope='module')
def pretrained(videos, tmp_path_factory):
    """The checkpoint of a pretraining by CVRL, as the runner saves it."""
    work_dir = tmp_path_factory.mktemp('pretrained')
    config = Config.fromfile(REPO / 'configs/_base_/default_runtime.py')
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='SampleTemporalInterval', clip_len=4),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=[dict(type='DistortedBoxCrop', size=32)]),
        dict(type='PackViews'),
    ]
    config.merge_from_dict(
        dict(
            model=pretraining_model(),
            work_dir=str(work_dir),
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                sampler=dict(type='EpochSampler'),
                collate_fn=dict(type='default_collate'),
                dataset=dict(type='VideoDataset', data_root=str(videos), pipeline=pipeline),
            ),
            train_cfg=dict(type='ResumableTrainLoop', max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            log_level='ERROR',
        )
    )
    build_runner(config).train()
    return work_dir / 'epoch_1.pth'


def small_config(path, videos, pretrained, work_dir, **changes):
    config = Config.fromfile(path)
    config.merge_from_dict(SMALL)
    for loader in ('train', 'val', 'test'):
        config[f'{loader}_dataloader'].dataset.data_root = str(videos)
    config.model.backbone.init_cfg.checkpoint = str(pretrained)
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.work_dir = str(work_dir)
    config.log_level = 'ERROR'
    config.merge_from_dict(changes)
    return config


def weights_of(path, part):
    state = torch.load(path, weights_only=True)['state_dict']
    return {k.removeprefix(part): v for k, v in state.items() if k.startswith(part)}


def differing(first, second):
    assert first.keys() == second.keys()
    return {name for name, value in first.items() if not torch.equal(value, second[name])}


def test_linear_evaluation_trains_the_head_alone(videos, pretrained, tmp_path):
    hooks = [dict(type='HeadAloneHook')]
    config = small_config(LINEAR, videos, pretrained, tmp_path, custom_hooks=hooks)
    build_runner(config).train()
    trained = [tmp_path / f'epoch_{epoch}.pth' for epoch in (1, 2)]
    for path in trained:
        # All tensors: running statistics and counters too.
        assert not differing(weights_of(path, 'backbone.'), weights_of(pretrained, 'backbone.'))
    heads = [weights_of(path, 'cls_head.') for path in trained]
    assert differing(*heads) == {'fc_cls.weight', 'fc_cls.bias'}


def test_fine_tuning_trains_everything(videos, pretrained, tmp_path):
    """The test above could not fail if the runner changed nothing anyway."""
    build_runner(small_config(FINETUNE, videos, pretrained, tmp_path)).train()
    backbones = [weights_of(path, 'backbone.') for path in (pretrained, tmp_path / 'epoch_2.pth')]
    assert differing(*backbones) == backbones[0].keys()


def linear_on_two_processes(videos, pretrained, work_dir):
    hooks = [dict(type='HeadAloneHook')]
    changes = {'custom_hooks': hooks, 'train_dataloader.batch_size': 2, 'launcher': 'pytorch'}
    config = small_config(LINEAR, videos, pretrained, work_dir, **changes)
    runner = build_runner(config)
    runner.train()
    return runner.model.module.state_dict()


@pytest.mark.slow
def test_linear_evaluation_on_two_processes(videos, pretrained, tmp_path):
    states = run_on_processes(linear_on_two_processes, 2, videos, pretrained, tmp_path)
    assert not differing(*states)
    backbone = {k[9:]: v for k, v in states[0].items() if k.startswith('backbone.')}
    assert not differing(backbone, weights_of(pretrained, 'backbone.'))


def test_frozen_features_are_those_of_the_pretraining(videos, pretrained, tmp_path):
    config = small_config(LINEAR, videos, pretrained, tmp_path)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        recognizer = MODELS.build(config.model)
        recognizer.init_weights()
        cvrl = MODELS.build(pretraining_model()).eval()
    cvrl.load_state_dict(weights_of(pretrained, ''))
    recognizer.train()
    clips = torch.randint(256, (3, 1, 3, 4, 32, 32), dtype=torch.uint8)
    batch = recognizer.data_preprocessor(dict(inputs=list(clips), data_samples=[None] * 3))
    features, _ = recognizer.extract_feat(batch['inputs'])
    views = cvrl.data_preprocessor(dict(inputs=[clips[:, 0]], data_samples=[]))['inputs']
    expected = cvrl(views, mode='tensor')
    assert expected.std(dim=0).mean() > 1e-3
    assert torch.allclose(features.mean(dim=(2, 3, 4)), expected, atol=1e-5, rtol=1e-5)


def test_probabilities_are_averaged_over_clips_and_crops(videos, pretrained, tmp_path):
    config = small_config(LINEAR, videos, pretrained, tmp_path)
    runner = build_runner(config)
    runner.model.init_weights()
    runner.model.eval()
    batch = next(iter(runner.build_dataloader(config.test_dataloader)))
    names = [view['name'] for view in batch['data_samples'][0].views]
    places = ('left', 'middle', 'right')
    assert names == [f'clip{clip}_{place}' for clip in range(2) for place in places]
    with torch.no_grad():
        (result,) = runner.model.test_step(batch)

    model = runner.model.double()
    total = torch.zeros(2, dtype=torch.float64)
    for clip in batch['inputs'][0]:
        feature = model.backbone(clip[None].double() / 255)[0].flatten(1).mean(dim=1)
        feature = feature / feature.square().sum().sqrt()
        scores = model.cls_head.fc_cls.weight @ feature + model.cls_head.fc_cls.bias
        total += scores.exp() / scores.exp().sum()
    assert torch.allclose(result.pred_scores.item.double(), total / 6, atol=1e-5)


def run(tool, *arguments, pretrained):
    result = run_tool(f'{tool}.py', *arguments, VSSLBOX_CVRL=str(pretrained))
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.slow
def test_from_a_pretraining_to_an_accuracy(videos, pretrained, tmp_path):
    """The command line tools: one epoch, validation, and the test of what it gave."""
    options = [f'{key}={value}' for key, value in {**SMALL, 'train_cfg.max_epochs': 1}.items()]
    common = ['--data-root', videos, '--cfg-options', *options]
    run('train', LINEAR, '--work-dir', tmp_path, *common, pretrained=pretrained)
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    validation = json.loads(log.read_text().splitlines()[-1])
    assert validation['acc/top1'] in {n / 8 for n in range(9)}
    checkpoint = tmp_path / 'epoch_1.pth'
    run(
        'test', LINEAR, checkpoint, '--work-dir', tmp_path / 'test', *common,
        pretrained=tmp_path / 'not needed any more',
    )  # fmt: skip
    record = json.loads((tmp_path / 'test' / 'metrics.json').read_text())
    assert record['checkpoint_sha256'] == file_sha256(checkpoint)
    assert record['test']['videos'] == 8
    metrics = record['metrics']
    assert {'acc/top1', 'acc/top5', 'acc/mean1'} <= metrics.keys()
    assert metrics['acc/top1'] in {n / 8 for n in range(9)}
