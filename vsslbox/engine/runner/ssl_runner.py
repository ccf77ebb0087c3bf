"""mmengine's Runner with reliable checkpoints and hooks, with or without a GPU."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten

import torch.distributed
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, Runner
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from vsslbox.checkpoints.loading import (
    CheckpointError,
    load_checkpoint,
    load_state_dict,
    load_weights,
)
from vsslbox.checkpoints.progress import checkpoints_in, is_resumable
from vsslbox.engine.hooks import (
    BadVideoHook,
    BankListHook,
    ClassNamesHook,
    IterationSeedHook,
    RecentCheckpointHook,
    UpdateAfterStepHook,
)
from vsslbox.engine.runner.resume_record import adapt_checkpoint, run_record
from vsslbox.engine.stop_signals import StopSignals
from vsslbox.engine.work_dir_lock import work_dir_lock
from vsslbox.engine.worker import start_worker
from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.models.utils import sync_on_any_device
from vsslbox.registry import HOOKS, MODEL_WRAPPERS, RUNNERS
from vsslbox.utils import unwrap_model, whole_file

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
)


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
      or ``custom_hooks``; it replaces the runner's own. ``None`` removes only
      ``recent_checkpoint``.
    * A work directory belongs to one training at a time; see :func:`work_dir_lock`.
    * A checkpoint is written to a temporary file and renamed when it is complete.
    * ``resume`` skips a checkpoint that cannot be read, with a warning, and takes the one before;
      what differs from the checkpoint's run is told and adapted, see :func:`adapt_checkpoint`.
    * Loading is strict: a checkpoint that does not fill the whole model is refused; to resume, it
      must not hold more than the model either.
    * A test without a checkpoint evaluates the model as the config initialises it, without
      pretrained weights; mmengine would leave what torch's constructors draw.
    * A value that a component's constructor refuses is reported as the config's error.
    * Several processes use gloo where there is no GPU.
    * Workers of data loaders keep the memory that they free.
    """

    _record: dict | None = None  # of the run, for its checkpoints

    @classmethod
    def from_cfg(cls, cfg: Config | dict) -> 'SSLRunner':
        """Build a runner from a config."""
        with _refusals_of('the runner'):
            return super().from_cfg(cfg)

    def setup_env(self, env_cfg: dict) -> None:
        """Set up processes and limits; on a CPU create the process group, with gloo."""
        if self.distributed and not is_distributed() and get_device() == 'cpu':
            torch.distributed.init_process_group('gloo')
        super().setup_env(env_cfg)

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a loader whose workers are ready for video."""
        with _refusals_of('a data loader'):
            loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        loader.worker_init_fn = partial(start_worker, loader.worker_init_fn)
        return loader

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Build the model."""
        with _refusals_of('`model`'):
            return super().build_model(model)

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the training loop with its data loader."""
        with _refusals_of('`train_cfg`'):
            return super().build_train_loop(loop)

    def build_optim_wrapper(
        self, optim_wrapper: Optimizer | OptimWrapper | dict
    ) -> OptimWrapper | OptimWrapperDict:
        """Build the optimizer in its wrapper."""
        with _refusals_of('`optim_wrapper`'):
            return super().build_optim_wrapper(optim_wrapper)

    def build_param_scheduler(self, scheduler: dict | list) -> list | dict:
        """Build the schedulers of the learning rate and the like."""
        with _refusals_of('`param_scheduler`'):
            return super().build_param_scheduler(scheduler)

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
        if default_hooks.get('recent_checkpoint', ...) is None:
            del default_hooks['recent_checkpoint']
            needed_hooks.remove(RecentCheckpointHook)
        self.register_default_hooks(default_hooks)
        custom_hooks = [_build_hook(hook) for hook in custom_hooks or ()]
        for needed in needed_hooks:
            if not any(isinstance(hook, needed) for hook in (*self.hooks, *custom_hooks)):
                self.register_hook(needed())
        self.register_custom_hooks(custom_hooks)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap the model for several processes."""
        if self.distributed and model_wrapper_cfg is None and get_device() == 'cpu':
            model_wrapper_cfg = dict(
                type='vsslbox.CPUDistributedDataParallel',
                broadcast_buffers=False,
                find_unused_parameters=self.cfg.get('find_unused_parameters', False),
            )
        return super().wrap_model(model_wrapper_cfg, model)

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = True,
        revise_keys: list = [(r'^module.', '')],  # noqa: B006  (mmengine's signature)
    ) -> dict:
        """Fill the whole model from a checkpoint, or fail; log what was filled."""
        checkpoint = load_checkpoint(filename, map_location)
        if self._resume and not is_resumable(checkpoint):
            raise CheckpointError(
                f'{filename} has weights but no state of a training: start from it with `load_from`'
            )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = unwrap_model(self.model)
        fill = load_state_dict if self._resume else load_weights
        self.logger.info(f'loaded {fill(model, checkpoint, str(filename))}')
        if self._resume and isinstance(self._train_loop, BaseLoop):
            self._record = adapt_checkpoint(checkpoint, self)
        self._has_loaded = True
        return checkpoint

    def train(self) -> nn.Module:
        """Train, alone in the work directory and with an ear for signals."""
        with ExitStack() as training:
            if self.rank == 0:
                training.enter_context(work_dir_lock(self.work_dir))
                for unfinished in Path(self.work_dir).glob('*.unfinished'):
                    unfinished.unlink()  # left by a run that was killed
            self.stop_signals = training.enter_context(StopSignals())
            return super().train()

    def test(self) -> dict:
        """Evaluate the checkpoint, or a random start where there is none."""
        model = unwrap_model(self.model)
        was_trained = isinstance(self._train_loop, BaseLoop)  # a config until then
        is_given = self._load_from is not None or self._resume or self._has_loaded
        if not (is_given or was_trained or getattr(model, 'is_init', True)):
            _forget_start_weights(model)
            self._init_model_weights()
        return super().test()

    def load_or_resume(self) -> None:
        """Load or resume once; without a named checkpoint, resume from the newest readable one."""
        if self._has_loaded or not self._resume or self._load_from is not None:
            super().load_or_resume()
            return
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
        self.logger.warning(
            f'nothing to resume: no checkpoint in {self.work_dir}; training starts from scratch'
        )

    def save_checkpoint(
        self, out_dir: str, filename: str, *args, meta: dict | None = None, **kwargs
    ) -> None:
        """Save a checkpoint, completely or not at all, to a local folder or a remote one."""
        if self.rank == 0:
            self._record = self._record or run_record(self)
        kwargs['meta'] = {**(meta or {}), 'run': self._record}
        if self.rank > 0 or '://' in str(out_dir):  # remote stores write whole objects
            super().save_checkpoint(out_dir, filename, *args, **kwargs)
            return
        with whole_file(Path(out_dir) / filename) as unfinished:
            super().save_checkpoint(out_dir, unfinished.name, *args, **kwargs)


@contextmanager
def _refusals_of(place: str) -> Iterator[None]:
    """Report what a component's constructor raises as an error of the config at this place."""
    try:
        yield
    except VSSLBoxError:
        raise
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        reason = shorten(f'{type(error).__name__}: {error}', 500)
        raise InputError(f'{place} cannot be built from the config: {reason}') from error


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


def _forget_start_weights(model: nn.Module) -> None:
    """Remove pretrained weights from the modules' ``init_cfg``."""
    for module in model.modules():
        given = getattr(module, 'init_cfg', None) or []
        given = [given] if isinstance(given, dict) else given
        if any('Pretrained' in str(init['type']) for init in given):
            module.init_cfg = [init for init in given if 'Pretrained' not in str(init['type'])]
        if getattr(module, 'pretrained', None):  # mmaction2's backbones
            module.pretrained = None
