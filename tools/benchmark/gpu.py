"""Measure what a GPU makes of the methods: parity with the CPU, steps, memory, colours, decoding.

python tools/benchmark/gpu.py --json gpu.json --markdown gpu.md [--minutes 7]
python tools/benchmark/gpu.py --device cpu --tiny --json gpu.json     # a dry run on any machine

1. parity: features and losses of small models with the same weights on both devices, in float32.
2. steps: training steps of each method at the size of its paper, the largest batch of a list that
   fits, in float32 (TF32 on a GPU), in bfloat16, with channels last, and compiled; beside them the
   step of mmaction2's SlowOnly-50, supervised, on as many clips of the size of CVRL's.
3. colours: the time of a batch's deferred colours, and its share of a step.
4. decoding: frames by torchcodec on the device, if it is installed, against PyAV's.

Videos are generated. Each result is written when it is there; a part that fails has its reason in
the place of figures, and no part begins after `--minutes`.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vsslbox.apis.checkpoint_config import without_start_weights
from vsslbox.config import find_config
from vsslbox.engine.channels_last import arrange_channels_last
from vsslbox.engine.compilation import compile_networks
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS, OPTIM_WRAPPERS

# The configs, at the size of a paper and of a demonstration, and the batches to try.
METHODS = {
    'CVRL': ('cvrl_r3d50_32xb32-16x2-800e_kinetics400', 'cvrl_r3d18w16_1xb32-8x3-64px'),
    'VCLR': ('vclr_r50_8xb32-3seg-400e_kinetics400', 'vclr_r18w16_1xb32-3seg-64px'),
    'VIE': ('vie-3dresnet_r18_1xb64-16x1-387e_kinetics400', 'vie-3dresnet_r18w16_1xb32-8x3-64px'),
    'VDIM': ('vdim_r21d_16xb15-32f-100k_kinetics600', 'vdim_r21dw8_1xb32-32f-64px'),
    'VideoMAE': (
        'videomae_vit-b16_64xb32-16x4-800e_kinetics400',
        'videomae_vit-96_1xb16-8x3-64px',
    ),
    'V-JEPA 2': ('vjepa2_vit-l16_128xb24-16f-240k_videomix2m', 'vjepa2_vit-96_1xb16-16x2-64px'),
}
BATCHES, TINY_BATCHES = (128, 64, 32, 16, 8, 4), (4,)
VARIANTS = {
    'float32': {},
    'bfloat16': dict(bfloat16=True),
    'bfloat16, channels last': dict(bfloat16=True, channels_last=True),
    'bfloat16, compiled': dict(bfloat16=True, compiled=True),
}
PEER = dict(
    type='mmaction.Recognizer3D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCTHW',
    ),
    backbone=dict(
        type='mmaction.ResNet3dSlowOnly',
        depth=50,
        pretrained=None,
        lateral=False,
        conv1_kernel=(5, 7, 7),
        inflate=(1, 1, 1, 1),
        norm_eval=False,
    ),
    cls_head=dict(
        type='mmaction.I3DHead',
        in_channels=2048,
        num_classes=400,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
    ),
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--tiny', action='store_true', help='small models, few steps')
    parser.add_argument('--minutes', type=float, default=7, help='begin no part after these')
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--json', type=Path, required=True, help='file for the results')
    parser.add_argument('--markdown', type=Path, help='file for the tables')
    parser.add_argument('--peak-tf32', type=float, default=494.7, help='TFLOP/s of the device')
    parser.add_argument('--peak-bf16', type=float, default=989.4, help='TFLOP/s of the device')
    args = parser.parse_args()
    if args.device == 'cuda' and not torch.cuda.is_available():
        sys.exit('no CUDA device: --device cpu --tiny makes a dry run')
    return args


class Results:
    """Results by part and name, written whenever one is added.

    Args:
        args: The options.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.end = time.monotonic() + 60 * args.minutes
        name = torch.cuda.get_device_name() if args.device == 'cuda' else 'CPU'
        self.data: dict[str, Any] = dict(device=name, torch=torch.__version__, tiny=args.tiny)

    def add(self, part: str, name: str, measure: Callable[[], dict]) -> dict:
        """Measure something, or note why not, and write all results."""
        if time.monotonic() > self.end:
            found = dict(skipped='no time was left')
        else:
            try:
                found = measure()
            except ImportError as error:
                found = dict(skipped=str(error))
            except Exception as error:  # told in the results: one part must not cost the others
                found = dict(failed=f'{type(error).__name__}: {error}'[:500])
        if self.args.device == 'cuda':
            torch.cuda.empty_cache()
        self.data.setdefault(part, {})[name] = found
        print(f'{part} {name}: {json.dumps(found)}', flush=True)
        self.args.json.write_text(json.dumps(self.data, indent=1) + '\n')
        return found


