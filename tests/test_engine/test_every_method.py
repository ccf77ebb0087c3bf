"""What holds for the demonstration of every method: a resumed run is the same, and no alarm."""

import pytest
import torch
from mmengine.hooks import Hook

from tests.training import METHODS, assert_same_end, demo_config
from vsslbox.apis.command_line import build_runner

# An alarm ends a run with CollapseError; measuring does not change a training. In evaluation the
# narrow networks of these two spread little before their running statistics have settled.
HEALTH = dict(default_hooks__health=dict(interval=1, on_collapse='stop'))
UNSETTLED = ('vdim', 'pace')


class Stopped(Exception):
    """Ends a run."""


class StopHook(Hook):
    """End the run after the third iteration, within the second of four epochs."""

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == 3:
            raise Stopped


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_a_healthy_run_is_the_same_after_a_stop(method, video_folder, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    health = {} if method in UNSETTLED else HEALTH
    build_runner(demo_config(method, video_folder, tmp_path / 'straight', **health)).train()
    runner = build_runner(demo_config(method, video_folder, tmp_path / 'stopped'))
    runner.register_hook(StopHook(), 'LOWEST')
    with pytest.raises(Stopped):
        runner.train()
    build_runner(demo_config(method, video_folder, tmp_path / 'stopped', resume=True)).train()
    torch.set_num_threads(threads)
    assert_same_end(tmp_path / 'stopped', tmp_path / 'straight')
