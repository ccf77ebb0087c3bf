"""The network of Shuffle and Learn."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['CaffeNet']


@MODELS.register_module()
class CaffeNet(BaseModule):
    """CaffeNet up to its layer fc7, with BatchNorm from the third convolution on.

    Weights start with a normal distribution of deviation 0.01, those of fc6 and fc7 0.005; biases
    with 0.

    Source: Misra et al., "Shuffle and Learn", following the authors' code, whose BatchNorm has no
    scale and shift and some of whose biases start with 1.

    Args:
        fc_channels: The width of fc6 and fc7, F.
        dropout_ratio: The share that is dropped after each of them.
        init_cfg: mmengine's weight initialization, applied after the above.
    """

    def __init__(
        self,
        fc_channels: int = 4096,
        dropout_ratio: float = 0.5,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 11, stride=4),
            nn.ReLU(inplace=True),
            *_pool_and_norm(),
            nn.Conv2d(96, 256, 5, padding=2, groups=2),
            nn.ReLU(inplace=True),
            *_pool_and_norm(),
            *_conv(256, 384),
            *_conv(384, 384, groups=2),
            *_conv(384, 256, groups=2),
            _pool(),
        )
        self.fc6 = _fully_connected(256 * 6 * 6, fc_channels, dropout_ratio)
        self.fc7 = _fully_connected(fc_channels, fc_channels, dropout_ratio)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.01 if module.weight.ndim == 4 else 0.005)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``[N, 3, H, W]``, of 227x227 or 224x224 pixels, to ``[N, F, 1, 1]``.

        Raises:
            InputError: The images have another size.
        """
        maps = self.features(x)
        if maps.shape[2:] != (6, 6):
            raise InputError(
                f'CaffeNet takes frames of 227x227 pixels (or 224x224), got '
                f'{x.shape[2]}x{x.shape[3]}: set the size of the crop'
            )
        return self.fc7(self.fc6(maps.flatten(1)))[:, :, None, None]


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


def _pool_and_norm() -> list[nn.Module]:
    return [_pool(), nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)]


def _conv(in_channels: int, out_channels: int, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, padding=1, groups=groups),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


def _fully_connected(in_channels: int, out_channels: int, dropout_ratio: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_channels, out_channels),
        nn.BatchNorm1d(out_channels),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout_ratio),
    )