def make_videos(folder: Path, count: int, size: tuple[int, int], frames: int) -> None:
    """Write videos of moving waves, ``count`` names of 4 different ones."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    for number in range(min(count, 4)):
        with av.open(str(folder / f'{number:04}.mp4'), 'w') as file:
            stream = file.add_stream('libx264', rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
            for time_ in range(frames):
                wave = np.sin((x + 3 * time_) / (9 + number)) * np.cos((y - 2 * time_) / 7)
                frame = np.stack([128 + 90 * wave, 110 + 70 * wave, 140 - 80 * wave], axis=2)
                picture = av.VideoFrame.from_ndarray(frame.astype(np.uint8), format='rgb24')
                file.mux(stream.encode(picture))
            file.mux(stream.encode(None))
    for number in range(4, count):
        (folder / f'{number:04}.mp4').symlink_to(folder / f'{number % 4:04}.mp4')


def config_of(method: str, folder: Path, args: argparse.Namespace) -> Config:
    """Return the config of a method for the generated videos, from random weights."""
    config = Config.fromfile(find_config(METHODS[method][args.tiny]))
    config.train_dataloader.update(num_workers=0, persistent_workers=False, pin_memory=False)
    dataset = config.train_dataloader.dataset
    dataset.update(data_root=str(folder), ann_file='', data_prefix=dict(video=''))
    dataset.pop('where', None)
    config.model = Config(without_start_weights(config.model.to_dict()))
    return config


def batch_of(config: Config, size: int) -> dict:
    """Return a batch as the data loader makes it."""
    loader = dict(config.train_dataloader, batch_size=size)
    return next(iter(Runner.build_dataloader(loader, seed=0)))


def model_of(config: Config | dict, device: str) -> nn.Module:
    """Build a model whose weights depend on a seed alone."""
    torch.manual_seed(0)
    model = MODELS.build(config.to_dict() if isinstance(config, Config) else config)
    return model.to(device).train()


def allow_tf32(is_allowed: bool) -> None:
    """Allow or forbid TF32 from now on."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = is_allowed


# --------------------------------------------------------------------------- parity


def parity(config: Config, args: argparse.Namespace) -> dict:
    """Compare features, and the loss where it does not depend on draws, between both devices."""
    batch = batch_of(config, 4)
    losses, features = {}, {}
    allow_tf32(False)
    with torch.no_grad():
        for device in ('cpu', args.device):
            model = model_of(config.model, device)
            losses[device] = [_loss(model, batch, seed) for seed in (0, 1)]
            model.eval()
            data = model.data_preprocessor(batch, training=False)
            views = data['inputs']
            view = next(iter(views.values())) if isinstance(views, dict) else views[0]
            features[device] = encode_clips(model.backbone, view).double().cpu()
    error = (features['cpu'] - features[args.device]).norm() / features['cpu'].norm()
    found = dict(features=float(error))
    if losses['cpu'][0] == losses['cpu'][1]:
        first, second = losses['cpu'][0], losses[args.device][0]
        found['loss'] = abs(first - second) / abs(first)
    return found


def _loss(model: nn.Module, batch: dict, seed: int) -> float:
    torch.manual_seed(seed)
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    return float(model.parse_losses(losses)[0])


# --------------------------------------------------------------------------- steps


def synchronise(device: str) -> None:
    """Wait for the device."""
    if device == 'cuda':
        torch.cuda.synchronize()


