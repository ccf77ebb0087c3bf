"""Whatever file of a user holds code, the code is not run, and one message names the file."""

import json
import os
import pickle
import sys
from pathlib import Path

import mmaction.models.backbones.resnet as stock_resnet
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import PretrainedInit
from mmengine.runner import load_checkpoint as load_by_mmengine
from torch import nn

from tests.evaluating import CONFIG, TINY
from tests.tools import imported_tool
from vsslbox.apis import load_backbone
from vsslbox.apis.command_line import build_runner
from vsslbox.checkpoints import (
    PretrainedBackbone,
    PretrainedBank,
    PretrainedProjection,
    checkpoints_in,
    load_checkpoint,
    load_model,
    load_weights,
)
from vsslbox.datasets import AVADataset, LocalizationDataset
from vsslbox.errors import VSSLBoxError
from vsslbox.evaluation import FeatureStore
from vsslbox.evaluation.features import load_trained_model

WAS_HERE = 'was_here'
ORIGIN = dict(weights='a')


class Hostile:
    """Makes a file in the current folder when it is unpickled."""

    def __reduce__(self):
        return os.system, (f'touch {WAS_HERE}',)


def archive(path):
    torch.save(dict(state_dict=dict(weight=torch.ones(1)), hook=Hostile()), path)


def legacy_archive(path):
    content = dict(state_dict=dict(weight=torch.ones(1)), hook=Hostile())
    torch.save(content, path, _use_new_zipfile_serialization=False)


def plain_pickle(path):
    path.write_bytes(pickle.dumps({'v,0902': Hostile()}))


def old_pickle(path):
    """Where opcodes call what they name without a reduction."""
    path.write_bytes(b"(S'touch was_here'\nios\nsystem\n.")


def object_array(path):
    with open(path, 'wb') as file:
        np.save(file, np.array([[Hostile()]], dtype=object), allow_pickle=True)


def run_tool(tool, *arguments):
    with imported_tool(tool) as module, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        module.main()


def exported(out, *words):
    return lambda path: run_tool('export.py', path, '-o', out, *words)


def imported(source, *out):
    return lambda path: run_tool('convert/import_weights.py', source, path, *out)


def model_of(config):
    config = Config.fromfile(config)
    config.model.backbone.base_channels = 4
    return config


def as_start(path):
    """By ``load_from`` and ``resume`` of a runner, which all tools use."""
    config = model_of(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in TINY[:1]))
    config.update(work_dir='work', load_from=str(path), test_dataloader=None)
    config.update(test_cfg=None, test_evaluator=None, launcher='none')
    build_runner(config).load_or_resume()


def in_work_dir(path):
    """As the newest checkpoint of a folder: the error says why it is skipped."""
    target = path.with_name('epoch_3.pth')
    path.replace(target)
    assert checkpoints_in(target.parent) == [target]
    load_checkpoint(target)


def by_stock_backbone(path):
    stock_resnet.ResNet(18, pretrained=str(path)).init_weights()


def from_address(path):
    load_by_mmengine(nn.Linear(1, 1), 'https://example.org/weights/toy.pth')


