"""VCLR's losses beside that of DPC."""

from torch import Tensor

from vsslbox.models.selfsup.vclr import VCLR
from vsslbox.models.utils import block_maps
from vsslbox.registry import MODELS

__all__ = ['VCLRWithDPC']


@MODELS.register_module()
class VCLRWithDPC(VCLR):
    """The sum of the losses of VCLR and DPC with one backbone.

    The first view of a sample is that of :class:`DPC`, the others are those of :class:`VCLR`:
    ``SampleTogether`` joins them.

    Source: VCLR, Table 9 and appendix A.3.

    Args:
        prediction: See :class:`DPC`.
        num_blocks: See :class:`DPC`.
        kwargs: As for :class:`VCLR`.
    """

    def __init__(self, prediction: dict, num_blocks: int = 8, **kwargs) -> None:
        super().__init__(**kwargs)
        self.prediction = MODELS.build(prediction)
        self.num_blocks = num_blocks

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_prediction`` and the losses of VCLR."""
        clip, *tuples = inputs
        losses = super().loss(tuples, data_samples)
        maps = block_maps(self.backbone, clip, self.num_blocks)
        return dict(loss_prediction=self.prediction(maps), **losses)