def median_seconds(function: Callable[[], Any], args: argparse.Namespace) -> float:
    """Return the median time of a function after some first calls."""
    for _ in range(1 if args.tiny else 3):
        function()
    seconds = []
    for _ in range(2 if args.tiny else 10):
        synchronise(args.device)
        start = time.perf_counter()
        function()
        synchronise(args.device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def step_of(
    model: nn.Module,
    batch: dict,
    bfloat16: bool = False,
    channels_last: bool = False,
    compiled: bool = False,
) -> Callable[[], None]:
    """Return a function that makes one step of training."""
    if channels_last:
        arrange_channels_last(model)
    if compiled:
        compile_networks(model, True)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    kind = 'Bfloat16OptimWrapper' if bfloat16 else 'OptimWrapper'
    wrapper = OPTIM_WRAPPERS.build(dict(type=kind, optimizer=optimizer))

    def step() -> None:
        model.train_step(batch, wrapper)
        if hasattr(model, 'update_after_step'):
            model.update_after_step(progress=0.5)

    return step


def measure_step(
    make_model: Callable[[], nn.Module],
    batch: dict,
    clips: int,
    args: argparse.Namespace,
    **variant: bool,
) -> dict:
    """Return the speed, the memory and the share of the peak of a training step."""
    allow_tf32(True)
    step = step_of(make_model(), batch, **variant)
    if args.device == 'cuda':
        torch.cuda.reset_peak_memory_stats()
    found = dict(clips=clips, seconds=median_seconds(step, args))
    found['clips_per_second'] = clips / found['seconds']
    if args.device == 'cuda':
        found['memory_gib'] = torch.cuda.max_memory_allocated() / 2**30
    if not variant.get('compiled'):
        with FlopCounterMode(display=False) as counter:
            step()
        found['tflop'] = counter.get_total_flops() / 1e12
        peak = args.peak_bf16 if variant.get('bfloat16') else args.peak_tf32
        found['share_of_peak'] = found['tflop'] / found['seconds'] / peak
    return found


def largest_batch(config: Config, args: argparse.Namespace) -> int:
    """Return the largest batch with which a step in float32 fits into the memory."""
    for size in TINY_BATCHES if args.tiny else BATCHES:
        try:
            step_of(model_of(config.model, args.device), batch_of(config, size))()
            return size
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
    raise MemoryError('not even the smallest batch fits')


def views_of(batch: dict) -> list[torch.Tensor]:
    """Return the views of a batch, ``[N, C, T, H, W]`` each."""
    inputs = batch['inputs']
    views = inputs.values() if isinstance(inputs, dict) else inputs
    return [view for view in views if isinstance(view, torch.Tensor) and view.dim() == 5]


def measure_method(method: str, folder: Path, results: Results) -> None:
    """Measure all variants of a method's step, the peer of CVRL's, and the colours."""
    args = results.args
    config = config_of(method, folder, args)
    size = results.add('batch', method, lambda: dict(videos=largest_batch(config, args)))
    if 'videos' not in size:
        return
    batch = batch_of(config, size['videos'])
    clips = sum(len(view) for view in views_of(batch)) or size['videos']
    for name, variant in VARIANTS.items():
        results.add(
            'steps',
            f'{method}, {name}',
            lambda v=variant: measure_step(
                lambda: model_of(config.model, args.device), batch, clips, args, **v
            ),
        )
        if method == 'CVRL' and not variant.get('compiled'):
            peer = peer_batch(views_of(batch))
            results.add(
                'steps',
                f"mmaction2's SlowOnly-50, {name}",
                lambda v=variant, p=peer: measure_step(
                    lambda: model_of(PEER, args.device), p, clips, args, **v
                ),
            )
    results.add('colours', method, lambda: colours(config, batch, args))


def peer_batch(views: list[torch.Tensor]) -> dict:
    """Return the clips of all views as mmaction2's recognizers take them."""
    from mmaction.structures import ActionDataSample

    clips = [clip[None] for view in views for clip in view]
    samples = []
    for number in range(len(clips)):
        samples.append(ActionDataSample())
        # As a vector: of single labels mmaction2 counts the hits by NumPy, which lacks bfloat16.
        samples[-1].set_gt_labels(torch.eye(400)[number % 400])
    return dict(inputs=clips, data_samples=samples)


def colours(config: Config, batch: dict, args: argparse.Namespace) -> dict:
    """Return the time of the preprocessor, which applies deferred colours, for a batch."""
    preprocessor = model_of(config.model, args.device).data_preprocessor
    seconds = median_seconds(lambda: preprocessor(batch, training=True), args)
    return dict(milliseconds=1000 * seconds)


# --------------------------------------------------------------------------- decoding


def decoding(folder: Path, args: argparse.Namespace) -> dict:
    """Compare the frames that torchcodec decodes on the device with PyAV's, and their speed."""
    from torchcodec.decoders import VideoDecoder

    path = str(folder / '0000.mp4')

    def decode() -> torch.Tensor:
        return VideoDecoder(path, device=args.device).get_frames_in_range(0, 32).data

    found = decode().cpu().double()
    with av.open(path) as file:
        frames = [f.to_ndarray(format='rgb24') for f in file.decode(video=0)][:32]
    wanted = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).double()
    seconds = median_seconds(decode, args)
    return dict(
        mean_difference=float((found - wanted).abs().mean()),
        frames_per_second=len(frames) / seconds,
    )


