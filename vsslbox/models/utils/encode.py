"""From clips to one feature vector each, with 2D and 3D backbones alike."""

from torch import Tensor, nn

from vsslbox.errors import InputError

__all__ = ['encode_clips', 'is_3d', 'split_segments']


def is_3d(backbone: nn.Module) -> bool:
    """Whether a backbone takes clips ``[N, C, T, H, W]`` rather than images ``[N, C, H, W]``."""
    return any(isinstance(module, nn.Conv3d) for module in backbone.modules())


def encode_clips(backbone: nn.Module, clips: Tensor) -> Tensor:
    """Average-pooled features of clips.

    A 3D backbone sees each clip whole; a 2D one sees its frames one by one, and their features are
    averaged.

    Args:
        backbone: Gives one feature map, ``[N, F, h, w]`` or ``[N, F, t, h, w]``.
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


def split_segments(view: Tensor, num_segments: int) -> Tensor:
    """Part a view into its segments.

    Args:
        view: ``[N, C, S * T, H, W]``.
        num_segments: S.

    Returns:
        ``[N, S, C, T, H, W]``.
    """
    num_frames = view.shape[2]
    if num_frames % num_segments:
        raise InputError(
            f'a view of {num_frames} frames does not split into {num_segments} segments: '
            '`num_segments` of the model and of the sampler must be the same'
        )
    return view.unflatten(2, (num_segments, -1)).transpose(1, 2)
