"""The pre-activation ResNet-18 of VIE, in 2D and 3D."""

from collections.abc import Iterable, Iterator, Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.backbones.fan_in_init import fill_by_fan_in
from vsslbox.models.backbones.preact_block import PreActBlock, centred_conv
from vsslbox.models.backbones.same_padding import SameMaxPool3d
from vsslbox.registry import MODELS

__all__ = ['PreActResNet3d', 'last_map', 'pick_taps']

# TensorFlow's momentum of 0.997 is the share that is kept; torch's is the share that is added.
NORM = dict(type='BN3d', momentum=0.003, eps=1e-5)


@MODELS.register_module()
class PreActResNet3d(BaseModule):
    """A pre-activation ResNet of two-convolution blocks with configurable temporal sizes.

    The stem has no BN-ReLU; the first block of every stage projects its shortcut; a BN-ReLU ends
    the network. Convolutions pad symmetrically, the max-pool by TensorFlow's ``SAME``. In space,
    the stem, the pool and all stages but the first have stride 2. VIE's networks, their arguments,
    and their numbers of trainable parameters with the embedding ``Linear(512, 128)``:

    ======== ============== ======= ============================ ============ ==========
    network  conv1_kernel_t pool1_t kernels_t                    strides_t    parameters
    ======== ============== ======= ============================ ============ ==========
    Single   1              (1, 1)  [(1, 1)] * 4                 (1, 1, 1, 1) 11 244 480
    3DResNet 7              (3, 2)  [(3, 3)] * 4                 (1, 2, 2, 2) 33 271 872
    Slow     1              (1, 1)  [(1, 1)] * 2 + [(3, 1)] * 2  (1, 1, 1, 1) 20 091 840
    ======== ============== ======= ============================ ============ ==========

    Projections and convolutions have no bias; a BN has two parameters a channel. Single is a 2D
    network with kernels of a temporal size of 1: it encodes every frame separately, and an image as
    a clip of one frame.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", section
    3 and appendix, and the authors' code; He et al., "Identity Mappings in Deep Residual Networks".

    Args:
        in_channels: The channels of a frame.
        base_channels: The width of the stem and of the first stage; each further stage doubles it.
        blocks: The number of blocks of each stage.
        conv1_kernel_t: The temporal size of the stem's kernel, 7x7 in space; its temporal stride
            is 1.
        pool1_t: The temporal size and stride of the max-pool.
        kernels_t: For each stage, the temporal sizes of the two convolutions of a block.
        strides_t: The temporal stride of each stage.
        lateral_channels: The channels of another pathway that join those of the pool and of the
            first stage; each further stage doubles their number.
        norm_cfg: The normalisation; BN with a momentum of 0.003 (TensorFlow's 0.997) if None.
        init_cfg: mmengine's weight initialization, applied after the weights of convolutions are
            drawn from a truncated normal distribution of variance 1 / fan-in.

    Attributes:
        feat_dim: The channels of the last feature map, F.

    Raises:
        InputError: ``blocks``, ``kernels_t`` and ``strides_t`` differ in their number of stages.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        blocks: Sequence[int] = (2, 2, 2, 2),
        conv1_kernel_t: int = 7,
        pool1_t: tuple[int, int] = (3, 2),
        kernels_t: Sequence[tuple[int, int]] = ((3, 3), (3, 3), (3, 3), (3, 3)),
        strides_t: Sequence[int] = (1, 2, 2, 2),
        lateral_channels: int = 0,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if not len(blocks) == len(kernels_t) == len(strides_t):
            raise InputError(
                'blocks, kernels_t and strides_t need one entry for each stage, got '
                f'{len(blocks)}, {len(kernels_t)} and {len(strides_t)} entries'
            )
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or NORM
        self.conv1 = centred_conv(in_channels, base_channels, (conv1_kernel_t, 7, 7), (1, 2, 2))
        pool_kernel_t, pool_stride_t = pool1_t
        self.maxpool = SameMaxPool3d((pool_kernel_t, 3, 3), (pool_stride_t, 2, 2))
        channels = base_channels + lateral_channels
        self.res_layers = []
        for index, (depth, kernels, stride_t) in enumerate(zip(blocks, kernels_t, strides_t)):
            width = base_channels * 2**index
            stride_s = 1 if index == 0 else 2
            first = PreActBlock(
                channels, width, kernels, (stride_t, stride_s, stride_s), True, norm_cfg
            )
            others = [
                PreActBlock(width, width, kernels, (1, 1, 1), False, norm_cfg)
                for _ in range(depth - 1)
            ]
            self.res_layers.append(f'layer{index + 1}')
            self.add_module(self.res_layers[-1], nn.Sequential(first, *others))
            channels = width + lateral_channels * 2**index
        self.bn = build_norm_layer(norm_cfg, channels)[1]
        self.feat_dim = channels

    def init_weights(self) -> None:
        """Draw the weights of all convolutions, then apply ``init_cfg``."""
        if not self.is_init:
            for module in self.modules():
                if isinstance(module, nn.Conv3d):
                    fill_by_fan_in(module.weight)
        super().init_weights()

    def forward(self, x: Tensor) -> Tensor:
        """Compute the last feature map of clips.

        Args:
            x: ``[N, C, T, H, W]``.

        Returns:
            ``[N, F, t, h, w]``, after the last BN-ReLU.
        """
        return last_map(self.walk(x))

    def extract(
        self, x: Tensor, taps: Sequence[str] = ('conv3', 'conv4', 'conv5')
    ) -> dict[str, Tensor]:
        """Compute the feature maps for read-outs, each after a BN-ReLU.

        ``conv1`` is the pool and ``conv2`` ... ``conv5`` are the four stages, each after the first
        BN-ReLU of the next stage; ``conv5`` is the output of :meth:`forward`. Nothing above the
        highest tap is computed.

        Source: the authors' code, which names the taps 5, 7 and 9 after the blocks.

        Args:
            x: ``[N, C, T, H, W]``.
            taps: The names of the maps.

        Raises:
            InputError: There is no tap of this name.
        """
        return pick_taps(self.walk(x), taps, len(self.res_layers))

    def walk(
        self, x: Tensor, laterals: Sequence[Tensor] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the feature map and its BN-ReLU, after the pool and after each stage.

        Args:
            x: ``[N, C, T, H, W]``.
            laterals: For each of these places, a map of another pathway, which adds channels:
                ``lateral_channels`` at the first one.
        """
        x = self.maxpool(self.conv1(x))
        for index, name in enumerate(self.res_layers):
            x = _join(x, laterals, index)
            first, *others = getattr(self, name)
            activated = first.activate(x)
            yield x, activated
            x = first(x, activated)
            for block in others:
                x = block(x)
        x = _join(x, laterals, len(self.res_layers))
        yield x, F.relu(self.bn(x), inplace=True)


def last_map(steps: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the last map of a walk after its BN-ReLU, without keeping those before."""
    for _, activated in steps:
        end = activated
    return end


def pick_taps(
    steps: Iterable[tuple[Tensor, Tensor]], taps: Sequence[str], num_stages: int
) -> dict[str, Tensor]:
    """Return the maps of a walk after their BN-ReLU, by tap.

    Args:
        steps: The output of :meth:`PreActResNet3d.walk`, computed up to the highest tap.
        taps: The names of the maps.
        num_stages: The number of stages of the network.

    Raises:
        InputError: There is no tap of this name.
    """
    names = [f'conv{number}' for number in range(1, num_stages + 2)]
    unknown = [tap for tap in taps if tap not in names]
    if unknown:
        raise InputError(f'taps must be of {", ".join(names)}, got {", ".join(unknown)}')
    found = {}
    last = max((names.index(tap) for tap in taps), default=-1)
    for name, (_, activated) in zip(names[: last + 1], steps):
        if name in taps:
            found[name] = activated
    return found


def _join(x: Tensor, laterals: Sequence[Tensor] | None, index: int) -> Tensor:
    return x if laterals is None else torch.cat([x, laterals[index]], dim=1)
