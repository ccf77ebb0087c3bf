"""Features of videos by a pretrained backbone."""

from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vsslbox.apis.checkpoint_config import feature_config
from vsslbox.apis.video_inferencer import VideoInferencer
from vsslbox.registry import INFERENCERS

__all__ = ['VideoEmbedder']


@INFERENCERS.register_module()
class VideoEmbedder(VideoInferencer):
    """Compute the features of videos by the backbone of a checkpoint.

    ```python
    embedder = VideoEmbedder('zoo://cvrl_r3d18w12_demo')
    features = embedder('path/to/videos')['predictions']  # [N, F]
    ```

    Args:
        checkpoint: A checkpoint of pretraining, which tells the backbone, the clips and the size: a
            file, or ``zoo://NAME``.
        num_clips: The clips of a video whose features are averaged; see :func:`feature_config`.
        num_frames: The frames of a video, for a backbone of frames.
        config: The config of a file that other code published, such as ``configs/foreign/NAME.py``.
        kwargs: ``device``, ``num_workers``, ``show_progress`` and ``skip_bad``; see
            :class:`VideoInferencer`.

    Raises:
        InputError: The checkpoint does not tell, or is not one of pretraining.
    """

    def __init__(
        self,
        checkpoint: str | PathLike,
        num_clips: int = 3,
        num_frames: int = 10,
        config: str | PathLike | None = None,
        **kwargs: Any,
    ) -> None:
        config = feature_config(checkpoint, num_clips, num_frames, config)
        super().__init__(config, checkpoint, **kwargs)

    @torch.no_grad()
    def forward(self, inputs: dict) -> Tensor:
        """Return the features of a batch, ``[N, F]``."""
        batch = self.model.data_preprocessor(inputs)
        return self.model(**batch, mode='tensor').float().cpu()

    def postprocess(
        self, preds: list[Tensor], visualization: list, return_datasamples: bool = False
    ) -> dict:
        """Return the features of the videos as ``predictions``, float32 ``[N, F]``, and names."""
        features = torch.stack(preds).numpy() if preds else np.empty((0, 0), np.float32)
        return dict(predictions=features, videos=self.videos, visualization=visualization)
