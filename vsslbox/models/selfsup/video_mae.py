"""VideoMAE: a masked autoencoder of clips."""

import math

import torch
from mmaction.models.backbones.vit_mae import get_sinusoid_encoding
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.losses.masked_pixel_loss import pixel_cubes
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.selfsup.multi_objective_self_supervisor import stack_targets
from vsslbox.registry import MODELS

__all__ = ['VideoMAE']


@MODELS.register_module()
class VideoMAE(BaseSelfSupervisor):
    """Predict the pixels of the cubes that the network does not see.

    The backbone sees the tokens that ``MaskTubes`` leaves visible. A decoder sees its tokens, and a
    mask token at the position of each cube that is to be predicted; the loss compares the pixels of
    those that were hidden. ``MaskRunningCells`` in the pipeline makes it VideoMAE v2.

    Parameters have the names of the authors' pretraining files, but for ``backbone``, which is
    ``encoder`` there: ``encoder_to_decoder.weight``, ``mask_token``, ``decoder.blocks.I...``,
    ``decoder.norm``, ``decoder.head``.

    Sources: Tong et al., "VideoMAE: Masked Autoencoders are Data-Efficient Learners for
    Self-Supervised Video Pre-Training", NeurIPS 2022; Wang et al., "VideoMAE V2: Scaling Video
    Masked Autoencoders with Dual Masking", CVPR 2023.

    Args:
        backbone: The config of a :class:`VideoViT`.
        decoder: The config of a :class:`PixelDecoder`, as wide as a token of it.
        loss: The config of a module that is called with predictions ``[N, M, P * C]``, cubes
            ``[N, M, P, C]`` in [0, 1], and which of them were hidden, ``[N, M]``.
        kwargs: As for :class:`BaseSelfSupervisor`.

    Raises:
        InputError: The decoder predicts another number of values than a cube has.
    """

    def __init__(self, backbone: dict, decoder: dict, loss: dict, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        self.decoder = MODELS.build(decoder)
        self.criterion = MODELS.build(loss)
        patches, width = self.backbone.patch_embed.proj, self.decoder.embed_dims
        values = patches.in_channels * math.prod(patches.kernel_size)
        if self.decoder.head.out_features != values:
            raise InputError(
                f'`model.decoder` has out_channels={self.decoder.head.out_features}, a cube of '
                f'`model.backbone` has {values} values: give that number'
            )
        self.encoder_to_decoder = nn.Linear(self.backbone.feat_dim, width, bias=False)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.xavier_uniform_(self.encoder_to_decoder.weight)
        nn.init.trunc_normal_(self.mask_token, std=0.02, a=-0.02, b=0.02)
        table = get_sinusoid_encoding(math.prod(self.backbone.grid), width)[0]
        self.register_buffer('positions', table, persistent=False)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_pixels`` of one view."""
        if len(inputs) != 1:
            raise InputError(f'VideoMAE takes 1 view, got {len(inputs)}')
        (clips,) = inputs
        visible, asked = (
            stack_targets(data_samples, name, 'MaskTubes', clips.device)
            for name in ('visible_tokens', 'predicted_tokens')
        )
        self._check_grid(data_samples, clips)
        seen = self.encoder_to_decoder(self.backbone.tokens(clips, visible))
        predictions = self.decoder(
            seen + self.positions[visible], self.mask_token + self.positions[asked]
        )
        cubes = pixel_cubes(self._pixels(clips), self.backbone.patch_embed.proj.kernel_size)
        is_hidden = torch.ones(cubes.shape[:2], dtype=torch.bool, device=clips.device)
        is_hidden.scatter_(1, visible, False)
        cubes = cubes.take_along_dim(asked[..., None, None], dim=1)
        return dict(loss_pixels=self.criterion(predictions, cubes, is_hidden.gather(1, asked)))

    def _pixels(self, clips: Tensor) -> Tensor:
        """Return normalised clips as pixels in [0, 1]."""
        preprocessor = self.data_preprocessor
        return (clips * preprocessor.std + preprocessor.mean) / 255

    def _check_grid(self, data_samples: list, clips: Tensor) -> None:
        masked = tuple(data_samples[0].token_grid.tolist())
        seen, grid = self.backbone.patch_embed.grid(clips.shape[2:]), self.backbone.grid
        if not masked == seen == grid:
            raise InputError(
                f'the pipeline masks {masked} tokens in time, rows and columns of clips that have '
                f'{seen}, `model.backbone` is built for {grid}: give MaskTubes(grid={grid}) and '
                'clips of `num_frames` and `img_size`'
            )
