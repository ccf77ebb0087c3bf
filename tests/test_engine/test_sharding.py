"""Models in shares on two processes train as they do whole."""

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.utils import apply_to
from torch import nn
from torch.distributed.tensor import DTensor

from tests.distributed import run_on_processes
from tests.test_models import test_processes_equal_one
from tests.tiny_masked import masked_samples, tiny_video_mae_cfg
from tests.training import assert_same_end, demo_config
from vsslbox.apis.command_line import build_runner
from vsslbox.engine.hooks import HealthHook
from vsslbox.engine.optimizers import LARS
from vsslbox.engine.sharding import check_sharding, shard_model, whole
from vsslbox.errors import InputError
from vsslbox.models.utils import sync_on_any_device
from vsslbox.registry import MODELS


def in_shares(model, **_):
    """Take the place of the wrapper for whole models."""
    sync_on_any_device(model)
    shard_model(model, True)
    return model


def train_both(names):
    """Train methods whole and in shares."""
    results = []
    for wrap in (test_processes_equal_one.CPUDistributedDataParallel, in_shares):
        test_processes_equal_one.CPUDistributedDataParallel = wrap
        trained = {name: test_processes_equal_one.train(name) for name in names}
        results.append(apply_to(trained, lambda x: isinstance(x, DTensor), whole))
    return results


QUICK = ['VideoMAE', 'rho-MoCo', 'SwAV']
OTHERS = sorted(test_processes_equal_one.CONFIGS.keys() - QUICK)


@pytest.mark.parametrize(
    'names',
    [
        QUICK,
        pytest.param(OTHERS, marks=pytest.mark.slow),
    ],
    ids=['some', 'others'],
)
def test_methods_train_as_whole(names):
    """Losses, gradients, weights, averages, memories and statistics of three steps."""
    for plain, shares in run_on_processes(train_both, 2, names):
        torch.testing.assert_close(shares, plain, rtol=1e-9, atol=1e-9)


def train_each(configs):
    """Train one after the other; return the sizes of this process's share and of each model."""
    sizes = []
    for cfg in configs:
        cfg.launcher = 'pytorch'
        runner = build_runner(cfg)
        runner.train()
        parameters = [p.detach() for p in runner.model.parameters()]
        kept = [p.to_local() if isinstance(p, DTensor) else p for p in parameters]
        sizes.append(tuple(sum(p.numel() for p in some) for some in (kept, parameters)))
    return sizes


def end(folder):
    return torch.load(folder / 'iter_8.pth', weights_only=True)


def logged(folder, name):
    return torch.tensor(end(folder)['message_hub']['log_scalars'][f'train/{name}'].data[0])


def assert_close_end(folder, other):
    """Compare the weights of two trainings in float32, and the gradients' norms."""
    states = (end(place)['state_dict'] for place in (folder, other))
    torch.testing.assert_close(*states, rtol=1e-4, atol=2e-5)
    norms = (logged(place, 'grad_norm') for place in (folder, other))
    torch.testing.assert_close(*norms, rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    'method',
    ['vjepa2', *(pytest.param(m, marks=pytest.mark.slow) for m in ('videomae', 'rho-byol'))],
)
def test_trainings_save_and_resume(method, video_folder, tmp_path):
    """In shares and not, two processes and one, and from one of these to another."""

    def cfg(name, num_processes, **options):
        cfg = demo_config(method, video_folder, tmp_path / name, num_processes, **options)
        cfg.sync_bn = 'torch'
        cfg.optim_wrapper.clip_grad = dict(max_norm=0.5)
        for mask in cfg.model.get('masks', ()):
            mask.across_processes = True  # the same on any number of them
        if cfg.optim_wrapper.optimizer.type == 'AdamW':
            cfg.optim_wrapper.optimizer.eps = 1e-3  # or rounding of small gradients shows
        if name.startswith('on'):
            cfg.update(resume=True, load_from=str(tmp_path / 'shares' / 'iter_6.pth'))
        return cfg

    share = dict(fully_shard=dict(reshard_after_forward=False), activation_checkpointing='backbone')
    shares, on, plain = run_on_processes(
        train_each, 2, [cfg('shares', 2, **share), cfg('on_shares', 2, **share), cfg('plain', 2)]
    )[0]
    assert shares == on
    assert shares[0] < 0.55 * shares[1]
    assert plain == (shares[1], shares[1])
    build_runner(cfg('on_one', 1)).train()
    assert_same_end(tmp_path / 'on_shares', tmp_path / 'shares')
    if method == 'rho-byol':
        return  # BatchNorm multiplies the rounding of float32: see the test in float64
    assert_close_end(tmp_path / 'shares', tmp_path / 'plain')
    assert_close_end(tmp_path / 'on_one', tmp_path / 'plain')
    losses = (logged(tmp_path / name, 'loss') for name in ('shares', 'plain'))
    torch.testing.assert_close(*losses, rtol=1e-4, atol=0)


@pytest.mark.parametrize('options', [dict(param_dtype='bfloat16'), dict(reshard_after_forward=2)])
def test_wrong_options_are_told(options):
    with pytest.raises(InputError, match='`fully_shard` takes True or a dict'):
        shard_model(None, options)


def test_parts_that_need_whole_models_are_told():
    wrapper = OptimWrapper(torch.optim.SGD([torch.zeros(2)], 0.1))
    check_sharding([wrapper, HealthHook()])
    with pytest.raises(InputError, match='`fully_shard` cannot work: EMAHook copies the model'):
        check_sharding([wrapper, EMAHook()])
    with pytest.raises(InputError, match='OptimWrapperDict has several optimizers'):
        check_sharding([OptimWrapperDict(one=wrapper)])


def steps_of_lars():
    """Return the weights after some steps of LARS, of a whole model and one in shares."""
    weights = []
    for is_sharded in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 1)).double()
        if is_sharded:
            shard_model(model, True)
        optimizer = LARS(model.parameters(), lr=0.5, weight_decay=0.1, trust_coefficient=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.arange(10, dtype=torch.float64).view(2, 5)).square().sum().backward()
            optimizer.step()
        weights.append([whole(p.detach()) for p in model.parameters()])
    return weights


def test_lars_has_the_norms_of_whole_layers():
    for plain, shares in run_on_processes(steps_of_lars, 2):
        torch.testing.assert_close(shares, plain, rtol=1e-12, atol=1e-12)


def under_autocast():
    """Return the gradients of a step under autocast, of a whole model and one in shares."""
    gradients = []
    for is_sharded in (False, True):
        torch.manual_seed(0)
        model = MODELS.build(tiny_video_mae_cfg())
        if is_sharded:
            shard_model(model, True)
        views, samples = masked_samples(torch.Generator().manual_seed(0), 2)
        with torch.autocast('cpu', torch.bfloat16):
            model(views, samples, mode='loss')['loss_pixels'].backward()
        gradients.append({name: whole(p.grad) for name, p in model.named_parameters()})
    return gradients


def test_bfloat16_has_the_gradients_of_whole_models():
    for plain, shares in run_on_processes(under_autocast, 2):
        torch.testing.assert_close(shares, plain, rtol=1e-6, atol=1e-8)
