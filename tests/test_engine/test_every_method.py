"""What holds for the demonstration of every method: it resumes, raises no alarm, makes no NaN."""

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from tests.conftest import write_video
from tests.training import ITERATIONS, METHODS, assert_same_end, demo_config
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


@pytest.fixture(scope='module')
def grey_videos(tmp_path_factory):
    """Eight videos of one grey, all the same."""
    folder = tmp_path_factory.mktemp('grey')
    for number in range(8):
        write_video(folder / f'{number}.mp4', np.full((24, 48, 64, 3), 128, np.uint8))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize('bfloat16', [False, True], ids=['float32', 'bfloat16'])
@pytest.mark.parametrize('method', METHODS)
def test_videos_without_content_make_no_nan(method, bfloat16, grey_videos, tmp_path):
    """Nothing varies: neither in time, nor between videos, nor in the embeddings."""
    options: dict = dict(train_cfg__max_epochs=2)
    if bfloat16:
        options['optim_wrapper__type'] = 'Bfloat16OptimWrapper'
    runner = build_runner(demo_config(method, grey_videos, tmp_path, **options))
    runner.train()
    assert runner.iter == ITERATIONS // 2
    tensors = runner.model.state_dict().values()
    assert all(tensor.isfinite().all() for tensor in tensors if tensor.is_floating_point())
