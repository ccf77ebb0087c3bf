"""mmengine's Runner with reliable checkpoints and hooks, with or without a GPU."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch.distributed
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import all_gather_object, barrier, is_distributed
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.model import MMDistributedDataParallel, convert_sync_batchnorm
from mmengine.optim import _ParamScheduler
from mmengine.runner import BaseLoop, Runner
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import DataLoader

from vsslbox.checkpoints.loading import (
    CheckpointError,
    load_checkpoint,
    load_state_dict,
    load_weights,
)
from vsslbox.checkpoints.progress import checkpoints_in, is_resumable
from vsslbox.checkpoints.shares import REST, SHARES, is_in_shares, load_shares
from vsslbox.checkpoints.starts import STARTED, mark_start, marked_start
from vsslbox.compat import activation_checkpointing_by
from vsslbox.engine.activation_checkpointing import checkpoint_activations
from vsslbox.engine.channels_last import arrange_channels_last
from vsslbox.engine.compilation import compile_networks
from vsslbox.engine.hooks import (
    BadVideoHook,
    BankListHook,
    ClassNamesHook,
    CompilationHook,
    IterationSeedHook,
    RecentCheckpointHook,
    UpdateAfterStepHook,
)
from vsslbox.engine.lost_processes import patience, tell_of_lost_processes
from vsslbox.engine.quiet_terminal import keep_short
from vsslbox.engine.runner.monitor_loop import MonitorLoop
from vsslbox.engine.runner.resized_queues import resize_queues
from vsslbox.engine.runner.resume_record import SHIFT, adapt_checkpoint, run_record
from vsslbox.engine.schedulers import without_short_warmups
from vsslbox.engine.sharding import (
    check_sharding,
    saved_shares,
    shard_model,
    shard_optimizer_state,
    shares_by_place,
    whole_states,
)
from vsslbox.engine.smallest_batch import check_smallest_batch
from vsslbox.engine.stop_signals import StopSignals
from vsslbox.engine.work_dir_lock import work_dir_lock
from vsslbox.engine.worker import start_worker
from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.models.utils import forget_start_weights, sync_on_any_device
from vsslbox.registry import HOOKS, MODEL_WRAPPERS, RUNNERS
from vsslbox.utils import restore_former, unwrap_model, whole_file, whole_folder

__all__ = ['CPUDistributedDataParallel', 'SSLRunner']

# The hooks that every training needs to be correct, in the order in which they are added.
_NEEDED_HOOKS = (
    IterationSeedHook,
    UpdateAfterStepHook,
    BadVideoHook,
    BankListHook,
    ClassNamesHook,
    RecentCheckpointHook,
)
# The hooks that are added without the config's doing and that it may remove.
_REMOVABLE_HOOKS = (
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
    'recent_checkpoint',
    'health',
)
# How many runners of this process were built in each second.
_BUILT: Counter[str] = Counter()


@contextmanager
def _refusals_of(place: str) -> Iterator[None]:
    """Report what a component's constructor raises as an error of the config at this place.

    It is a context, and a decorator of methods that build.
    """
    try:
        yield
    except VSSLBoxError:
        raise
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        reason = shorten(f'{type(error).__name__}: {error}', 500)
        raise InputError(f'{place} cannot be built from the config: {reason}') from error


@MODEL_WRAPPERS.register_module()
class CPUDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper for processes without a GPU, with a SyncBatchNorm that runs there.

    torch accepts no ``device_ids`` there.
    """

    def __init__(self, module: nn.Module, device_ids: list[int] | None = None, **kwargs) -> None:
        super().__init__(sync_on_any_device(module), **kwargs)


