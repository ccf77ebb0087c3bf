"""Checkpoints of every known naming fill a network completely, and nothing else does."""

import argparse
import copy
import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner
from torch import nn

from vsslbox.checkpoints.initializers.pretrained_backbone import PretrainedBackbone
from vsslbox.checkpoints.loading import (
    CheckpointError,
    LoadReport,
    load_checkpoint,
    load_model,
    load_weights,
)
from vsslbox.checkpoints.names import canonical_name, describe, resnet_depth
from vsslbox.utils import file_sha256

IMAGES = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)


def build(type_: str = 'ResNet', depth: int = 18, **kwargs) -> nn.Module:
    """A backbone of mmaction2, as torch initializes it."""
    module = MODELS.build(dict(type=f'mmaction.{type_}', depth=depth, **kwargs))
    module.eval()
    return module


@pytest.fixture(scope='module')
def pretrained() -> nn.Module:
    """A ResNet-18 whose tensors, norms and their statistics included, all differ."""
    module = build()
    generator = torch.Generator().manual_seed(0)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
    return module


def in_torchvision(name: str) -> str:
    """Return torchvision's name for one of mmaction2's ResNet."""
    for number in ('1', '2', '3'):
        name = name.replace(f'conv{number}.conv.', f'conv{number}.')
        name = name.replace(f'conv{number}.bn.', f'bn{number}.')
    return name.replace('downsample.conv.', 'downsample.0.').replace(
        'downsample.bn.', 'downsample.1.'
    )


def torchvision(module: nn.Module) -> dict:
    return {in_torchvision(name): value for name, value in module.state_dict().items()}


def torchvision_file(module: nn.Module) -> dict:
    return {**torchvision(module), 'fc.weight': torch.ones(10, 512), 'fc.bias': torch.ones(10)}


def moco_file(module: nn.Module) -> dict:
    weights = {f'module.encoder_q.{name}': value for name, value in torchvision(module).items()}
    weights |= {name.replace('_q.', '_k.'): value + 1 for name, value in weights.items()}
    for layer in ('0', '2'):
        weights[f'module.encoder_q.fc.{layer}.weight'] = torch.ones(8, 8)
        weights[f'module.encoder_q.fc.{layer}.bias'] = torch.ones(8)
    weights |= {'module.queue': torch.ones(8, 16), 'module.queue_ptr': torch.zeros(1)}
    return dict(epoch=200, arch='resnet18', state_dict=weights, optimizer=dict(state={}))


def vclr_file(module: nn.Module) -> dict:
    weights = {f'module.{name}': value for name, value in torchvision(module).items()}
    for head in ('inter', 'intra', 'order', 'tsn'):
        for layer in ('0', '2'):
            weights[f'module.fc_{head}.{layer}.weight'] = torch.ones(8, 8)
            weights[f'module.fc_{head}.{layer}.bias'] = torch.ones(8)
    weights['module.fc_order_classifier.weight'] = torch.ones(2, 24)
    contrast = dict(params=torch.ones(1), memory=torch.ones(8, 16))
    return dict(opt=argparse.Namespace(lr=0.1), model=weights, contrast=contrast, epoch=400)


def mmaction_file(module: nn.Module) -> dict:
    weights = {f'backbone.{name}': value for name, value in module.state_dict().items()}
    weights['cls_head.fc_cls.weight'] = torch.ones(5, 512)
    return dict(meta=dict(epoch=3), state_dict=weights)


def backbone_file(module: nn.Module) -> dict:
    return dict(state_dict=module.state_dict())


FILES = {
    torchvision_file: 'looks like a torchvision checkpoint, backbone ResNet-18',
    moco_file: 'looks like a MoCo checkpoint, backbone ResNet-18',
    vclr_file: 'looks like a VCLR checkpoint, backbone ResNet-18',
    mmaction_file: 'looks like a model of vsslbox or mmaction2, backbone ResNet-18',
    backbone_file: 'looks like a backbone of vsslbox or mmaction2, backbone ResNet-18',
}


