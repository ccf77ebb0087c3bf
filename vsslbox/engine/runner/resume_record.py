"""What a checkpoint records of its run, and how a run with other settings continues from it."""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from vsslbox.checkpoints.progress import ITERATIONS
from vsslbox.engine.runner.resumable_train_loop import ResumableTrainLoop
from vsslbox.engine.schedulers.replay import replay_schedules, schedules_differ
from vsslbox.errors import InputError
from vsslbox.utils import inline_text

__all__ = ['SHIFT', 'adapt_checkpoint', 'run_record']

# Where a checkpoint within an epoch has the loop's `shift`: `meta[SHIFT]`.
SHIFT = 'samples seen beyond those of the batches'

_LIST = 'train_dataloader.dataset (SHA-256 of the list)'
_VIDEOS = 'train_dataloader.dataset (number of videos)'
_SAMPLER = 'train_dataloader.sampler'
_BATCH = 'train_dataloader.batch_size'
_PROCESSES = 'number of processes'
_OPTIMIZER = 'optim_wrapper.optimizer'
# The settings that a checkpoint brings with it. The config decides on all others.
_OF_CHECKPOINT = (_OPTIMIZER, 'optim_wrapper.paramwise_cfg', 'auto_scale_lr', 'randomness.seed')
_MISSING = 'not set'


def run_record(runner: Runner) -> dict[str, Any]:
    """Return the settings of a run that decide how it continues, by their place in the config."""
    loader, cfg = runner.train_dataloader, runner.cfg
    dataset, optim_wrapper = loader.dataset, runner.optim_wrapper
    record = {
        _LIST: dataset.list_hash() if hasattr(dataset, 'list_hash') else None,
        _VIDEOS: len(dataset),
        _BATCH: loader.batch_size,
        _PROCESSES: runner.world_size,
        ITERATIONS: len(loader),
        'train_cfg.max_epochs': runner.max_epochs,
        'randomness.seed': runner.seed,
        **_flat(_SAMPLER, cfg.get('train_dataloader', {}).get('sampler')),
        f'{_SAMPLER}.seed': getattr(loader.sampler, 'seed', None),
        **_flat('optim_wrapper', cfg.get('optim_wrapper')),
        **_flat('param_scheduler', cfg.get('param_scheduler')),
    }
    if not isinstance(optim_wrapper, OptimWrapperDict):
        record.update(_flat(_OPTIMIZER, optim_wrapper.defaults))
        record[f'{_OPTIMIZER}.type'] = type(optim_wrapper.optimizer).__name__
    scaling = runner.auto_scale_lr or {}
    if scaling.get('enable'):
        batch = loader.batch_size * runner.world_size
        record['auto_scale_lr (factor of the rate)'] = batch / scaling['base_batch_size']
    return record


def adapt_checkpoint(checkpoint: dict, runner: Runner) -> dict[str, Any]:
    """Let a run continue from a checkpoint of other settings, and tell every difference.

    Epochs count: after a whole number of them the run goes on at the next one, and iterations are
    counted as if every epoch had had the run's number of them. Within an epoch it goes on at the
    next sample, whatever the batch size and the number of processes, and its last iteration is that
    of any epoch; if the order of the samples has changed, the epoch starts again. The schedules are
    those of the config.

    Args:
        checkpoint: The content of a file; iteration, schedules and scheduled values may change.
        runner: The runner, with its training loop, optimizer and schedulers. If its sampler has the
            run's seed, it gets the checkpoint's.

    Returns:
        The settings that hold from now on, for the next checkpoints.

    Raises:
        InputError: The optimizer has another type or other groups of parameters, or a schedule
            cannot continue with other settings.
    """
    meta = checkpoint['meta']
    sampler = runner.train_dataloader.sampler
    if getattr(sampler, 'seed', None) == runner.seed:
        sampler.seed = meta.get('seed', runner.seed)
    now = run_record(runner)
    old = meta.get('run')
    notes = []
    if old is None:
        notes.append('The checkpoint does not tell of which list, batch size and schedule it is')
        old = now
    _refuse_other_optimizer(checkpoint, runner, old, now)
    iteration = meta['iter']
    if isinstance(runner.train_loop, ResumableTrainLoop):
        notes += _adapt_progress(meta, runner, old, now)
        if meta['iter'] >= runner.max_iters:
            notes.append(f'All {runner.max_epochs} epochs of `train_cfg.max_epochs` are done')
    if not isinstance(runner.optim_wrapper, OptimWrapperDict):
        notes += _adapt_schedules(checkpoint, runner, meta['iter'] != iteration)
    table = _table(old, now)
    if table or notes:
        print_log('\n'.join(['Resuming', *table, *notes]), 'current', logging.WARNING)
    return {
        **{key: value for key, value in now.items() if not key.startswith(_OF_CHECKPOINT)},
        **{key: value for key, value in old.items() if key.startswith(_OF_CHECKPOINT)},
    }