@RUNNERS.register_module()
class SSLRunner(Runner):
    """mmengine's Runner, with these differences.

    * :class:`IterationSeedHook`, :class:`UpdateAfterStepHook`, :class:`BadVideoHook`,
      :class:`BankListHook`, :class:`ClassNamesHook` and :class:`RecentCheckpointHook` run in every
      training. To set their options, name one of the same class or a subclass in ``default_hooks``
      or ``custom_hooks``; it replaces the runner's own. Of these, ``None`` removes only
      ``recent_checkpoint``.
    * A work directory belongs to one training at a time; see :func:`work_dir_lock`. A refused one
      writes no config there.
    * A checkpoint is written to a temporary file and renamed when it is complete.
    * ``resume`` skips a checkpoint that cannot be read, with a warning, and takes the one before;
      it takes none of an earlier training in the same work directory. What differs from the
      checkpoint's run is told and adapted, see :func:`adapt_checkpoint`.
    * Loading is strict: a checkpoint that does not fill the whole model is refused; to resume, it
      must not hold more than the model either.
    * A test without a checkpoint evaluates the model as the config initialises it, without
      pretrained weights; mmengine would leave what torch's constructors draw.
    * A warm-up that is shorter than an iteration is left out; see :func:`without_short_warmups`.
    * A value that a component's constructor refuses is reported as the config's error.
    * Several processes use gloo where there is no GPU. ``env_cfg.dist_cfg.timeout`` is how many
      seconds a process waits for another one; see :func:`tell_of_lost_processes`.
    * ``activation_checkpointing`` and ``compile`` of a config work on the blocks of networks; see
      :func:`checkpoint_activations` and :func:`compile_networks`. With ``channels_last=True``
      weights of convolutions lie in that layout; see :func:`arrange_channels_last`.
    * With ``fully_shard``, several processes train a model in shares; see :func:`shard_model`.
      Checkpoints are those of a training without it, unless ``save_shares`` makes them folders in
      which each process writes its share; see :func:`load_shares`.
    * The terminal shows no environment, config and hooks; the log file has them.
    * Runners that are built in one second have folders, loggers and visualizers of their own.
    * Workers of data loaders keep the memory that they free.
    """

    _record: dict | None = None  # of the run, for its checkpoints
    _started: str | None = None  # when the training did, before all resumptions
    _is_alone = False  # in the work directory

    @classmethod
    @_refusals_of('the runner')
    def from_cfg(cls, cfg: Config | dict) -> 'SSLRunner':
        """Build a runner from a config."""
        return super().from_cfg(cfg)

    def setup_env(self, env_cfg: dict) -> None:
        """Set up processes, limits and the time that names the run; use gloo on a CPU."""
        timeout = patience(env_cfg)
        with tell_of_lost_processes():
            if self.distributed and not is_distributed() and get_device() == 'cpu':
                torch.distributed.init_process_group('gloo', timeout=timeout)
            super().setup_env(env_cfg)
        second = self._timestamp
        if _BUILT[second]:
            self._timestamp = f'{second}_{_BUILT[second]}'
        _BUILT[second] += 1

    def build_logger(
        self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any
    ) -> MMLogger:
        """Build the logger, whose terminal is shorter than its file, and name the file."""
        log_file = log_file or str(Path(self.log_dir, f'{self.timestamp}.log'))
        logger = super().build_logger(log_level, log_file, **kwargs)
        keep_short(logger)
        logger.info(f'log: {log_file}')
        return logger

    @staticmethod
    @_refusals_of('a data loader')
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a loader whose workers are ready for video."""
        loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        loader.worker_init_fn = partial(start_worker, loader.worker_init_fn)
        return loader

    build_model = _refusals_of('`model`')(Runner.build_model)
    build_optim_wrapper = _refusals_of('`optim_wrapper`')(Runner.build_optim_wrapper)

    @_refusals_of('`param_scheduler`')
    def build_param_scheduler(
        self, scheduler: _ParamScheduler | dict | list
    ) -> list[_ParamScheduler] | dict[str, list[_ParamScheduler]]:
        """Build the schedules that have a step."""
        schedules = without_short_warmups(scheduler, len(self.train_dataloader))
        return super().build_param_scheduler(schedules)

    def build_val_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the loop that validates during training."""
        loop = super().build_val_loop(loop)
        if self._is_sharded and isinstance(loop, MonitorLoop):
            raise InputError(
                f'`fully_shard` cannot work with {type(loop).__name__}, which asks the backbone '
                'itself: train with --no-validate, and evaluate checkpoints'
            )
        return loop

    @_refusals_of('`train_cfg`')
    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the training loop with its data loader, whose batches are large enough."""
        loop = super().build_train_loop(loop)
        check_smallest_batch(loop.dataloader, self.model.train(), self.world_size)
        return loop

    def register_hooks(
        self,
        default_hooks: dict[str, Hook | dict | None] | None = None,
        custom_hooks: list[Hook | dict] | None = None,
    ) -> None:
        """Register the config's hooks, and the needed ones that it does not name.

        Raises:
            InputError: The config removes a hook that is not its to remove.
        """
        for name, hook in (default_hooks or {}).items():
            if hook is None and name not in _REMOVABLE_HOOKS:
                raise InputError(
                    f'`default_hooks.{name}` must be a hook; None removes only '
                    f'{", ".join(_REMOVABLE_HOOKS)}'
                )
        needed_hooks, default_hooks = list(_NEEDED_HOOKS), dict(default_hooks or {})
        # mmengine knows neither name, and takes None for its own alone.
        if default_hooks.get('recent_checkpoint', ...) is None:
            del default_hooks['recent_checkpoint']
            needed_hooks.remove(RecentCheckpointHook)
        if default_hooks.get('health', ...) is None:
            del default_hooks['health']
        self.register_default_hooks(default_hooks)
        custom_hooks = [_build_hook(hook) for hook in custom_hooks or ()]
        for needed in needed_hooks:
            if not any(isinstance(hook, needed) for hook in (*self.hooks, *custom_hooks)):
                self.register_hook(needed())
        self.register_custom_hooks(custom_hooks)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap the model for several processes, unless each is to have a share of it."""
        if self._in_channels_last:
            arrange_channels_last(model)
        if self._is_sharded:
            if model_wrapper_cfg is not None:
                raise InputError('`fully_shard` takes the place of `model_wrapper_cfg`: give one')
            if self.cfg.get('sync_bn'):
                model = convert_sync_batchnorm(model, self.cfg.sync_bn)
            return sync_on_any_device(model) if get_device() == 'cpu' else model
        if self.distributed and model_wrapper_cfg is None and get_device() == 'cpu':
            model_wrapper_cfg = dict(
                type='vsslbox.CPUDistributedDataParallel',
                broadcast_buffers=False,
                find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            )
        return super().wrap_model(model_wrapper_cfg, model)

    @property
    def _is_sharded(self) -> bool:
        """Whether this is a training of a model in shares."""
        is_wanted = self.cfg.get('fully_shard') not in (None, False)
        return is_wanted and self.distributed and self._train_loop is not None

    @property
    def _saves_shares(self) -> bool:
        """Whether a checkpoint is a folder in which each process writes its share."""
        options = self.cfg.get('fully_shard')
        return self._is_sharded and isinstance(options, dict) and options.get('save_shares', False)

    @property
    def _in_channels_last(self) -> bool:
        """Whether the weights of convolutions are to have their channels last in memory."""
        is_wanted = self.cfg.get('channels_last', False)
        if not isinstance(is_wanted, bool):
            raise InputError(f'`channels_last` must be True or False, got {is_wanted!r}')
        if is_wanted and self._is_sharded:
            raise InputError(
                '`fully_shard` cannot share weights whose channels are last: leave out '
                '`channels_last`'
            )
        return is_wanted

    def _init_model_weights(self) -> None:
        """Initialise the weights, once: before they are in shares."""
        if not isinstance(self.model, FSDPModule):
            super()._init_model_weights()

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = True,
        revise_keys: list = [(r'^module.', '')],  # noqa: B006  (mmengine's signature)
    ) -> dict:
        """Fill the whole model from a checkpoint, or fail; log what was filled."""
        if self._resume and is_in_shares(filename):
            likes = None
            if self._is_sharded:
                likes = shares_by_place(self.model, self.optim_wrapper.optimizer)
            checkpoint = load_shares(filename, likes)
        else:
            checkpoint = load_checkpoint(filename, map_location)
        if self._resume and not is_resumable(checkpoint):
            raise CheckpointError(
                f'{filename} has weights but no state of a training: start from it with `load_from`'
            )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = unwrap_model(self.model)
        if self._resume:
            resize_queues(model, checkpoint)
        fill = load_state_dict if self._resume else load_weights
        self.logger.info(f'loaded {fill(model, checkpoint, str(filename)).summary()}')
        if self._resume and isinstance(self._train_loop, BaseLoop):
            self._record = adapt_checkpoint(checkpoint, self)
            if self._is_sharded:
                shard_optimizer_state(checkpoint['optimizer'], self.optim_wrapper.optimizer)
            self._started = checkpoint['meta'].get(STARTED)
        self._has_loaded = True
        return checkpoint

    def dump_config(self) -> None:
        """Write the config into the work directory: that of a training when it has the lock."""
        if self._train_loop is None or self._is_alone:
            super().dump_config()

    def train(self) -> nn.Module:
        """Train, alone in the work directory and with an ear for signals."""
        with ExitStack() as training:
            training.enter_context(tell_of_lost_processes())
            training.enter_context(activation_checkpointing_by(checkpoint_activations))
            if self.rank == 0:
                training.enter_context(work_dir_lock(self.work_dir))
                restore_former(self.work_dir)  # left by a run that was killed or a full disk
            barrier()
            self._is_alone = True
            self.dump_config()
            self._started = datetime.now().isoformat(' ', 'milliseconds')
            self.stop_signals = training.enter_context(StopSignals())
            if self._is_sharded:
                self._init_model_weights()
                shard_model(self.model, self.cfg.fully_shard)
            return super().train()

    def _maybe_compile(self, target: str) -> None:
        """Compile the networks instead of mmengine's target, the whole step."""
        if compile_networks(unwrap_model(self.model), self.cfg.get('compile') or False):
            self.register_hook(CompilationHook())

    def test(self) -> dict:
        """Evaluate the checkpoint, or a random start where there is none."""
        model = unwrap_model(self.model)
        was_trained = isinstance(self._train_loop, BaseLoop)  # a config until then
        is_given = self._load_from is not None or self._resume or self._has_loaded
        if not (is_given or was_trained or getattr(model, 'is_init', True)):
            forget_start_weights(model)
            self._init_model_weights()
        with tell_of_lost_processes():
            return super().test()

    def load_or_resume(self) -> None:
        """Load or resume once, from the named checkpoint or the furthest readable one."""
        if self._is_sharded:
            check_sharding([self.optim_wrapper, *self.hooks])
        if self._resume and self._load_from is None and not self._has_loaded:
            self._resume_furthest()
        else:
            super().load_or_resume()
        if not isinstance(self._train_loop, BaseLoop):
            return
        begins = all_gather_object(self.iter)
        if len(set(begins)) > 1:
            raise InputError(
                f'the processes would begin at iterations {begins}: all machines must see the same '
                f'work directory {self.work_dir}, or the file of --resume PATH'
            )
        if self.rank == 0:
            if not self._resume and (left := checkpoints_in(self.work_dir)):
                self.logger.warning(
                    f'{self.work_dir} has checkpoints of an earlier training, such as '
                    f'{left[0].name}, which this one may overwrite. From now on --resume continues '
                    'this training'
                )
            mark_start(self.work_dir, self._started)

    def _resume_furthest(self) -> None:
        """Resume from the furthest readable checkpoint of the work directory, if there is one."""
        reasons = []
        for path in checkpoints_in(self.work_dir):
            try:
                self.resume(str(path))
                return
            except CheckpointError as error:
                self.logger.warning(f'skipping a checkpoint: {error}')
                reasons.append(str(error))
        if reasons:
            raise CheckpointError(
                f'no checkpoint in {self.work_dir} can be resumed; remove them to start again:\n'
                + '\n'.join(reasons)
            )
        started = marked_start(self.work_dir)
        which = f' of the training that started at {started}' if started else ''
        self.logger.warning(
            f'nothing to resume: no checkpoint{which} in {self.work_dir}; training starts from '
            'scratch'
        )

    def save_checkpoint(
        self, out_dir: str, filename: str, *args, meta: dict | None = None, **kwargs
    ) -> None:
        """Save a checkpoint, completely or not at all, to a local folder or a remote one."""
        if self.rank == 0:
            self._record = self._record or run_record(self)
        kwargs['meta'] = {
            **(meta or {}),
            'run': self._record,
            STARTED: self._started,
            SHIFT: getattr(self.train_loop, 'shift', 0),
        }
        path = Path(out_dir) / filename
        is_remote = '://' in str(out_dir)  # remote stores write whole objects
        with ExitStack() as saving:
            if self._saves_shares:
                if is_remote:
                    raise InputError(
                        f'`fully_shard.save_shares` needs a local folder for checkpoints, not '
                        f'{out_dir}: leave it out'
                    )
                out_dir = path.with_name(f'{path.name}.unfinished')
                if self.rank == 0:
                    saving.enter_context(whole_folder(path))
                has_optimizer = kwargs.get('save_optimizer', True)
                kwargs['meta'][SHARES] = saving.enter_context(
                    saved_shares(self.model, self.optim_wrapper, out_dir, has_optimizer)
                )
                path = out_dir / REST
            else:
                saving.enter_context(whole_states(self.model, self.optim_wrapper))
            if self.rank == 0 and not is_remote:
                path = saving.enter_context(whole_file(path, is_in_shares(path)))
            super().save_checkpoint(str(out_dir), path.name, *args, **kwargs)


def _build_hook(hook: Hook | dict) -> Hook:
    """Build a hook, with the priority that its config gives."""
    if isinstance(hook, Hook):
        return hook
    hook = dict(hook)
    priority = hook.pop('priority', None)
    built = HOOKS.build(hook)
    if priority is not None:
        built.priority = priority
    return built
