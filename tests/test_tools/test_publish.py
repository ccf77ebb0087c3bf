"""A published checkpoint holds weights and config, and its name their hash."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint
from vsslbox.utils import file_sha256

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'convert' / 'publish.py'
WEIGHTS = nn.Linear(2, 3).state_dict()
META = dict(cfg="model = dict(type='Toy')\n", epoch=3, seed=7)


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('publish', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tool, monkeypatch, tmp_path):
    """Save a checkpoint and publish it as weights/toy.pth."""

    def run(**checkpoint):
        torch.save(checkpoint, tmp_path / 'epoch_3.pth')
        out = tmp_path / 'weights' / 'toy.pth'
        monkeypatch.setattr(sys, 'argv', ['publish.py', str(tmp_path / 'epoch_3.pth'), str(out)])
        tool.main()
        return list(out.parent.iterdir())

    return run


def test_only_weights_and_config_are_kept(run, capsys):
    (path,) = run(
        meta=META,
        state_dict=WEIGHTS,
        optimizer=dict(state={0: torch.ones(100_000)}),
        message_hub=dict(log_scalars={}),
        param_schedulers=[dict(last_step=1)],
    )
    published = load_checkpoint(path)
    assert published.keys() == {'meta', 'state_dict'}
    assert published['meta'] == META
    assert all(torch.equal(published['state_dict'][name], w) for name, w in WEIGHTS.items())
    assert path.stat().st_size < 10_000
    sha256 = file_sha256(path)
    assert path.name == f'toy-{sha256[:8]}.pth'
    printed = dict(line.split(': ') for line in capsys.readouterr().out.splitlines())
    assert printed == {
        'Weights': str(path),
        'Weights Size': str(path.stat().st_size),
        'Weights SHA256': sha256,
    }


def test_the_same_checkpoint_gives_the_same_name(run):
    assert run(meta=META, state_dict=WEIGHTS) == run(meta=META, state_dict=WEIGHTS, optimizer={})


def test_the_hash_does_not_depend_on_the_name(tool, tmp_path):
    torch.save(dict(meta=META, state_dict=WEIGHTS), tmp_path / 'epoch_3.pth')
    first, second = (
        tool.publish(tmp_path / 'epoch_3.pth', tmp_path / n) for n in ('a.pth', 'bc.pth')
    )
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize('meta', [None, {}, dict(epoch=3), dict(cfg='')])
def test_a_checkpoint_without_its_config_is_refused(run, tmp_path, meta):
    with pytest.raises(CheckpointError, match=r'epoch_3\.pth holds no config \(meta\.cfg\)'):
        run(meta=meta, state_dict=WEIGHTS)
    assert not (tmp_path / 'weights').exists()


def test_a_checkpoint_without_weights_is_refused(run):
    with pytest.raises(CheckpointError, match=r'holds no weights \(state_dict\)'):
        run(meta=META, optimizer={})


def test_parts_of_a_model(tool, tmp_path):
    """Weights that share a large storage don't take it along."""
    both = torch.randn(2, 100_000)
    weights = {'backbone.conv': both[0, :9], 'backbonely.conv': both[1], 'neck.fc': both[1, :4]}
    torch.save(dict(meta=META, state_dict=weights), tmp_path / 'epoch_3.pth')
    path = tool.publish(tmp_path / 'epoch_3.pth', tmp_path / 'toy.pth', ['backbone', 'neck'])
    published = load_checkpoint(path)['state_dict']
    assert published.keys() == {'backbone.conv', 'neck.fc'}
    assert all(torch.equal(published[name], weights[name]) for name in published)
    assert path.stat().st_size < 10_000
    with pytest.raises(CheckpointError, match='no weights of head; it has backbone, b'):
        tool.publish(tmp_path / 'epoch_3.pth', tmp_path / 'toy.pth', ['backbone', 'head'])


def test_half_precision_is_loaded_by_a_model_of_single_precision(tool, tmp_path):
    weights = {**WEIGHTS, 'steps': torch.tensor(3)}
    torch.save(dict(meta=META, state_dict=weights), tmp_path / 'epoch_3.pth')
    path = tool.publish(tmp_path / 'epoch_3.pth', tmp_path / 'toy.pth', half=True)
    published = load_checkpoint(path)['state_dict']
    assert published.pop('steps').dtype == torch.int64
    assert {weight.dtype for weight in published.values()} == {torch.float16}
    layer = nn.Linear(2, 3)
    layer.load_state_dict(published)
    assert layer.weight.dtype == torch.float32
    torch.testing.assert_close(layer.weight.detach(), WEIGHTS['weight'], rtol=2**-11, atol=2**-25)


def test_a_weight_too_large_for_half_precision_is_refused(tool, tmp_path):
    weights = {'bn.running_var': torch.tensor([1.0, 7e4])}
    torch.save(dict(meta=META, state_dict=weights), tmp_path / 'epoch_3.pth')
    with pytest.raises(CheckpointError, match=r'bn\.running_var of .* is too large for half'):
        tool.publish(tmp_path / 'epoch_3.pth', tmp_path / 'toy.pth', half=True)
    assert tool.publish(tmp_path / 'epoch_3.pth', tmp_path / 'toy.pth').is_file()


def test_a_name_without_its_ending_is_refused(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['publish.py', 'epoch_3.pth', 'weights/toy'])
    with pytest.raises(SystemExit):
        tool.main()
    assert re.search(r'OUT must end in \.pth, got weights/toy', capsys.readouterr().err)
