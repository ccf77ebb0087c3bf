"""VINCE: several frames of a video attract each other."""

from torch import Tensor

from vsslbox.models.selfsup.moco import MoCo
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = ['VINCE']


@MODELS.register_module()
class VINCE(MoCo):
    """MoCo in which each of S frames of a video has all S keys of the video as positives.

    A sample has two views of S frames, ``[N, C, S, H, W]`` (``SampleRandomFrames``). Each frame is
    encoded by itself. The head (``MultiPairContrastHead``) is called with embeddings
    ``[N, S, D]``.

    Source: Gordon et al., "Watching the World Go By: Representation Learning from Unlabeled
    Videos", arXiv:2003.07990, section 3 and the authors' code.
    """

    def encode_query(self, view: Tensor) -> Tensor:
        """Encode the frames of the query, ``[N, C, S, H, W]``: ``[N, S, F]``."""
        frames = _frames(view)
        return encode_clips(self.backbone, frames.flatten(0, 1)).unflatten(0, frames.shape[:2])

    def encode_key(self, view: Tensor) -> Tensor:
        """Encode the frames of the key by the moving average."""
        return self.encode_keys(_frames(view))


def _frames(view: Tensor) -> Tensor:
    """Return the frames of views as clips of one frame, ``[N, S, C, 1, H, W]``."""
    return view.transpose(1, 2).unsqueeze(3)
