"""Learning rates that fall from the last block of a transformer to the first."""

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from vsslbox.errors import InputError
from vsslbox.registry import OPTIM_WRAPPER_CONSTRUCTORS

__all__ = ['LayerDecayConstructor']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor(DefaultOptimWrapperConstructor):
    r"""Give block i of L blocks the learning rate :math:`\gamma d^{L - i}`, counted from 0.

    What comes before the blocks (the projection of the patches, learnt positions and tokens of the
    backbone) has :math:`\gamma d^{L + 1}`, everything behind them :math:`\gamma`. Vectors (biases,
    weights of norms), the learnt positions and tokens, and the parameters that ``no_decay`` names
    have no weight decay. Parameters with the same settings share a group.

    ``paramwise_cfg`` has ``layer_decay``, the factor d, 1 if it is missing, and ``no_decay``, a
    list of ends of names, empty if it is missing.

    mmaction2's ``LearningRateDecayOptimizerConstructor`` does the same for two of its own classes
    only, told apart by their names.

    Source: Bao et al., "BEiT: BERT Pre-Training of Image Transformers", ICLR 2022, following the
    code of VideoMAE.

    Args:
        optim_wrapper_cfg: The config of the optimizer's wrapper.
        paramwise_cfg: See above.

    Raises:
        InputError: An unknown setting, or an optimizer without ``lr``.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        settings = dict(dict(layer_decay=1.0, no_decay=()), **(paramwise_cfg or {}))
        unknown = sorted(settings.keys() - {'layer_decay', 'no_decay'})
        if unknown:
            raise InputError(
                'paramwise_cfg of LayerDecayConstructor takes layer_decay and no_decay, got '
                f'{unknown[0]!r}'
            )
        super().__init__(optim_wrapper_cfg, settings)
        if self.base_lr is None:
            raise InputError('LayerDecayConstructor needs `optim_wrapper.optimizer.lr`')

    def add_params(self, params: list[dict], module: nn.Module, **kwargs) -> None:
        """Add a group for each learning rate and weight decay.

        Args:
            params: The list of groups, changed in place.
            module: The model, whose ``backbone`` has ``patch_embed`` and ``blocks``.
            kwargs: Ignored; mmengine passes them.

        Raises:
            InputError: There is no such backbone.
        """
        backbone = getattr(module, 'backbone', None)
        if not hasattr(backbone, 'blocks') or not hasattr(backbone, 'patch_embed'):
            raise InputError(
                'LayerDecayConstructor needs a model whose backbone has `patch_embed` and `blocks`'
                f', such as VideoViT; got {type(backbone).__name__}'
            )
        depth = len(backbone.blocks)
        factor = self.paramwise_cfg['layer_decay']
        no_decay = tuple(self.paramwise_cfg['no_decay'])
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                rate = self.base_lr * factor ** (depth + 1 - _layer(name, depth))
                is_free = parameter.ndim <= 1 or _is_token(name) or name.endswith(no_decay)
                decay = 0.0 if is_free else self.base_wd or 0.0
                groups.setdefault((rate, decay), []).append(parameter)
        params += [
            dict(params=parameters, lr=rate, weight_decay=decay)
            for (rate, decay), parameters in groups.items()
        ]


def _layer(name: str, depth: int) -> int:
    """Return 0 for what comes before the blocks, i + 1 for block i, L + 1 for the rest."""
    if name.startswith('backbone.patch_embed.') or _is_token(name):
        return 0
    if name.startswith('backbone.blocks.'):
        return int(name.split('.')[2]) + 1
    return depth + 1


def _is_token(name: str) -> bool:
    """Return whether a parameter is the backbone's own: a token or a table of positions."""
    return name.startswith('backbone.') and name.count('.') == 1