@pytest.mark.parametrize('make_file', FILES)
def test_every_known_naming_fills_a_backbone(make_file, pretrained, tmp_path):
    path = tmp_path / 'checkpoint.pth'
    torch.save(make_file(pretrained), path)
    backbone = build()
    report = load_weights(backbone, path)
    assert torch.equal(backbone(IMAGES), pretrained(IMAGES))
    assert len(report.filled) == 100  # 20 convolutions, and 4 tensors of each of 20 norms
    assert not report.missing
    assert report.source == f'{path} ({FILES[make_file]})'


@pytest.mark.parametrize(
    ('name', 'canonical'),
    [
        ('backbone.conv1.conv.weight', 'conv1.weight'),
        ('conv1.bn.running_var', 'bn1.running_var'),
        ('module.backbone.layer1.0.conv2.bn.bias', 'layer1.0.bn2.bias'),
        ('backbone.layer4.0.downsample.conv.weight', 'layer4.0.downsample.0.weight'),
        ('backbone.layer4.0.downsample.bn.weight', 'layer4.0.downsample.1.weight'),
        ('backbone.layer2.1.conv1.conv.net.weight', 'layer2.1.conv1.weight'),
        ('module.encoder_q.layer2.1.bn3.weight', 'layer2.1.bn3.weight'),
        ('module.encoder_k.layer2.1.bn3.weight', 'encoder_k.layer2.1.bn3.weight'),
        ('module.fc_inter.0.weight', 'fc_inter.0.weight'),
        ('layer1.0.conv2.conv.conv_s.weight', 'layer1.0.conv2.conv_s.weight'),
        ('cls_head.fc_cls.weight', 'cls_head.fc_cls.weight'),
    ],
)
def test_canonical_names(name, canonical):
    assert canonical_name(name) == canonical


@pytest.mark.parametrize('depth', [18, 34, 50])
def test_depth_of_a_resnet(depth):
    assert resnet_depth(build(depth=depth).state_dict()) == depth
    assert resnet_depth(['fc.weight']) is None


def test_a_moco_checkpoint_of_a_resnet50_has_all_318_tensors():
    module = build(depth=50)
    assert len(torchvision(module)) == 318
    report = load_weights(build(depth=50), moco_file(module))
    assert len(report.filled) == 53 * 5
    assert describe(['stem.weight']) == 'its naming is unknown; it begins with stem.weight'


def test_shift_wrapped_convolutions_are_filled_both_ways(pretrained):
    shifted = build('ResNetTSM', num_segments=8, pretrained2d=False)
    report = load_weights(shifted, mmaction_file(pretrained))
    wrapped = [name for name in report.filled if '.net.' in name]
    assert len(wrapped) == 8  # the first convolution of each block
    for name in wrapped:
        value = pretrained.state_dict()[name.replace('.net.', '.')]
        assert torch.equal(shifted.state_dict()[name], value)
    plain = build()
    load_weights(plain, mmaction_file(shifted))
    assert torch.equal(plain(IMAGES), pretrained(IMAGES))


def test_inflated_kernels_see_a_still_clip_as_an_image(pretrained):
    settings = dict(conv1_kernel=(5, 7, 7), pretrained=None, pretrained2d=False)
    net3d = build('ResNet3d', **settings)
    report = load_weights(net3d, torchvision_file(pretrained), inflate=True)
    assert len(report.inflated) == 20
    clip = IMAGES[:, :, None].expand(-1, -1, 9, -1, -1)
    stem = net3d.conv1(clip)[:, :, 4]  # where the kernel doesn't reach the padding
    torch.testing.assert_close(stem, pretrained.conv1(IMAGES), rtol=1e-5, atol=0)
    kernel = net3d.layer1[0].conv1.conv.weight
    assert kernel.shape[2] == 3
    torch.testing.assert_close(kernel.sum(dim=2), pretrained.layer1[0].conv1.conv.weight)


