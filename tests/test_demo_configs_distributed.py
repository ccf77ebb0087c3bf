"""Every pretraining config of the demonstrations trains on two processes without a GPU."""

import socket

import pytest
import torch

from tests.conftest import REPO
from tests.test_cli import SMALL, run

METHODS = ('cvrl', 'vclr', 'vdim', 'vie')
DEMO = REPO / 'configs' / 'demo'
CONFIGS = sorted(path for path in DEMO.rglob('*.py') if path.name.startswith(METHODS))
BANK = ['model.bank.num_videos=8', 'model.warmup_steps=2']
AGGREGATION = ['model.loss.background_size=4', 'custom_hooks.0.num_clusters=4']


def free_port():
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize('config', CONFIGS, ids=[path.stem for path in CONFIGS])
def test_two_processes_train(config, video_folder, tmp_path):
    options = [*SMALL, 'train_dataloader.batch_size=2']
    if config.name.startswith('vie'):
        options += BANK[:1] if 'instance-recognition' in config.name else BANK + AGGREGATION
    result = run(
        'bash', 'tools/dist_train.sh', config, 2, '--data-root', video_folder,
        '--work-dir', tmp_path, '--cfg-options', *options, env=dict(PORT=str(free_port())),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    state = torch.load(tmp_path / 'epoch_2.pth')['state_dict']
    assert all(value.isfinite().all() for value in state.values())
