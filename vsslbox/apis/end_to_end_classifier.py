"""A fine-tuned recognizer as a module."""

from mmengine.model import BaseModel
from torch import Tensor, nn

__all__ = ['EndToEndClassifier']


class EndToEndClassifier(nn.Module):
    """A recognizer of mmaction2 with its normalisation.

    Args:
        model: The recognizer.
    """

    def __init__(self, model: BaseModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the scores of the classes, ``[N, K]``.

        Args:
            clips: RGB, values in [0, 255]: S frames ``[N, S, 3, H, W]`` or V clips
                ``[N, V, 3, T, H, W]``.
        """
        logits = self.logits(clips)
        return self.model.cls_head.average_clip(logits, num_segs=logits.shape[0] // clips.shape[0])

    def logits(self, clips: Tensor) -> Tensor:
        """Compute the scores before the softmax, ``[N, K]`` of frames, ``[N * V, K]`` of clips."""
        preprocessor = self.model.data_preprocessor
        normalised = (clips - preprocessor.mean) / preprocessor.std
        features, known = self.model.extract_feat(normalised, test_mode=True)
        return self.model.cls_head(features, **known)