def test_kernels_are_inflated_only_when_told_to(pretrained):
    net3d = build('ResNet3d', pretrained=None)
    before = copy.deepcopy(net3d.state_dict())
    with pytest.raises(CheckpointError, match='2D kernels but the module 3D ones: set `infl'):
        load_weights(net3d, torchvision_file(pretrained))
    assert all(torch.equal(before[name], value) for name, value in net3d.state_dict().items())


def test_only_kernels_of_the_same_extent_are_inflated():
    source = dict(weight=torch.ones(4, 3, 3, 3))
    load_weights(nn.Conv3d(3, 4, (2, 3, 3), bias=False), source, inflate=True)
    with pytest.raises(CheckpointError, match=r'weight \[4, 3, 3, 3\] for \[4, 3, 2, 5, 5\]'):
        load_weights(nn.Conv3d(3, 4, (2, 5, 5), bias=False), source, inflate=True)


def test_a_checkpoint_of_another_model_is_refused_and_changes_nothing(pretrained):
    deeper = build(depth=34)
    before = copy.deepcopy(deeper.state_dict())
    with pytest.raises(CheckpointError) as caught:
        load_weights(deeper, torchvision_file(pretrained))
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        'ResNet is not filled by the given checkpoint (looks like a torchvision checkpoint, '
        'backbone ResNet-18)'
    )
    assert lines[1].split()[:2] == ['filled', '100']
    assert lines[3].split()[:2] == ['missing', '80']  # 16 convolutions with their norms
    assert lines[5] == '  unused          2  fc.weight, fc.bias'
    assert lines[6] == 'The checkpoint is of a ResNet-18, the module a ResNet-34.'
    assert all(torch.equal(before[name], value) for name, value in deeper.state_dict().items())


def test_the_report_is_a_table():
    report = LoadReport(
        'a.pth (a guess)',
        filled=['a', 'b', 'c', 'd'],
        missing=['e'],
        wrong_shape={'f': ([1], [2, 3])},
    )
    assert str(report) == (
        'a.pth (a guess)\n'
        '  filled          4  a, b, c, ...\n'
        '  inflated        0\n'
        '  missing         1  e\n'
        '  wrong shape     1  f [1] for [2, 3]\n'
        '  unused          0'
    )


@pytest.mark.parametrize('allowed', ['cls_head', ['cls_head.', 'neck']])
def test_tensors_that_may_be_missing_must_be_named(pretrained, allowed):
    model = nn.ModuleDict(dict(backbone=build(), cls_head=nn.Linear(512, 5)))
    with pytest.raises(CheckpointError, match=r'missing +2  cls_head.weight, cls_head.bias'):
        load_weights(model, torchvision_file(pretrained))
    head = model.cls_head.weight.clone()
    report = load_weights(model, torchvision_file(pretrained), allow_missing=allowed)
    assert report.missing == ['cls_head.weight', 'cls_head.bias']
    assert torch.equal(model.backbone(IMAGES), pretrained(IMAGES))
    assert torch.equal(model.cls_head.weight, head)


def test_a_checkpoint_that_fills_nothing_is_refused_whatever_is_allowed():
    with pytest.raises(CheckpointError, match=r'filled +0'):
        load_weights(nn.Linear(2, 2), {'other': torch.ones(1)}, allow_missing=['weight', 'bias'])


def test_a_prefix_selects_one_of_several_networks(pretrained):
    backbone = build()
    load_weights(backbone, moco_file(pretrained), prefix='module.encoder_k.')
    expected = pretrained.layer3[0].conv1.conv.weight + 1
    assert torch.equal(backbone.layer3[0].conv1.conv.weight, expected)
    with pytest.raises(CheckpointError, match=r"no weights that begin with 'encoder_x\.'"):
        load_weights(backbone, moco_file(pretrained), prefix='encoder_x.')


