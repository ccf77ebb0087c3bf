"""Count the parameters and the operations of a config's backbone.

python tools/analysis/complexity.py CONFIG [--shape 3 16 224 224] [--table]

The shape is that of one clip (C T H W); a config of pretraining says it itself. A backbone of
frames sees the frames of the clip one by one. A multiply-add is one operation; a BatchNorm has two
for each value. Operations that mmengine does not count, such as additions, are named.
"""

import argparse

from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from vsslbox.apis.checkpoint_config import input_of_config, without_start_weights
from vsslbox.apis.command_line import add_config_options, read_config, run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS


class Encoder(nn.Module):
    """A backbone whose features are averaged, in evaluation mode.

    Args:
        backbone: The backbone.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        backbone.eval()  # mmaction2's does not return itself

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the features of clips ``[N, C, T, H, W]``, ``[N, F]``."""
        return encode_clips(self.backbone, clips)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='a config with a model that has a backbone')
    parser.add_argument(
        '--shape', type=int, nargs=4, metavar=('C', 'T', 'H', 'W'), help='of a clip'
    )
    parser.add_argument('--table', action='store_true', help='show all modules')
    add_config_options(parser)
    parser.set_defaults(data_root=None)
    return parser.parse_args()


def backbone_and_shape(config: Config, name: str, shape: list[int] | None) -> tuple[dict, tuple]:
    """Return the config of the backbone, and the shape of one clip.

    Raises:
        InputError: There is no backbone, or the shape is not known.
    """
    try:
        seen = input_of_config(config, name)
    except InputError as error:
        backbone = config.model.get('backbone')
        if backbone is None or shape is None:
            lacking = 'has no backbone' if backbone is None else 'does not say: give --shape'
            raise InputError(f'{name} {lacking} ({error})') from error
        return without_start_weights(backbone), tuple(shape)
    length = seen.clip['clip_len'] if seen.clip else 1
    return seen.backbone, tuple(shape or (3, length, seen.size, seen.size))


def main() -> None:
    """Count."""
    args = parse_args()
    backbone, shape = backbone_and_shape(read_config(args), args.config, args.shape)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        encoder = Encoder(MODELS.build(backbone))
    found = get_model_complexity_info(encoder, shape, show_table=args.table, show_arch=False)
    if args.table:
        print(found['out_table'])
    print(
        f'{backbone["type"]}, clip {"x".join(map(str, shape))}: {found["params"]:,} parameters, '
        f'{found["flops"]:,} operations, {found["activations"]:,} activations'
    )


if __name__ == '__main__':
    run_command(main)
