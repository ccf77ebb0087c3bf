"""The weights that a network starts from."""

from torch import nn

__all__ = ['forget_start_weights']


def forget_start_weights(model: nn.Module) -> None:
    """Remove pretrained weights from the modules' ``init_cfg``."""
    for module in model.modules():
        given = getattr(module, 'init_cfg', None) or []
        given = [given] if isinstance(given, dict) else given
        if any('Pretrained' in str(init['type']) for init in given):
            module.init_cfg = [init for init in given if 'Pretrained' not in str(init['type'])]
        if getattr(module, 'pretrained', None):  # mmaction2's backbones
            module.pretrained = None
