"""The feature maps of successive blocks of a clip."""

from torch import Tensor, nn

from vsslbox.errors import InputError

__all__ = ['block_maps']


def block_maps(backbone: nn.Module, clips: Tensor, num_blocks: int) -> Tensor:
    """Encode each block of frames by itself and average its map over time.

    Args:
        backbone: A 3D network with one feature map as output, ``[N, F, t, h, w]``.
        clips: ``[N, C, T, H, W]``.
        num_blocks: The number of blocks of a clip, B, which divides T.

    Returns:
        ``[N, B, F, h, w]``.

    Raises:
        InputError: The frames of a clip cannot be split.
    """
    if clips.shape[2] % num_blocks:
        raise InputError(
            f'`num_blocks` is {num_blocks}, which does not divide the {clips.shape[2]} frames of a '
            'clip: set `clip_len` of the sampler to a multiple of it'
        )
    blocks = clips.unflatten(2, (num_blocks, -1)).transpose(1, 2)  # [N, B, C, T / B, H, W]
    return backbone(blocks.flatten(0, 1)).mean(dim=2).unflatten(0, blocks.shape[:2])
