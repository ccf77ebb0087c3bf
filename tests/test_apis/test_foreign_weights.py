"""Published weights of other code work by name and by file, with their clips and scale."""

import re
import sys

import pytest
import torch
import yaml
from mmengine.config import Config

from tests.conftest import REPO
from tests.foreign import slow_features, slowfast
from tests.tools import imported_tool
from vsslbox.apis import load_backbone
from vsslbox.apis.checkpoint_config import feature_config, input_of_config, pretrained_input
from vsslbox.apis.command_line import build_runner
from vsslbox.apis.finetune_config import finetune_config
from vsslbox.checkpoints import CheckpointError
from vsslbox.checkpoints.zoo import zoo_entries
from vsslbox.config.check import check_config
from vsslbox.errors import InputError

NAME = 'simclr_slowonly_r50_k400'
CONFIG = 'configs/foreign/slowonly-r50_8x8-224px.py'
CLIPS = torch.randint(0, 256, (1, 3, 8, 32, 32), generator=torch.Generator().manual_seed(0))
MODELS = yaml.safe_load((REPO / 'configs/foreign/metafile.yml').read_text())['Models']


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    """A file of SlowFast in the full width, as a mirror of the zoo has it."""
    path = tmp_path_factory.mktemp('mirror') / f'{NAME}.pyth'
    torch.save(slowfast('simclr', channels=64), path)
    return path


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp('cache')


@pytest.fixture
def zoo(file, cache, monkeypatch):
    monkeypatch.setenv('VSSLBOX_ZOO_MIRROR', str(file.parent))
    monkeypatch.setenv('VSSLBOX_CACHE', str(cache))
    return cache


@pytest.fixture(scope='module')
def expected(file):
    """The pooled features of the clips, scaled as SlowFast does."""
    state = torch.load(file, weights_only=True)['model_state']
    weights = {n.removeprefix('backbone.'): w.double() for n, w in state.items()}
    return slow_features(weights, (CLIPS.double() / 255 - 0.45) / 0.225).mean(dim=(2, 3, 4))


def assert_features(encoder, expected):
    found = encoder(CLIPS.to(torch.uint8)).detach().double()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_by_name(zoo, expected, capsys):
    assert_features(load_backbone(f'zoo://{NAME}'), expected)
    printed = capsys.readouterr().err
    assert 'licence: code Apache-2.0, weights not stated' in printed
    assert 'no SHA-256 of simclr_slowonly_r50_k400 is published' in printed
    assert (zoo / f'{NAME}.pyth.sha256').is_file()


@pytest.mark.slow
def test_by_file(file, expected):
    assert_features(load_backbone(file, config=CONFIG), expected)
    with pytest.raises(InputError, match='does not say with which config it was trained'):
        load_backbone(file)
    with pytest.raises(CheckpointError, match=r'Extractor is not filled by .*SlowFast'):
        load_backbone(file, config='configs/foreign/videomae_vit-s16_16x4-224px_fine-tuned.py')


@pytest.mark.slow
def test_a_converted_file_needs_no_config(file, expected, tmp_path, monkeypatch):
    out = tmp_path / 'simclr.pth'
    with imported_tool('convert/import_weights.py') as tool:
        monkeypatch.setattr(sys, 'argv', ['import_weights', NAME, str(file), str(out)])
        tool.main()
    assert_features(load_backbone(out), expected)
    assert pretrained_input(out).clip == dict(clip_len=8, frame_interval=8)
    meta = torch.load(out, weights_only=True)['meta']
    assert meta['imported_from'] == dict(source=NAME, file=file.name)


@pytest.mark.slow
def test_a_classifier_starts_from_them(zoo):
    config = finetune_config(f'zoo://{NAME}', num_classes=3)
    check_config(config)
    assert config.model.data_preprocessor.std == [57.375] * 3
    assert config.train_dataloader.dataset.pipeline.sample.frame_interval == 8


def test_videos_are_seen_with_their_clips(zoo):
    sample = feature_config(f'zoo://{NAME}').test_dataloader.dataset.pipeline.sample
    assert sample == dict(type='SampleUniformClips', num_clips=3, clip_len=8, frame_interval=8)


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_a_row_says_what_its_config_does(model):
    config = Config.fromfile(REPO / model['Config'])
    seen = input_of_config(config, model['Config'])
    preprocessor = {'mean': None, 'std': None, **seen.preprocessor}
    if 'Weights' not in model:
        return
    text = model['Description']
    assert f' {seen.size} pixels' in text
    if seen.clip is None:
        assert 'single frames' in text
    else:
        assert '{clip_len} frames, every {frame_interval}th'.format(**seen.clip) in text
    scale = re.search(r'mean (.*), deviation (.*)$|mean and deviation of ImageNet$', text)
    numbers = [None if n is None else [float(n)] * 3 for n in scale.groups()]
    assert numbers == [preprocessor['mean'], preprocessor['std']]
    assert model['License'] in zoo_entries()[model['Name']].license


def test_a_run_starts_from_a_published_pretraining(tmp_path):
    config = Config.fromfile(REPO / 'configs/demo/videomae_vit-96_1xb16-8x3-64px.py')
    parts = dict(train_dataloader=None, train_cfg=None, optim_wrapper=None, param_scheduler=None)
    config.update(work_dir=str(tmp_path), launcher='none', load_from=str(tmp_path / 'file.pth'))
    config.update(parts)
    runner = build_runner(config)
    state = runner.model.state_dict()
    theirs = {re.sub(r'^backbone\.', 'encoder.', n): torch.rand_like(w) for n, w in state.items()}
    assert 'decoder.blocks.0.attn.q_bias' in theirs and 'encoder.blocks.0.attn.q_bias' in theirs
    torch.save(dict(model=theirs, epoch=799), tmp_path / 'file.pth')
    runner.load_or_resume()
    for name, weight in runner.model.state_dict().items():
        assert torch.equal(weight, theirs[re.sub(r'^backbone\.', 'encoder.', name)]), name
