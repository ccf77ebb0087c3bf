"""SimCLR on several clips of a video."""

from itertools import pairwise

from torch import Tensor

from vsslbox.models.selfsup.cvrl import CVRL
from vsslbox.models.utils import check_clips
from vsslbox.registry import MODELS

__all__ = ['RhoSimCLR']


@MODELS.register_module()
class RhoSimCLR(CVRL):
    """Contrast each clip of a video with the next one.

    A sample has rho views, each ``[N, C, T, H, W]`` (``SampleRandomSpans``), whose pairs (1, 2),
    (2, 3), ... (rho - 1, rho) attract each other, each pair against the clips of other videos. The
    loss is the sum over the pairs, so its gradient is that of one backward pass for each pair, as
    in the authors' code. Each view is encoded on its own, once, with its own statistics of
    BatchNorm. (:class:`CVRL` encodes both of its views as one batch.)

    Source: Chen et al., "A Simple Framework for Contrastive Learning", 2020; Feichtenhofer et al.,
    "A Large-Scale Study on Unsupervised Spatiotemporal Representation Learning", CVPR 2021,
    section 3; the pairs follow the authors' code.
    """

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast``, summed over the pairs."""
        check_clips(self, inputs)
        embeddings = map(self.embed_in_chunks, inputs)
        return dict(loss_contrast=sum(self.criterion(*pair) for pair in pairwise(embeddings)))
