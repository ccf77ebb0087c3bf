"""No weight moves before the queue is full of keys, and then every step is an ordinary one."""

import pytest
from mmengine.hooks import Hook

from tests.training import assert_same, assert_same_end, demo_config
from vsslbox.apis.command_line import build_runner
from vsslbox.errors import InputError

FILL = dict(custom_hooks=[dict(type='FillQueueHook')])  # 16 keys, 4 videos an iteration


class WatchHook(Hook):
    """Keep weights, momenta and queue after each iteration; end the run after one of them."""

    priority = 'LOWEST'

    def __init__(self, stop=None):
        self.stop = stop
        self.weights, self.queues, self.moments = [], [], []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = runner.model
        self.weights.append({n: p.detach().clone() for n, p in model.named_parameters()})
        self.queues.append(model.heads['contrast'].queue.features.clone())
        self.moments.append(len(runner.optim_wrapper.optimizer.state))
        if runner.iter + 1 == self.stop:
            raise KeyboardInterrupt


def train(videos, work_dir, method='rho-moco', stop=None, **options):
    runner = build_runner(demo_config(method, videos, work_dir, **FILL, **options))
    watch = WatchHook(stop)
    runner.register_hook(watch)
    if stop:
        with pytest.raises(KeyboardInterrupt):
            runner.train()
    else:
        runner.train()
    return watch


@pytest.mark.slow
def test_weights_wait_for_a_full_queue(video_folder, tmp_path):
    watch = train(video_folder, tmp_path / 'straight')
    start = watch.weights[0]
    for weights, moments in zip(watch.weights[:4], watch.moments[:4], strict=True):
        assert_same(weights, start)
        assert moments == 0  # the optimizer has not seen a gradient
    assert all((watch.weights[4][n] != start[n]).any() for n in start if 'backbone.l' in n)
    assert watch.moments[4] > 0
    # Two keys of each of four videos enter in every iteration.
    for before, after in zip(watch.queues, watch.queues[1:]):
        assert (before != after).any(dim=1).sum() == 8

    train(video_folder, tmp_path / 'stopped', stop=3)
    train(video_folder, tmp_path / 'stopped', resume=True)
    assert_same_end(tmp_path / 'stopped', tmp_path / 'straight')


@pytest.mark.slow
def test_a_model_without_a_queue_is_refused(video_folder, tmp_path):
    runner = build_runner(demo_config('rho-byol', video_folder, tmp_path, **FILL))
    with pytest.raises(InputError, match='`FillQueueHook` waits for queues'):
        runner.train()
