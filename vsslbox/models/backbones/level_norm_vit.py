"""The vision transformer of V-JEPA 2.1."""

from torch import Tensor, nn
from torch.nn import Parameter

from vsslbox.errors import InputError
from vsslbox.models.backbones.video_vit import TubeletEmbed, VideoViT
from vsslbox.registry import MODELS

__all__ = ['LevelNormViT']

# The blocks after which a norm follows, by the number of blocks.
LEVELS = {12: (2, 5, 8, 11), 24: (5, 11, 17, 23), 40: (9, 19, 29, 39), 48: (11, 23, 37, 47)}
# The rows and columns to which those of a clip are stretched: those of 256 pixels.
SPAN = 16


@MODELS.register_module()
class LevelNormViT(VideoViT):
    """:class:`VideoViT` with a norm for each of four levels, and with images beside clips.

    The map is that of the last block after the norm of the last level; :meth:`extract` gives those
    of the other levels. A vector that says whether the input is a clip or an image is added to the
    tokens. An image is a clip of one frame; its patches are of one frame, with a projection of
    their own. The projection and the vector of images and the norms of the lower levels are for
    published weights: they are not trained.

    Source: V-JEPA 2.1 (``app/vjepa_2_1`` of the authors' code).

    Args:
        arch: As for :class:`VideoViT`.
        levels: The blocks of the levels, the last one included; the authors' for 12, 24, 40 or 48
            blocks if None.
        kwargs: As for :class:`VideoViT`, but for ``position``, ``rope_span`` and ``final_norm``.

    Raises:
        InputError: As :class:`VideoViT`, or there are no levels for this number of blocks.
    """

    def __init__(
        self, arch: str = 'base', levels: tuple[int, ...] | None = None, **kwargs: object
    ) -> None:
        super().__init__(arch, position='rope_paired', rope_span=SPAN, final_norm=False, **kwargs)
        depth, width = len(self.blocks), self.feat_dim
        self.levels = tuple(levels or LEVELS.get(depth, ()))
        if not self.levels or self.levels[-1] != depth - 1:
            raise InputError(
                f'levels of LevelNormViT must be numbers of blocks and end with the last one, '
                f'{depth - 1}, got {list(self.levels)}'
            )
        eps = self.blocks[0].norm1.eps
        self.norms_block = nn.ModuleList(nn.LayerNorm(width, eps=eps) for _ in self.levels)
        channels, (_, *patch) = self.patch_embed.proj.in_channels, self.patch_embed.proj.kernel_size
        self.patch_embed_img = TubeletEmbed(channels, width, (1, *patch))
        self.img_mod_embed = Parameter(self.patch_embed.proj.weight.new_zeros(1, 1, width))
        self.video_mod_embed = Parameter(self.img_mod_embed.detach().clone())
        for part in (self.norms_block[:-1], self.patch_embed_img, self.img_mod_embed):
            part.requires_grad_(False)

    def _normed(self, tokens: Tensor, block: int) -> Tensor:
        if block not in self.levels:
            raise InputError(f'taps of LevelNormViT are its levels, {self.levels}, got {block}')
        return self.norms_block[self.levels.index(block)](tokens)

    def _patches(self, x: Tensor) -> TubeletEmbed:
        return self.patch_embed_img if x.shape[2] == 1 else self.patch_embed

    def _embed(self, x: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor]:
        tokens, rotary = super()._embed(x, keep)
        return tokens + (self.img_mod_embed if x.shape[2] == 1 else self.video_mod_embed), rotary
