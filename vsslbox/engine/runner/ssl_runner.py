"""mmengine's Runner with checkpoints that can be relied on, also without a GPU."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch.distributed
from mmengine.device import get_device
from mmengine.dist import is_distributed
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import BaseLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from vsslbox.checkpoints.loading import (
    CheckpointError,
    checkpoints_in,
    load_checkpoint,
    load_state_dict,
    load_weights,
)
from vsslbox.engine.worker import start_worker
from vsslbox.registry import MODEL_WRAPPERS, RUNNERS
from vsslbox.utils import unwrap_model

__all__ = ['CPUDistributedDataParallel', 'SSLRunner']


@MODEL_WRAPPERS.register_module()
class CPUDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper for processes without a GPU: torch accepts no ``device_ids`` there."""

    def __init__(self, module: nn.Module, device_ids: list[int] | None = None, **kwargs) -> None:
        super().__init__(module, **kwargs)


@RUNNERS.register_module()
class SSLRunner(Runner):
    """mmengine's Runner, with these differences.

    * A checkpoint is written to a temporary file and renamed when it is whole.
    * ``resume`` passes over a checkpoint that can't be read, with a warning, to the one before.
    * Loading is strict: a checkpoint that doesn't fill the whole model is refused; to resume, it
      must not hold more than the model either.
    * A test without a checkpoint judges the model of the config as it is initialised, without any
      start weights; mmengine would leave what torch's constructors draw.
    * Several processes run on gloo where there is no GPU.
    * Workers of data loaders keep the memory that they free.
    """

    def setup_env(self, env_cfg: dict) -> None:
        """Prepare processes and limits; on a CPU the process group is made here, with gloo."""
        if self.distributed and not is_distributed() and get_device() == 'cpu':
            torch.distributed.init_process_group('gloo')
        super().setup_env(env_cfg)

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """Build a loader whose workers are ready for video."""
        loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        loader.worker_init_fn = partial(start_worker, loader.worker_init_fn)
        return loader

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
        """Load weights into the model, all of it or fail, and log what was filled."""
        checkpoint = load_checkpoint(filename, map_location)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = unwrap_model(self.model)
        fill = load_state_dict if self._resume else load_weights
        self.logger.info(f'loaded {fill(model, checkpoint, str(filename))}')
        self._has_loaded = True
        return checkpoint

    def test(self) -> dict:
        """Judge the checkpoint, or a random start where there is none."""
        model = unwrap_model(self.model)
        was_trained = isinstance(self._train_loop, BaseLoop)  # before, it is a config
        is_given = self._load_from is not None or self._resume or self._has_loaded
        if not (is_given or was_trained or getattr(model, 'is_init', True)):
            _forget_start_weights(model)
            self._init_model_weights()
        return super().test()

    def load_or_resume(self) -> None:
        """Load or resume once; without a named checkpoint, resume the newest readable one."""
        if self._has_loaded or not self._resume or self._load_from is not None:
            super().load_or_resume()
            return
        for path in checkpoints_in(self.work_dir):
            try:
                self.resume(str(path))
                return
            except CheckpointError as error:
                self.logger.warning(f'passing over a checkpoint: {error}')
        self.logger.warning(
            f'nothing to resume: no checkpoint in {self.work_dir}, the run starts at its beginning'
        )

    def save_checkpoint(self, out_dir: str, filename: str, *args, **kwargs) -> None:
        """Save a checkpoint, whole or not at all, into a local folder or a remote one."""
        if '://' in str(out_dir):  # remote stores write whole objects
            super().save_checkpoint(out_dir, filename, *args, **kwargs)
            return
        unfinished = f'{filename}.unfinished'
        super().save_checkpoint(out_dir, unfinished, *args, **kwargs)
        if self.rank == 0:
            _move_into_place(Path(out_dir) / unfinished, Path(out_dir) / filename)


def _forget_start_weights(model: nn.Module) -> None:
    """Leave only what draws weights in the modules' ``init_cfg``."""
    for module in model.modules():
        given = getattr(module, 'init_cfg', None) or []
        given = [given] if isinstance(given, dict) else given
        if any('Pretrained' in str(init['type']) for init in given):
            module.init_cfg = [init for init in given if 'Pretrained' not in str(init['type'])]
        if getattr(module, 'pretrained', None):  # mmaction2's backbones
            module.pretrained = None


def _move_into_place(unfinished: Path, path: Path) -> None:
    """Rename a file once its content has reached the disk."""
    with open(unfinished, 'rb') as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
