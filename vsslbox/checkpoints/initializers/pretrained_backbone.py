"""Start weights for backbones."""

from collections.abc import Iterable

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

    ``init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=...)`` stands in a backbone, or in
    a whole model, whose ``backbone`` is then filled. It must stand in the model where the backbone
    never reads its own ``init_cfg`` (mmaction2's ResNet3d, SlowOnly, C3D, ...; the check of a
    config reports that). In a list of initializers it comes last, since the others would overwrite
    what it does.

    Args:
        checkpoint: The file, or ``zoo://NAME``; see :func:`load_weights` for this and the rest.
        inflate: Make 3D kernels of 2D ones.
        prefix: Take only what begins so.
        allow_missing: What may stay as it is, by beginnings of names in the backbone.
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
        """Fill the module, or its backbone where it is a whole model.

        Raises:
            CheckpointError: The checkpoint can't be read or leaves tensors unfilled.
            InputError: Other initializers come after this one.
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
    """Initialize the children now, and for good.

    mmengine does this after the initializers of their parent, and would overwrite what was loaded;
    only its own ``Pretrained`` is put last.
    """
    for child in module.children():
        if hasattr(child, 'init_weights') and not getattr(child, 'is_init', False):
            child.init_weights()
            child.is_init = True
