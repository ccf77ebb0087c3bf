"""Feature vectors, maps and tokens of clips, with 2D and 3D backbones alike."""

from torch import Tensor, nn

from vsslbox.errors import InputError

__all__ = ['clip_maps', 'encode_clips', 'is_3d', 'map_tokens', 'pool_maps']


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
    return pool_maps(clip_maps(backbone, clips), clips.shape[0])


def clip_maps(backbone: nn.Module, clips: Tensor) -> Tensor:
    """Compute the feature maps of clips.

    Args:
        backbone: As for :func:`encode_clips`.
        clips: ``[N, C, T, H, W]``.

    Returns:
        ``[N, F, t, h, w]``, or ``[N * T, F, h, w]`` of a 2D backbone.
    """
    if is_3d(backbone):
        return backbone(clips)
    return backbone(clips.transpose(1, 2).flatten(0, 1))  # [N * T, C, H, W]


def pool_maps(maps: Tensor, num_clips: int) -> Tensor:
    """Average the maps of clips, or of each frame and then over the frames, to ``[N, F]``."""
    features = maps.flatten(2).mean(dim=2)
    if features.shape[0] == num_clips:  # a length would be a constant of exported networks
        return features
    return features.view(num_clips, -1, features.shape[1]).mean(dim=1)


def map_tokens(maps: Tensor, num_clips: int) -> Tensor:
    """Return the positions of the maps of clips in the order of time, row, column, ``[N, L, F]``.

    Raises:
        InputError: The backbone returns no maps.
    """
    if maps.ndim < 3:
        raise InputError(
            f'the backbone returns pooled features {list(maps.shape)}, which have no positions to '
            'attend to: give one whose output is a feature map'
        )
    tokens = maps.flatten(2).transpose(1, 2)  # [N, L, F], or [N * T, h w, F]
    return tokens.reshape(num_clips, -1, tokens.shape[2])
