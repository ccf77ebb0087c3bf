"""Convert weights that other code published into a checkpoint of vsslbox.

python tools/convert/import_weights.py SOURCE FILE OUT
python tools/convert/import_weights.py SOURCE FILE --list

SOURCE  FILE
vclr    vclr_k400.pth, vclr_ucf.pth: backbone, four projections and the order classifier
moco    moco_v2_200ep_pretrain.pth.tar: backbone and projection of the query encoder
cvrl-tf r3d_1x_*.tar.gz, or a TensorFlow 2 object checkpoint by its path before .index: backbone
vie-tf  checkpoint-1450000.tar, or a TensorFlow 1 checkpoint: backbone and embedding of 3DResNet
NAME    of the model zoo with a config in configs/foreign, such as vjepa2_vit_l: the backbone, with
        the config, so that the features need nothing else

The file must hold exactly the tensors of the network, or a table shows which are missing or unused.
The names in both TensorFlow checkpoints are inferred from the authors' code: --list shows those in
a file. TensorFlow is not needed. CVRL's weights need `padding='same'` in R3DResNet, as its configs
have it.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.checkpoints.importers.bundle_archive import open_bundle
from vsslbox.checkpoints.importers.published_names import (
    cvrl_names,
    moco_names,
    vclr_names,
    vie_names,
)
from vsslbox.checkpoints.importers.tensor_bundle import VARIABLE_VALUE
from vsslbox.checkpoints.loading import CheckpointError, LoadReport, load_checkpoint, load_weights
from vsslbox.checkpoints.zoo import SCHEME, fetch, zoo_entries
from vsslbox.models.backbones import NarrowResNet, PreActResNet3d, R3DResNet
from vsslbox.registry import MODELS
from vsslbox.utils import ROOT, whole_file

# Names that are not weights: batch counters, and what belongs to training or Keras.
NO_WEIGHTS = re.compile(r'num_batches_tracked$|/Momentum$|/\.OPTIMIZER_SLOT/|/OBJECT_CONFIG_JSON$')
CVRL_STEM = f'backbone/layer_with_weights-0/kernel{VARIABLE_VALUE}'
CVRL_BLOCK = '/_temporal_conv/kernel/'

Shapes = Mapping[str, tuple[int, ...]]


class Weights(NamedTuple):
    """The shapes of a file's tensors by name, and a function that reads one in our layout."""

    shapes: Shapes
    read: Callable[[str], Tensor]


class Source(NamedTuple):
    """How to read files of one origin.

    Attributes:
        opened: Opens a file.
        scope: The beginning of the names of the network's tensors.
        backbone: Builds the backbone that has the shapes in a file.
        names: Returns ``{our name: their name}`` for the names of the backbone's tensors.
    """

    opened: Callable[[Path], AbstractContextManager[Weights]]
    scope: str
    backbone: Callable[[Shapes], nn.Module]
    names: Callable[[list[str]], dict[str, str]]


def import_weights(source: str, path: Path) -> dict[str, Tensor]:
    """Read weights under the names and in the layout of a model of vsslbox.

    Raises:
        CheckpointError: The file cannot be read, or holds another network.
    """
    opened, scope, build_backbone, find_names = SOURCES[source]
    with opened(path) as weights:
        with torch.device('meta'):  # without random values
            backbone = build_backbone(weights.shapes)
        names = find_names(list(backbone.state_dict()))
        check_names(set(names.values()), weights.shapes, scope, f'{path} as {source}')
        found = {ours: weights.read(theirs) for ours, theirs in names.items()}
    backbone.to_empty(device='cpu')
    load_weights(backbone, found, str(path), prefix='backbone.')  # compares the shapes
    return found


def check_names(expected: set[str], shapes: Shapes, scope: str, what: str) -> None:
    """Raise a CheckpointError unless a file holds exactly the expected names."""
    there = {name for name in shapes if name.startswith(scope) and not NO_WEIGHTS.search(name)}
    if there != expected:
        report = LoadReport(
            f'{what} does not have the expected names (--list shows what it has):',
            filled=sorted(expected & there),
            missing=sorted(expected - there),
            unused=sorted(there - expected),
        )
        raise CheckpointError(str(report))


def torch_weights(path: Path, key: str) -> Weights:
    """Return the weights that a PyTorch file holds under a key."""
    checkpoint = load_checkpoint(path)
    if not isinstance(checkpoint.get(key), Mapping):
        raise CheckpointError(f"{path} has no '{key}', only {', '.join(map(str, checkpoint))}")
    weights = {name: w for name, w in checkpoint[key].items() if isinstance(w, Tensor)}
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    return Weights(shapes, weights.__getitem__)


