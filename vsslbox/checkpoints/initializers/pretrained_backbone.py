"""Initial weights of backbones."""

from collections.abc import Iterable
from typing import Any

from mmengine.logging import print_log
from mmengine.model import BaseModel, update_init_info
from torch import nn

from vsslbox.checkpoints.loading import load_weights
from vsslbox.errors import InputError
from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['PretrainedBackbone']


@WEIGHT_INITIALIZERS.register_module()
class PretrainedBackbone:
    """Fill a backbone from a checkpoint of any known naming, or fail.

    Give ``init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=...)`` to a backbone, or to a
    whole model to fill its ``backbone``. Give it to the model if the backbone never reads its own
    ``init_cfg`` (mmaction2's ResNet3d, SlowOnly, C3D, ...; the config check reports that). In a
    list of initializers it must be the last, since later ones would overwrite the weights.

    Args:
        checkpoint: The file, or ``zoo://NAME``; for all arguments see :func:`load_weights`.
        inflate: Turn 2D kernels into 3D ones.
        prefix: Use only the tensors whose names begin with this.
        allow_missing: Beginnings of the names in the backbone that may stay unfilled.
    """

    def __init__(
        self,
        checkpoint: str,
        inflate: bool = False,
        prefix: str | None = None,
        allow_missing: str | Iterable[str] = (),
    ) -> None:
        self.checkpoint = checkpoint
        self.inflate = inflate
        self.prefix = prefix
        self.allow_missing = allow_missing

    def __call__(self, module: nn.Module) -> None:
        """Fill the module, or the backbone of a whole model.

        Raises:
            CheckpointError: The checkpoint cannot be read or leaves tensors unfilled.
            InputError: Other initializers follow this one.
        """
        self._check_comes_last(module)
        _initialize_children(module)
        report = load_weights(
            module.backbone if isinstance(module, BaseModel) else module,
            self.checkpoint,
            prefix=self.prefix,
            allow_missing=self.allow_missing,
            inflate=self.inflate,
        )
        print_log(f'weights of the backbone are from {report}', logger='current')
        if hasattr(module, '_params_init_info'):  # mmengine's record of what initialized what
            update_init_info(module, f'{type(self).__name__}: {self.checkpoint}')

    def _check_comes_last(self, module: nn.Module) -> None:
        init_cfg = getattr(module, 'init_cfg', None)
        earlier = init_cfg[:-1] if isinstance(init_cfg, list) else []
        if any(str(cfg['type']).endswith(type(self).__name__) for cfg in earlier):
            raise InputError(
                f'{type(self).__name__} must be the last in init_cfg of {type(module).__name__}: '
                'the initializers after it would overwrite what it loads'
            )


def _initialize_children(module: nn.Module) -> None:
    """Initialize the children now, and mark them as initialized.

    mmengine runs them after the initializers of their parent, and would overwrite the loaded
    weights; it runs only its own ``Pretrained`` last.
    """
    children: Iterable[Any] = module.children()  # any class may have these names
    for child in children:
        if hasattr(child, 'init_weights') and not getattr(child, 'is_init', False):
            child.init_weights()
            child.is_init = True
