"""Where in the clips of a video a model finds a class or a likeness, by Grad-CAM."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.apis.end_to_end_classifier import EndToEndClassifier
from vsslbox.apis.load_backbone import PretrainedEncoder
from vsslbox.apis.video_classifier import VideoClassifier
from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.apis.video_inferencer import VideoInferencer, Videos
from vsslbox.errors import InputError
from vsslbox.utils import optional_module

__all__ = ['ClipHeat', 'class_heat', 'grad_cam', 'similarity_heat']


@dataclass
class ClipHeat:
    """The heat of a clip.

    Attributes:
        frames: What the model sees, RGB, uint8 ``[T, H, W, 3]``.
        heat: ``[T, H, W]``, in [0, 1]; 1 is the hottest place of all clips of the video.
    """

    frames: np.ndarray
    heat: np.ndarray


def grad_cam(
    score: Callable[[Tensor], Tensor], layer: nn.Module, clips: Tensor, target: int | None = None
) -> Tensor:
    """Compute the heat ``relu(sum_c mean(dS / dA_c) A_c)`` of a score S and the maps A of a layer.

    The mean is over the positions of a map, those of all frames in a 3D network.

    Source: Selvaraju et al., "Grad-CAM", arXiv:1610.02391, equations 1 and 2, by captum.

    Args:
        score: Maps clips to scores ``[N, K]``, or to ``[N]`` if there is no target.
        layer: The layer, with maps ``[M, C, ...]``.
        clips: Clips or frames, ``[N, ...]``, floating point.
        target: The column of the scores.

    Returns:
        ``[M, ...]``, not negative.

    Raises:
        ImportError: The package captum is not installed.
        InputError: The layer has several maps.
    """
    captum = optional_module('captum.attr', 'cam')
    attribution = captum.LayerGradCam(score, layer)
    heat = attribution.attribute(clips.requires_grad_(), target, relu_attributions=True)
    if not isinstance(heat, Tensor):
        raise InputError(f'{type(layer).__name__} has several maps, of which none is the last')
    return heat[:, 0].detach()


def class_heat(classifier: VideoClassifier, video: Videos, name: str) -> list[ClipHeat]:
    """Compute where a classifier finds a class: the heat of its score before the softmax.

    Args:
        classifier: The classifier.
        video: A file, or frames.
        name: The class.

    Raises:
        InputError: There is no such class, or not one video.
    """
    if name not in classifier.classes:
        raise InputError(f'there is no class {name!r}, only {", ".join(classifier.classes)}')
    module = EndToEndClassifier(classifier.model)
    clips = _sample(classifier, video)[0]

    def scores(clips: Tensor) -> Tensor:
        return module.logits(clips).unflatten(0, (len(clips), -1)).mean(dim=1)

    heat = grad_cam(
        scores, classifier.model.backbone, clips[None].float(), classifier.classes.index(name)
    )
    frames = clips.transpose(0, 1)[None] if clips.ndim == 4 else clips
    return _of_clips(frames, heat)


def similarity_heat(
    embedder: VideoEmbedder, video: Videos, other: Videos | None = None
) -> list[ClipHeat]:
    """Compute where a backbone finds the likeness of a video.

    The score is the product of the clip's feature with the normalised mean feature of the other
    video, or of the video itself. (The cosine of a feature with itself has no gradient.)

    Args:
        embedder: The backbone.
        video: A file, or frames.
        other: Another video; the same if None.

    Raises:
        InputError: Not one video.
    """
    encode = PretrainedEncoder(embedder.model)
    clips = torch.cat(_sample(embedder, video))
    with torch.no_grad():
        likeness = encode(clips if other is None else torch.cat(_sample(embedder, other)))
    likeness = F.normalize(likeness.mean(dim=0), dim=0)
    heat = grad_cam(lambda clips: encode(clips) @ likeness, embedder.model.backbone, clips.float())
    return _of_clips(clips, heat)


def _sample(inferencer: VideoInferencer, video: Videos) -> list[Tensor]:
    """Return what the pipeline makes of one video.

    Raises:
        InputError: There are several.
    """
    videos = inferencer._inputs_to_list(video)
    if len(videos) != 1:
        raise InputError(f'{video} are {len(videos)} videos: name one')
    return next(inferencer.preprocess(videos))['inputs']


def _of_clips(clips: Tensor, heat: Tensor) -> list[ClipHeat]:
    """Spread heat over the frames of clips, uint8 ``[V, 3, T, H, W]``.

    Args:
        clips: The clips.
        heat: That of a 3D network, ``[V, t, h, w]``, or of frames, ``[V * T, h, w]``.
    """
    maps = heat.unflatten(0, (len(clips), -1)) if heat.ndim == 3 else heat
    spread = F.interpolate(maps[:, None], clips.shape[2:], mode='trilinear')[:, 0]
    spread = spread / spread.max().clamp(min=torch.finfo(spread.dtype).tiny)
    return [
        ClipHeat(frames, its_heat)
        for frames, its_heat in zip(clips.permute(0, 2, 3, 4, 1).numpy(), spread.cpu().numpy())
    ]
