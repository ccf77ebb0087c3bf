"""Features and class scores of the snippets of untrimmed videos."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from mmaction.models.recognizers import Recognizer2D
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.checkpoints.loading import load_model
from vsslbox.compat import batches_of
from vsslbox.errors import InputError
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = [
    'VideoFeatures',
    'class_scores',
    'encode_snippets',
    'load_trained_model',
    'pooled_features',
]


class VideoFeatures(NamedTuple):
    """The features of the snippets of a video.

    Attributes:
        video: The name of the video.
        num_frames: Its number of frames.
        features: ``[n, D]``, in order of time; empty if the video cannot be read.
        error: Why it cannot be read, or ''.
    """

    video: str
    num_frames: int
    features: np.ndarray
    error: str


def load_trained_model(config: Config, checkpoint: str, device: str) -> BaseModel:
    """Build the model of a config of vsslbox or mmaction2 and load its checkpoint.

    Raises:
        CheckpointError: The checkpoint is of another model.
    """
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'vsslbox')):
        model = MODELS.build(config.model)
    print(load_model(model, checkpoint))
    return model.to(device).eval()


def class_scores(model: BaseModel, clips: Tensor) -> Tensor:
    """Compute class scores, before any softmax, with a recognizer of mmaction2.

    Args:
        model: A ``Recognizer2D``, which takes the frames of a clip as segments, or a
            ``Recognizer3D``.
        clips: uint8 ``[n, C, T, H, W]``.

    Returns:
        ``[n, K]``.

    Raises:
        InputError: The model is not such a recognizer, or shifts features among another number of
            frames.
    """
    if not getattr(model, 'with_cls_head', False):
        raise InputError(
            f'{type(model).__name__} has no class scores: take its pooled features instead'
        )
    clips = _normalized(model, clips)
    inputs = clips.transpose(1, 2) if isinstance(model, Recognizer2D) else clips[:, None]
    return model.extract_feat(inputs.contiguous(), stage='head')[0]


def pooled_features(model: BaseModel, clips: Tensor) -> Tensor:
    """Compute the backbone's features, averaged over space and time.

    Args:
        model: Any model with a ``backbone`` that returns one feature map.
        clips: uint8 ``[n, C, T, H, W]``.

    Returns:
        ``[n, D]``.

    Raises:
        InputError: The model shifts features among another number of frames.
    """
    return encode_clips(model.backbone, _normalized(model, clips))


def _normalized(model: BaseModel, clips: Tensor) -> Tensor:
    """Preprocess clips as the model does, ``[n, C, T, H, W]`` on its device."""
    num_segments = getattr(model.backbone, 'num_segments', None)
    if num_segments not in (None, clips.shape[2]):
        raise InputError(
            f'{type(model.backbone).__name__} takes {num_segments} frames together, but clips have '
            f'{clips.shape[2]}: set `--clip-len {num_segments}`'
        )
    preprocessor = model.data_preprocessor
    if isinstance(preprocessor, ViewsPreprocessor):
        return preprocessor(dict(inputs=[clips]))['inputs'][0]
    if preprocessor.format_shape == 'NCHW':
        frames = [clip.transpose(0, 1) for clip in clips]
        return preprocessor(dict(inputs=frames, data_samples=None))['inputs'].transpose(1, 2)
    inputs = [clip[None] for clip in clips]
    return preprocessor(dict(inputs=inputs, data_samples=None))['inputs'][:, 0]


def encode_snippets(
    model: BaseModel,
    encode: Callable[[BaseModel, Tensor], Tensor],
    loader: DataLoader,
) -> Iterator[VideoFeatures]:
    """Encode the snippets of videos, one video at a time.

    Args:
        model: The model, in inference mode.
        encode: :func:`class_scores` or :func:`pooled_features`.
        loader: A loader of a :class:`SnippetDataset` with ``batch_size=None``.

    Yields:
        Each video once its snippets are complete.
    """
    parts: dict[str, list[np.ndarray]] = {}
    for batch in batches_of(loader):
        if batch.error:
            parts.pop(batch.video, None)
            yield VideoFeatures(batch.video, 0, np.empty((0, 0)), batch.error)
            continue
        with torch.inference_mode():
            features = encode(model, batch.clips).float().cpu().numpy()
        done = parts.setdefault(batch.video, [])
        done.append(features)
        if sum(map(len, done)) == batch.num_snippets:
            features = np.concatenate(parts.pop(batch.video))
            yield VideoFeatures(batch.video, batch.num_frames, features, '')