# --------------------------------------------------------------------------- tables


def tables(data: dict) -> list[str]:
    """Return the lines of a page of the results."""
    lines = [f'Measured on {data["device"]} with torch {data["torch"]}.', '']
    lines += ['| step | clips | clips a second | memory, GiB | share of peak |']
    lines += ['|---|--:|--:|--:|--:|']
    for name, found in data.get('steps', {}).items():
        if 'seconds' not in found:
            reason = found.get('failed') or found.get('skipped')
            lines.append(f'| {name} | {reason} | | | |')
            continue
        share = f'{found["share_of_peak"]:.1%}' if 'share_of_peak' in found else ''
        memory = f'{found["memory_gib"]:.1f}' if 'memory_gib' in found else ''
        speed = f'{found["clips_per_second"]:.1f}'
        lines.append(f'| {name} | {found["clips"]} | {speed} | {memory} | {share} |')
    lines += ['', '| | features, relative | loss, relative |', '|---|--:|--:|']
    for name, found in data.get('parity', {}).items():
        values = [f'{found[key]:.1e}' if key in found else '-' for key in ('features', 'loss')]
        lines.append(f'| {name} | {values[0]} | {values[1]} |')
    lines += ['', '| | colours, ms a batch | share of a step in float32 |', '|---|--:|--:|']
    for name, found in data.get('colours', {}).items():
        step = data.get('steps', {}).get(f'{name}, float32', {}).get('seconds')
        if 'milliseconds' in found and step:
            milliseconds = found['milliseconds']
            lines.append(f'| {name} | {milliseconds:.2f} | {milliseconds / 1000 / step:.1%} |')
    for name, found in data.get('decoding', {}).items():
        lines += ['', f'{name}: {json.dumps(found)}']
    return lines


def main() -> None:
    """Measure all parts."""
    args = parse_args()
    results = Results(args)
    size, frames = ((96, 96), 80) if args.tiny else ((340, 256), 150)
    scope = DefaultScope.overwrite_default_scope('vsslbox')
    with tempfile.TemporaryDirectory() as name, scope:
        folder = Path(name)
        make_videos(folder, max(BATCHES), size, frames)
        tiny = argparse.Namespace(**{**vars(args), 'tiny': True})
        for method in args.methods:
            config = config_of(method, folder, tiny)
            results.add('parity', method, lambda c=config: parity(c, args))
        results.add('decoding', 'torchcodec against PyAV', lambda: decoding(folder, args))
        for method in args.methods:
            measure_method(method, folder, results)
    if args.markdown:
        args.markdown.write_text('\n'.join(tables(results.data)) + '\n')
    failed = [
        f'{part} {name}'
        for part, found in results.data.items()
        if isinstance(found, dict)
        for name, one in found.items()
        if 'failed' in one
    ]
    sys.exit(f'failed: {", ".join(failed)}' if failed else 0)


if __name__ == '__main__':
    main()
