"""A pretrained backbone as a module."""

from os import PathLike

from torch import Tensor, nn

from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.models.extractors import FeatureExtractor

__all__ = ['PretrainedEncoder', 'load_backbone']


class PretrainedEncoder(nn.Module):
    """A backbone with its normalisation.

    Args:
        model: A feature extractor with a preprocessor.

    Attributes:
        backbone: The backbone; its output is a feature map.
    """

    def __init__(self, model: FeatureExtractor) -> None:
        super().__init__()
        self.model = model

    @property
    def backbone(self) -> nn.Module:
        """The backbone."""
        return self.model.backbone

    def forward(self, clips: Tensor) -> Tensor:
        """Compute features ``[N, F]``.

        Args:
            clips: RGB, uint8 ``[N, 3, T, H, W]``, of the length and size of the pretraining.
        """
        batch = self.model.data_preprocessor(dict(inputs=[clips]))
        return self.model(batch['inputs'])


def load_backbone(
    checkpoint: str | PathLike, device: str = 'cpu', config: str | PathLike | None = None
) -> PretrainedEncoder:
    """Load the backbone of a pretraining, ready for clips.

    Args:
        checkpoint: A checkpoint of pretraining: a file, or ``zoo://NAME``.
        device: Its device.
        config: The config of a file that other code published, such as ``configs/foreign/NAME.py``.

    Returns:
        The backbone with its normalisation, in evaluation mode.
    """
    return PretrainedEncoder(VideoEmbedder(checkpoint, config=config, device=device).model).eval()