CHECKPOINTS = {
    'load_checkpoint': load_checkpoint,
    'load_weights': lambda path: load_weights(nn.Linear(1, 1), path),
    'load_model': lambda path: load_model(nn.Linear(1, 1), path),
    'PretrainedBackbone': lambda path: PretrainedBackbone(str(path))(nn.Linear(1, 1)),
    'PretrainedBank': lambda path: PretrainedBank(str(path))(
        nn.ModuleDict(dict(bank=nn.Identity()))
    ),
    'PretrainedProjection': lambda path: PretrainedProjection(str(path))(
        nn.ModuleDict(dict(layers=nn.Identity()))
    ),
    'mmengine, Pretrained': lambda path: PretrainedInit(str(path))(nn.Linear(1, 1)),
    'mmengine, load_checkpoint': lambda path: load_by_mmengine(nn.Linear(1, 1), str(path)),
    'mmengine, an address': from_address,
    'mmaction2, pretrained': by_stock_backbone,
    'a runner': as_start,
    'a work directory': in_work_dir,
    'load_trained_model': lambda path: load_trained_model(model_of(CONFIG), str(path), 'cpu'),
    'publish': lambda path: run_tool('convert/publish.py', path, 'out.pth'),
    'export, TSN': exported('out.pth', '--names', 'mmaction-tsn'),
    'export, torchvision': exported('out.pth', '--names', 'torchvision'),
    'export, safetensors': exported('out.safetensors'),
    'export, ONNX': exported('out.onnx'),
    'import, VCLR': imported('vclr', 'out.pth'),
    'import, MoCo': imported('moco', 'out.pth'),
    'import, CVRL': imported('cvrl-tf', 'out.pth'),
    'import, VIE': imported('vie-tf', 'out.pth'),
    'import, --list': imported('moco', '--list'),
    'import, by name': imported('dinov2_vit_s14', 'out.pth'),
    'load_backbone': lambda path: load_backbone(path, config='dinov2_vit-s14_224px'),
}


def as_proposals(path):
    Path('list.csv').write_text('v,0902,0.1,0.2,0.5,0.6,12,0\n')
    AVADataset('list.csv', proposal_file=str(path))


def localization(path, features='features', ending='.csv'):
    return LocalizationDataset(
        str(path),
        [dict(type='LoadLocalizationFeature')],
        data_prefix=dict(video=features),
        ending=ending,
    )


def as_features(path):
    length = dict(duration_second=10, duration_frame=250, feature_frame=240)
    entry = dict(length, annotations=[dict(segment=[1, 2], label='run')])
    Path('list.json').write_text(json.dumps({path.stem: entry}))
    localization('list.json', str(path.parent), path.suffix)[0]


def in_feature_store(path):
    store = FeatureStore('store', ORIGIN, 1)
    store.append([0], dict(features=torch.ones(1, 1)))
    store.finish()
    path.replace('store/features.npy')
    FeatureStore('store', ORIGIN, 1).read()


CASES = [
    *((make, name) for name in CHECKPOINTS for make in (archive, legacy_archive)),
    *((make, 'load_checkpoint') for make in (plain_pickle, old_pickle, object_array)),
    (plain_pickle, as_proposals),
    (old_pickle, as_proposals),
    (object_array, as_proposals),
    (plain_pickle, localization),
    (plain_pickle, as_features),
    (object_array, as_features),
    (plain_pickle, in_feature_store),
    (object_array, in_feature_store),
]


def name_of(part):
    return part if isinstance(part, str) else part.__name__


@pytest.mark.parametrize(('make', 'way'), CASES, ids=name_of)
def test_code_in_a_file_is_not_run(make, way, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    endings = {plain_pickle: '.pkl', old_pickle: '.pkl', object_array: '.npy'}
    path = tmp_path / f'hostile{endings.get(make, ".pth")}'
    make(path)
    content = path.read_bytes()

    def deliver(_, target):
        target.parent.mkdir(parents=True)
        target.write_bytes(content)

    monkeypatch.setattr('vsslbox.checkpoints.stock_loaders.download', deliver)
    with pytest.raises(VSSLBoxError) as error:
        CHECKPOINTS.get(way, way)(path)
    message = str(error.value)
    names = 'hostile.', 'epoch_3.pth', 'toy.pth', 'features.npy'
    assert any(name in message for name in names), message
    assert not (tmp_path / WAS_HERE).exists()
    assert not (tmp_path / 'out.pth').exists()


@pytest.mark.parametrize('make', [archive, legacy_archive, plain_pickle, old_pickle, object_array])
def test_the_files_are_hostile(make, tmp_path, monkeypatch):
    """Readers that trust them run the code."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path / 'hostile')
    if make in (archive, legacy_archive):
        torch.load('hostile', weights_only=False)
    elif make is object_array:
        np.load('hostile', allow_pickle=True)
    else:
        pickle.loads((tmp_path / 'hostile').read_bytes())
    assert (tmp_path / WAS_HERE).exists()
