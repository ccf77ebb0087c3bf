"""One feature vector for each clip, with 2D and 3D backbones alike."""

from torch import Tensor, nn

__all__ = ['encode_clips', 'is_3d']


def is_3d(backbone: nn.Module) -> bool:
    """Whether a backbone takes clips ``[N, C, T, H, W]`` rather than images ``[N, C, H, W]``."""
    return any(isinstance(module, nn.Conv3d) for module in backbone.modules())


def encode_clips(backbone: nn.Module, clips: Tensor) -> Tensor:
    """Compute the average-pooled features of clips.

    A 3D backbone sees each clip as a whole; a 2D backbone sees the frames one by one, and their
    features are averaged.

    Args:
        backbone: A network with one feature map as output, ``[N, F, h, w]`` or
            ``[N, F, t, h, w]``.
        clips: ``[N, C, T, H, W]``.

    Returns:
        ``[N, F]``.
    """
    if is_3d(backbone):
        return backbone(clips).flatten(2).mean(dim=2)
    num_clips, _, num_frames = clips.shape[:3]
    frames = clips.transpose(1, 2).flatten(0, 1)  # [N * T, C, H, W]
    features = backbone(frames).flatten(2).mean(dim=2)
    return features.view(num_clips, num_frames, -1).mean(dim=1)
