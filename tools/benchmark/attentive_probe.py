"""Time the training of attentive probes in one pass against a plain loop over the heads.

python tools/benchmark/attentive_probe.py [--heads 20 --depth 1 --videos 64 --tokens 1568 ...]

Both train the same heads from the same weights in the same run, in turns, on the same tokens,
which a batch reads once from a memory-mapped file in float16. The plain loop does what the authors'
code of V-JEPA 2 does: each head computes a key and a value of every token, and has an optimizer of
its own. The default is V-JEPA's probe (depth 1) with the 20 heads of V-JEPA 2, on the tokens of a
ViT-S and a clip of 16 frames. The scores of the trained heads are compared. What caching saves on
top is the share of the backbone: it runs once, not once for each epoch and head.
"""

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from machine import describe_machine
from torch import Tensor, nn
from torch.optim import AdamW

from vsslbox.evaluation.features import TokenSet
from vsslbox.evaluation.functional.attentive_probes import (
    ProbeSetting,
    cosine_to_zero,
    train_probes,
)
from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead

RATES, DECAYS = (5e-3, 3e-3, 1e-3, 3e-4, 1e-4), (0.01, 0.1, 0.4, 0.8)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--heads', type=int, default=20, help='of the grid of V-JEPA 2 (20)')
    parser.add_argument('--depth', type=int, default=1)
    parser.add_argument('--videos', type=int, default=64)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--tokens', type=int, default=1568, help='of a video')
    parser.add_argument('--width', type=int, default=384)
    parser.add_argument('--classes', type=int, default=101)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--json', type=Path, help='file for the figures')
    args = parser.parse_args()
    if not 1 <= args.heads <= len(RATES) * len(DECAYS):
        parser.error(f'--heads must be 1 to {len(RATES) * len(DECAYS)}')
    return args


def plain_scores(head: AttentiveProbeHead, tokens: Tensor) -> Tensor:
    """Score tokens with a key and a value of each, ``[N, K]``."""
    pooler = head.pooler
    for block in pooler.blocks:
        tokens = block(tokens)
    block = pooler.cross_attention_block

    def split(x: Tensor) -> Tensor:
        return x.unflatten(-1, (pooler.num_heads, -1)).transpose(1, 2)

    query = pooler.query_tokens.expand(len(tokens), -1, -1)
    keys, values = block.xattn.kv(block.norm1(tokens)).chunk(2, dim=-1)
    attended = F.scaled_dot_product_attention(*map(split, (block.xattn.q(query), keys, values)))
    pooled = query + attended.transpose(1, 2).flatten(2)
    return head.linear((pooled + block.mlp(block.norm2(pooled)))[:, 0])


def train_in_a_loop(
    heads: list[AttentiveProbeHead],
    settings: list[ProbeSetting],
    read: Callable[[Tensor], Tensor],
    labels: Tensor,
    batch_size: int,
) -> None:
    """Train the heads for one epoch, one after the other on each batch."""
    optimizers = [
        AdamW(head.parameters(), **setting._asdict()) for head, setting in zip(heads, settings)
    ]
    generator = torch.Generator().manual_seed(0)
    batches = torch.randperm(len(labels), generator=generator).split(batch_size)
    for step, numbers in enumerate(batches):
        tokens = read(numbers)
        for head, setting, optimizer in zip(heads, settings, optimizers):
            optimizer.param_groups[0]['lr'] = setting.lr * cosine_to_zero(step, len(batches))
            F.cross_entropy(plain_scores(head, tokens), labels[numbers]).backward()
            optimizer.step()
            optimizer.zero_grad()


def measure(args: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Return the CPU seconds of both for one epoch, their ratio, and how far their scores are."""
    shape = args.videos, args.tokens, args.width
    array = np.lib.format.open_memmap(folder / 'tokens.npy', 'w+', np.float16, shape)
    generator = torch.Generator().manual_seed(0)
    for row in array:
        row[:] = torch.randn(*shape[1:], generator=generator).half().numpy()
    tokens = TokenSet.of(torch.from_numpy(np.load(folder / 'tokens.npy', mmap_mode='c')))
    labels = torch.randint(args.classes, (args.videos,), generator=generator)
    settings = [ProbeSetting(lr, decay) for lr in RATES for decay in DECAYS][: args.heads]
    torch.manual_seed(0)
    start = AttentiveProbeHead(args.width, args.classes, depth=args.depth)
    ways: dict[str, Callable[[list[nn.Module]], None]] = {
        'one pass': lambda heads: train_probes(
            heads, settings, tokens.read, labels, epochs=1, batch_size=args.batch_size
        ),
        'loop': lambda heads: train_in_a_loop(
            heads, settings, tokens.read, labels, args.batch_size
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    scores = {}
    for _ in range(args.rounds):
        for name, train in ways.items():
            heads = [copy.deepcopy(start) for _ in settings]
            begun = time.process_time()
            train(heads)
            seconds[name].append(time.process_time() - begun)
            with torch.no_grad():
                scores[name] = torch.stack([head(tokens.read([0, 1])) for head in heads])
    figures = {f'{name}, CPU s': median(own) for name, own in seconds.items()}
    difference = (scores['loop'] - scores['one pass']).abs().max() / scores['loop'].abs().max()
    return dict(
        figures,
        ratio=figures['loop, CPU s'] / figures['one pass, CPU s'],
        largest_relative_difference_of_scores=difference.item(),
    )


def main() -> None:
    """Measure and print."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(args, Path(folder))
    print(
        f'{args.heads} heads of depth {args.depth}, an epoch of {args.videos} videos x '
        f'{args.tokens} tokens x {args.width}, {args.threads} thread(s)'
    )
    for name, value in figures.items():
        print(f'  {name:40} {value:.3g}')
    if args.json is not None:
        names = ('heads', 'depth', 'videos', 'batch_size', 'tokens', 'width', 'threads')
        sizes = {name: getattr(args, name) for name in names}
        report = dict(describe_machine(), **sizes, figures=figures)
        args.json.write_text(json.dumps(report, indent=2) + '\n')


if __name__ == '__main__':
    main()