def test_two_networks_in_one_file_are_not_mixed():
    weights = {'backbone.weight': torch.ones(1, 1), 'encoder_q.weight': torch.zeros(1, 1)}
    linear = nn.Linear(1, 1, bias=False)
    with pytest.raises(
        CheckpointError, match=r'backbone\.weight and encoder_q\.weight; choose one'
    ):
        load_weights(linear, weights)
    load_weights(linear, weights, prefix='backbone.')
    assert linear.weight.item() == 1


def test_a_model_is_restored_name_by_name(tmp_path):
    model = nn.ModuleDict(dict(backbone=build(), cls_head=nn.Linear(512, 5)))
    path = tmp_path / 'epoch_1.pth'
    saved = {f'module.{name}': value + 1 for name, value in model.state_dict().items()}
    torch.save(dict(state_dict=saved), path)
    load_model(model, path)
    assert all(torch.equal(saved[f'module.{n}'], v) for n, v in model.state_dict().items())


@pytest.mark.parametrize(
    ('weights', 'row'),
    [
        (dict(weight=torch.ones(2, 3)), 'missing         1  bias'),
        (dict(weight=torch.ones(2, 4), bias=torch.ones(2)), r'wrong shape     1  weight \[2, 4\]'),
        (
            dict(weight=torch.ones(2, 3), bias=torch.ones(2), a=torch.ones(1)),
            'unused          1  a',
        ),
        ({'backbone.weight': torch.ones(2, 3), 'bias': torch.ones(2)}, 'missing         1  weight'),
    ],
)
def test_a_model_is_not_restored_from_another(weights, row, tmp_path):
    torch.save(weights, tmp_path / 'a.pth')
    model = nn.Linear(3, 2)
    before = model.weight.clone()
    with pytest.raises(CheckpointError, match=row):
        load_model(model, tmp_path / 'a.pth')
    assert torch.equal(model.weight, before)


class Malicious:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    path = tmp_path / 'malicious.pth'
    torch.save(dict(state_dict={}, hook=Malicious(tmp_path / 'was_here')), path)
    with pytest.raises(
        CheckpointError, match=r'malicious.pth is refused because it holds \w+\.mkdir'
    ):
        load_checkpoint(path)
    assert not (tmp_path / 'was_here').exists()


def test_attributes_of_other_classes_are_refused(tmp_path):
    path = tmp_path / 'getattr.pth'

    class Getattr:
        def __reduce__(self):
            return getattr, (argparse.Namespace, '__init__')

    torch.save(dict(hook=Getattr()), path)
    with pytest.raises(CheckpointError, match=r'is refused because it holds getattr\(<class'):
        load_checkpoint(path)