@contextmanager
def opened_tensorflow(path: Path) -> Iterator[Weights]:
    """Open a TensorFlow checkpoint, in an archive or not."""
    with open_bundle(path) as bundle:
        shapes = {name: tensor.shape for name, tensor in bundle.tensors.items()}
        yield Weights(shapes, lambda name: in_torch_layout(bundle.read(name)))


def in_torch_layout(values: np.ndarray) -> Tensor:
    """Move the axes of kernels: ``[T, H, W, I, O]`` to ``[O, I, T, H, W]``, transpose matrices."""
    tensor = torch.from_numpy(values)
    if tensor.ndim == 5:
        tensor = tensor.permute(4, 3, 0, 1, 2)
    elif tensor.ndim == 2:
        tensor = tensor.T
    return tensor.contiguous()


def resnet50(shapes: Shapes, stem: str) -> nn.Module:
    """Build the ResNet-50 of the width in the file, whose stem has the given name."""
    return NarrowResNet(50, base_channels=(shapes.get(stem) or (64,))[0])


def r3d_resnet(shapes: Shapes) -> nn.Module:
    """Build the R3D with the width and the number of blocks (three convolutions) in the file."""
    depth = 3 * sum(CVRL_BLOCK in name and not NO_WEIGHTS.search(name) for name in shapes) + 2
    width = (shapes.get(CVRL_STEM) or (64,))[-1]
    return R3DResNet(depth if depth in (50, 101) else 50, base_channels=width, padding='same')


def vie_resnet(shapes: Shapes) -> nn.Module:
    """Build VIE's 3DResNet of the width in the file."""
    return PreActResNet3d(base_channels=(shapes.get('resnet_model/conv3d/kernel') or (64,))[-1])


SOURCES = {
    'vclr': Source(
        lambda path: nullcontext(torch_weights(path, 'model')),
        'module.',
        lambda shapes: resnet50(shapes, 'module.conv1.weight'),
        vclr_names,
    ),
    'moco': Source(
        lambda path: nullcontext(torch_weights(path, 'state_dict')),
        'module.encoder_q.',
        lambda shapes: resnet50(shapes, 'module.encoder_q.conv1.weight'),
        moco_names,
    ),
    'cvrl-tf': Source(opened_tensorflow, 'backbone/', r3d_resnet, cvrl_names),
    'vie-tf': Source(opened_tensorflow, 'resnet_model/', vie_resnet, vie_names),
}


def foreign_config(name: str) -> Config | None:
    """Return the config of published weights of other code, None for names that are none."""
    entry = zoo_entries().get(name)
    if entry is None or not (entry.config or '').startswith('configs/foreign/'):
        return None
    return Config.fromfile(ROOT / entry.config)


def import_foreign(config: Config, path: Path) -> dict[str, Tensor]:
    """Read the backbone of weights of other code under the names of a model of vsslbox.

    Raises:
        CheckpointError: The file cannot be read, or holds another network.
    """
    with DefaultScope.overwrite_default_scope('vsslbox'):
        backbone = MODELS.build(config.model.backbone)
    print(load_weights(backbone, path))
    return {f'backbone.{name}': weight for name, weight in backbone.state_dict().items()}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', help=f'{", ".join(SOURCES)}, or a name of the model zoo')
    parser.add_argument('file', help='the published file, or zoo://NAME')
    parser.add_argument('out', type=Path, nargs='?', help='checkpoint to write, a .pth file')
    parser.add_argument('--list', action='store_true', help='only show names and shapes')
    args = parser.parse_args()
    if args.list == (args.out is not None):
        parser.error('give either OUT or --list')
    args.config = foreign_config(args.source)
    if args.source not in SOURCES and (args.list or args.config is None):
        parser.error(f'SOURCE must be one of {", ".join(SOURCES)}, or weights of configs/foreign')
    return args


def main() -> None:
    """Convert, or list."""
    args = parse_args()
    file = Path(args.file)
    if args.file.startswith(SCHEME):  # also TensorFlow files, which load_checkpoint refuses
        file = fetch(args.file.removeprefix(SCHEME))
    if args.list:
        with SOURCES[args.source].opened(file) as weights:
            for name, shape in weights.shapes.items():
                print(name, list(shape))
        return
    meta = dict(imported_from=dict(source=args.source, file=file.name))
    if args.config is None:
        weights = import_weights(args.source, file)
    else:
        weights = import_foreign(args.config, file)
        meta['cfg'] = args.config.pretty_text
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(args.out) as unfinished:
        torch.save(dict(meta=meta, state_dict=weights), unfinished)
    print(f'{args.out} has {len(weights)} tensors of {args.file}')


if __name__ == '__main__':
    run_command(main)
