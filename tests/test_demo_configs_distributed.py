"""Every pretraining config of the demonstrations trains on two processes without a GPU."""

import pytest
import torch

from tests.conftest import REPO
from tests.distributed import free_port, run_on_processes
from tests.test_cli import SMALL, run_script
from tests.training import DEMOS, METHODS, demo_config
from vsslbox.apis.command_line import build_runner

DEMO = REPO / 'configs' / 'demo'
CONFIGS = sorted(path for path in DEMO.rglob('*.py') if path.name.startswith(tuple(DEMOS)))
BANK = ['model.bank.num_videos=8', 'model.warmup_steps=2']
AGGREGATION = ['model.loss.background_size=4', 'custom_hooks.0.num_clusters=4']


def train(config):
    """Return the parameters after a training."""
    config.launcher = 'pytorch'
    runner = build_runner(config)
    runner.train()
    return {name: p.detach() for name, p in runner.model.module.named_parameters()}


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_two_processes_train_each_method(method, video_folder, tmp_path):
    config = demo_config(method, video_folder, tmp_path, num_processes=2)
    ours, others = run_on_processes(train, 2, config)
    assert all(value.isfinite().all() for value in ours.values())
    assert all(torch.equal(value, others[name]) for name, value in ours.items())


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('config', CONFIGS, ids=[path.stem for path in CONFIGS])
def test_two_processes_train_each_config(config, video_folder, tmp_path):
    options = [*SMALL, 'train_dataloader.batch_size=2']
    if config.name.startswith('vie'):
        options += BANK[:1] if 'instance-recognition' in config.name else BANK + AGGREGATION
    result = run_script(
        'dist_train.sh', config, 2, '--data-root', video_folder,
        '--work-dir', tmp_path, '--cfg-options', *options, PORT=str(free_port()),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    state = torch.load(tmp_path / 'epoch_2.pth')['state_dict']
    assert all(value.isfinite().all() for value in state.values())