def test_damaged_files_are_named(tmp_path):
    whole = tmp_path / 'whole.pth'
    torch.save(dict(state_dict=dict(weight=torch.ones(1000))), whole)
    content = whole.read_bytes()
    for damaged in (content[: len(content) // 2], content[:10], b'', b'<html>not found</html>'):
        path = tmp_path / 'damaged.pth'
        path.write_bytes(damaged)
        with pytest.raises(
            CheckpointError, match=r'damaged\.pth is damaged, cut short or not a check'
        ):
            load_checkpoint(path)


def test_files_without_weights_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r'no checkpoint at .*absent\.pth; give the path of'):
        load_checkpoint(tmp_path / 'absent.pth')
    torch.save(torch.ones(3), tmp_path / 'tensor.pth')
    with pytest.raises(CheckpointError, match=r'tensor\.pth holds a Tensor, not a dict of weights'):
        load_checkpoint(tmp_path / 'tensor.pth')
    torch.save(dict(epoch=1, best=0.5), tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match=r'other\.pth holds no weights, only epoch, best'):
        load_weights(nn.Linear(1, 1), tmp_path / 'other.pth')
    torch.save({0: torch.ones(1)}, tmp_path / 'numbered.pth')
    with pytest.raises(CheckpointError, match=r'numbered\.pth holds no weights, only 0'):
        load_weights(nn.Linear(1, 1), tmp_path / 'numbered.pth')


def test_the_hash_is_of_the_content(tmp_path):
    path = tmp_path / 'abc'
    path.write_bytes(b'abc')
    assert file_sha256(path) == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


class ToyModel(BaseModel):
    """A model for a short run, with something to log."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return dict(loss=self.linear(torch.stack(inputs)).square().mean())


def test_a_checkpoint_of_a_runner_is_read_with_its_history(tmp_path):
    data = [dict(inputs=torch.tensor([1.0, index])) for index in range(4)]
    loader = dict(dataset=data, sampler=dict(type='DefaultSampler', shuffle=False), batch_size=2)
    with DefaultScope.overwrite_default_scope('mmengine'):
        runner = Runner(
            model=ToyModel(),
            work_dir=str(tmp_path),
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            experiment_name='history',
        )
        runner.train()
    losses = load_checkpoint(tmp_path / 'epoch_1.pth')['message_hub']['log_scalars']['train/loss']
    values, counts = runner.message_hub.get_scalar('train/loss').data
    assert losses.data[0].tolist() == values.tolist()
    assert losses.data[1].tolist() == counts.tolist() == [1, 1]
    model = ToyModel()
    load_model(model, tmp_path / 'epoch_1.pth')
    assert torch.equal(model.linear.weight, runner.model.linear.weight)


@pytest.mark.parametrize('scope', ['mmengine', 'mmaction', 'vsslbox'])
def test_the_config_of_a_stock_model_can_start_it_from_a_backbone(scope, pretrained, tmp_path):
    path = tmp_path / 'torchvision.pth'
    torch.save(torchvision_file(pretrained), path)
    config = Config(
        dict(
            type='mmaction.Recognizer2D',
            backbone=dict(
                type='mmaction.ResNet',
                depth=18,
                init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=str(path)),
            ),
            cls_head=dict(
                type='mmaction.TSNHead',
                num_classes=5,
                in_channels=512,
                loss_cls=dict(type='mmaction.CrossEntropyLoss'),
            ),
            data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        )
    )
    with DefaultScope.overwrite_default_scope(scope):
        model = MODELS.build(config)
        model.init_weights()
        model.eval()
    # The stem too: mmengine initializes such children after the initializers of their parent.
    assert torch.equal(model.backbone(IMAGES), pretrained(IMAGES))


class Model3D(BaseModel):
    """A model around a backbone that never reads ``init_cfg``."""

    def __init__(self, init_cfg: dict | list[dict]) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = build('ResNet3dSlowOnly', pretrained=None)
        self.head = nn.Linear(512, 2)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return self.backbone(inputs)


def test_a_model_fills_its_backbone_after_the_backbones_own_initialization(pretrained, tmp_path):
    path = tmp_path / 'vclr.pth'
    torch.save(vclr_file(pretrained), path)
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(path), inflate=True)
    model = Model3D([dict(type='Constant', val=7, layer='Linear'), start])
    model.init_weights()
    stem = model.backbone.conv1.conv.weight[:, :, 0]
    assert torch.equal(stem, pretrained.conv1.conv.weight)
    assert (model.head.weight == 7).all()


def test_an_initializer_that_would_be_overwritten_is_refused(pretrained, tmp_path):
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint='not-read.pth', inflate=True)
    model = Model3D([start, dict(type='Kaiming', layer='Conv3d')])
    with pytest.raises(
        ValueError, match='PretrainedBackbone must be the last in init_cfg of Model3D'
    ):
        model.init_weights()


def test_the_initializer_fails_if_the_backbone_is_not_filled(pretrained, tmp_path):
    path = tmp_path / 'torchvision.pth'
    torch.save(torchvision_file(pretrained), path)
    with pytest.raises(CheckpointError, match=r'missing +80'):
        PretrainedBackbone(str(path))(build(depth=34))
