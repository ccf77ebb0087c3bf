"""Networks in files that run without vsslbox: ONNX and torch.export."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn
from torch.export import ExportedProgram

from vsslbox.apis.checkpoint_config import trained_config
from vsslbox.apis.end_to_end_classifier import EndToEndClassifier
from vsslbox.apis.load_backbone import PretrainedEncoder
from vsslbox.apis.video_classifier import VideoClassifier
from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.apis.video_inferencer import VideoInferencer
from vsslbox.checkpoints.zoo import local_path
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.errors import InputError
from vsslbox.models.utils import is_3d
from vsslbox.utils import file_sha256, optional_module, whole_file
from vsslbox.version import __version__

__all__ = ['Network', 'export_network', 'network_of']

TOLERANCE = 1e-4  # relative to the largest output
EXAMPLE, CHECKED = (2, 5), ((1, 1), (3, 4))  # clips, and their frames where any number will do
LAYOUTS = {4: 'N S C H W', 5: 'N V C T H W'}  # of a recognizer: frames, clips


@dataclass
class Network:
    """A network to export.

    Attributes:
        module: It maps clips ``[N, *shape]`` to ``[N, F]``.
        reference: The same by the inferencer of vsslbox.
        shape: The shape of the clips of one video; ``'T'`` stands for any number of frames.
        meta: What the file says about the network.
    """

    module: nn.Module
    reference: Callable[[Tensor], Tensor]
    shape: tuple[int | str, ...]
    meta: dict[str, Any]

    def axes(self) -> dict[int, str]:
        """Return the axes of clips whose length is free, and their names."""
        return {axis: n for axis, n in enumerate(('N', *self.shape)) if isinstance(n, str)}

    def clips(self, number: int, length: int, dtype: torch.dtype) -> Tensor:
        """Draw random clips, of a length in frames if that is free."""
        shape = [size if isinstance(size, int) else length for size in self.shape]
        draw = torch.Generator().manual_seed(number)
        return torch.randint(0, 256, (number, *shape), generator=draw).to(dtype)


def network_of(checkpoint: str | PathLike) -> Network:
    """Return the network of a checkpoint, a pretrained backbone or a fine-tuned classifier.

    Args:
        checkpoint: A file, or ``zoo://NAME``.

    Raises:
        InputError: The checkpoint does not say how to compute its features or its classes.
    """
    is_classifier = 'cls_head' in trained_config(checkpoint).model
    network = (_classifier if is_classifier else _encoder)(checkpoint)
    network.module.eval().requires_grad_(False)
    path = local_path(checkpoint)
    network.meta.update(
        checkpoint=Path(path).name, checkpoint_sha256=file_sha256(path), vsslbox=__version__
    )
    return network


def export_network(network: Network, path: Path, dtype: torch.dtype = torch.uint8) -> float:
    """Write a network whose batch may have any size, and compare the file with vsslbox.

    The file is run on random clips, in batches of 1 and 3, by onnxruntime or torch.

    Args:
        network: See :func:`network_of`.
        path: The file: ``.onnx``, or ``.pt2`` for ``torch.export.load``. Its folder must exist.
        dtype: The type of the clips: uint8 or float32.

    Returns:
        The largest difference of an output.

    Raises:
        InputError: The format is another one, or outputs differ by more than 1e-4 of the largest;
            there is no file then.
        ImportError: A package for the format is not installed.
    """
    if path.suffix not in WRITERS:
        raise InputError(f'{path} must end in {" or ".join(WRITERS)}')
    program = torch.export.export(
        network.module,
        (network.clips(*EXAMPLE, dtype),),
        dynamic_shapes=({axis: torch.export.Dim(name) for axis, name in network.axes().items()},),
        strict=False,
    )
    shape = ['N', *network.shape]
    meta = dict(dtype=str(dtype).removeprefix('torch.'), shape=shape, **network.meta)
    with whole_file(path) as unfinished:
        run = WRITERS[path.suffix](program, unfinished, meta)
        return max(_difference(network, run, network.clips(*size, dtype)) for size in CHECKED)


def _encoder(checkpoint: str | PathLike) -> Network:
    embedder = VideoEmbedder(checkpoint, device='cpu')
    channels, length, *size = _batch_of_one(embedder)['inputs'][0].shape[1:]
    encodes_clips = is_3d(embedder.model.backbone)
    return Network(
        PretrainedEncoder(embedder.model),
        lambda clips: embedder.forward(dict(inputs=[clips])),
        (channels, length if encodes_clips else 'T', *size),
        _meta(embedder, 'features', 'N C T H W'),
    )


def _classifier(checkpoint: str | PathLike) -> Network:
    classifier = VideoClassifier(checkpoint, device='cpu')
    model = classifier.model

    @torch.no_grad()
    def scores(clips: Tensor) -> Tensor:
        samples = [ActionDataSample() for _ in clips]
        predicted = model.val_step(dict(inputs=list(clips), data_samples=samples))
        return torch.stack([sample.pred_scores.item for sample in predicted])

    shape = _batch_of_one(classifier)['inputs'][0].shape
    return Network(
        EndToEndClassifier(model),
        scores,
        tuple(shape),
        dict(_meta(classifier, 'scores', LAYOUTS[len(shape)]), classes=classifier.classes),
    )


def _batch_of_one(inferencer: VideoInferencer) -> dict:
    """Return what the pipeline makes of a black video."""
    return next(inferencer.preprocess([np.zeros((64, 48, 64, 3), np.uint8)]))


def _meta(inferencer: VideoInferencer, output: str, layout: str) -> dict:
    preprocessor = inferencer.model.data_preprocessor
    pipeline = inferencer.cfg.test_dataloader.dataset.to_dict()['pipeline']
    return dict(
        input='clips',
        output=output,
        layout=layout,
        colours='RGB, 0 to 255',
        normalisation='inside',
        mean=preprocessor.mean.flatten().tolist(),
        std=preprocessor.std.flatten().tolist(),
        pipeline=list_steps(pipeline),
    )


def _write_onnx(program: ExportedProgram, path: Path, meta: dict) -> Callable[[Tensor], Tensor]:
    """Write an ONNX file, and return what runs it."""
    optional_module('onnxscript', 'export')
    runtime = optional_module('onnxruntime', 'export')
    made = torch.onnx.export(
        program,
        dynamo=True,
        input_names=[meta['input']],
        output_names=[meta['output']],
        # Only the names of the axes, which the program lost.
        dynamic_shapes=({a: n for a, n in enumerate(meta['shape']) if isinstance(n, str)},),
        verbose=False,
    )
    assert made is not None  # only without `dynamo`
    made.model.metadata_props.update(
        {name: text if isinstance(text, str) else json.dumps(text) for name, text in meta.items()}
    )
    made.save(path, external_data=False)
    session = runtime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return lambda clips: torch.from_numpy(session.run(None, {meta['input']: clips.numpy()})[0])


def _write_pt2(program: ExportedProgram, path: Path, meta: dict) -> Callable[[Tensor], Tensor]:
    """Write a program of torch.export, and return what runs it."""
    with open(path, 'wb') as file:  # a name must end in .pt2
        torch.export.save(program, file, extra_files={'vsslbox.json': json.dumps(meta)})
    with open(path, 'rb') as file:
        return torch.export.load(file).module()


WRITERS = {'.onnx': _write_onnx, '.pt2': _write_pt2}


@torch.no_grad()
def _difference(network: Network, run: Callable[[Tensor], Tensor], clips: Tensor) -> float:
    """Return the largest difference between a file and vsslbox.

    Raises:
        InputError: It is too large.
    """
    expected = network.reference(clips)
    difference = float((run(clips) - expected).abs().max())
    if not difference <= TOLERANCE * float(expected.abs().max()):  # also if it is not a number
        raise InputError(
            f'the exported network gives outputs that differ by {difference:.3g} from those of '
            f'vsslbox on a batch of {len(clips)}; no file was written. Choose another format'
        )
    return difference