def _refuse_other_optimizer(checkpoint: dict, runner: Runner, old: Mapping, now: Mapping) -> None:
    """Compare the optimizer's type and groups with those of a checkpoint."""
    way_out = 'or start a new run with `load_from`, which takes the weights alone'
    key = f'{_OPTIMIZER}.type'
    if old.get(key) != now.get(key):
        raise InputError(
            f'the checkpoint has the state of {old.get(key)}, `{key}` is {now.get(key)}: set it to '
            f'{old.get(key)!r}, {way_out}'
        )
    saved = checkpoint.get('optimizer', {}).get('param_groups')
    if saved is None or isinstance(runner.optim_wrapper, OptimWrapperDict):
        return
    sizes, saved = (
        [len(group['params']) for group in groups]
        for groups in (runner.optim_wrapper.optimizer.param_groups, saved)
    )
    if sizes != saved:
        raise InputError(
            f"the checkpoint's optimizer has {sum(saved)} parameters in {len(saved)} groups, the "
            f"config's {sum(sizes)} in {len(sizes)}: train the same layers with the same "
            f'`optim_wrapper.paramwise_cfg`, {way_out}'
        )


def _adapt_progress(meta: dict[str, Any], runner: Runner, old: Mapping, now: Mapping) -> list[str]:
    """Count a checkpoint's iterations in those of the run; return what to say of it."""
    loop, length = runner.train_loop, now[ITERATIONS]
    done = meta['iter'] - meta['epoch'] * old[ITERATIONS]
    begin = meta['epoch'] * length
    if done in (0, old[ITERATIONS]):
        meta['iter'] = begin + (length if done else 0)
        return []
    seen = _samples(done, old) + meta.get(SHIFT, 0)
    keys = {_LIST, _VIDEOS, *(key for key in {**old, **now} if key.startswith(_SAMPLER))}
    if any(old.get(key) != now.get(key) for key in keys):
        meta['iter'] = begin
        return [
            f'Epoch {meta["epoch"] + 1} starts again and its first {seen} samples are seen twice, '
            'because the list or the order of the samples changed within it'
        ]
    batches = length - _batches_left(loop.dataloader, seen)
    meta['iter'] = begin + batches
    loop.shift = seen - _samples(batches, now)
    return []


def _samples(batches: int, record: Mapping[str, Any]) -> int:
    return batches * record[_BATCH] * record[_PROCESSES]


def _batches_left(loader: DataLoader, seen: int) -> int:
    batches = loader.sampler.num_left(seen) / loader.batch_size
    return math.floor(batches) if loader.drop_last else math.ceil(batches)


def _adapt_schedules(checkpoint: dict, runner: Runner, is_moved: bool) -> list[str]:
    """Bring the schedules to the iteration if they changed; return what to say of it."""
    schedulers = runner.param_schedulers or []
    if not (is_moved or schedules_differ(checkpoint, schedulers)):
        return []
    replay_schedules(checkpoint, runner.optim_wrapper, schedulers, len(runner.train_dataloader))
    rate = runner.optim_wrapper.param_groups[0]['lr']
    return [f"The config's schedules hold: at the checkpoint's last step, learning rate {rate:.6g}"]


def _table(old: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table of all differences."""
    rows = [('key', 'checkpoint', 'config', 'which holds')]
    for key in {**old, **now}:
        values = old.get(key, _MISSING), now.get(key, _MISSING)
        if values[0] != values[1]:
            holds = "the checkpoint's" if key.startswith(_OF_CHECKPOINT) else "the config's"
            rows.append((key, *(str(value)[:28] for value in values), holds))
    if len(rows) == 1:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ['  '.join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _flat(place: str, node: Any) -> dict[str, Any]:
    """Return the values in a part of a config by their places, plain enough for a checkpoint."""
    return dict(_leaves(place, node))


def _leaves(place: str, node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        items = node.items()
    elif isinstance(node, list) and any(isinstance(item, Mapping) for item in node):
        items = enumerate(node)
    else:
        plain = node is None or isinstance(node, (bool, int, float, str))
        yield place, node if plain else inline_text(node)
        return
    for key, value in items:
        yield from _leaves(f'{place}.{key}', value)
