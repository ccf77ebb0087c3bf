"""Time a linear SVM of all classes against scikit-learn's LinearSVC (LIBLINEAR).

python tools/benchmark/svm.py [--rows 9537 --test-rows 3783 --classes 101 --dim 2048] [--json FILE]
python tools/benchmark/svm.py --kinetics --folder FOLDER [--rows 240000 --classes 400 --dim 2048]

Both train on the same features in the same run, one after the other: C = 1, one against the rest,
squared hinge, no bias. LinearSVC solves the dual to scikit-learn's tolerance, and the primal to
LIBLINEAR's own (``-s 2``). The default sizes are those of UCF101 and HMDB51, split 1. Objectives
are means over the classes, computed in float64; the accuracy is that on test rows. With
``--kinetics`` the features are written to a file and mapped from it, only vsslbox trains, and the
peak memory is printed.

The features are synthetic and resemble those of a contrastive ResNet: not negative, of about unit
length, mostly in few directions, with classes that are hard to separate. A row is the centre of its
class plus noise 4 times as wide, 512 numbers of which the i-th has the scale i^-0.8; a random map
to ``dim`` numbers, more noise, and a ReLU follow.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from machine import describe_machine
from sklearn.svm import LinearSVC
from torch import Tensor

from vsslbox.evaluation.functional import fit_linear_svm

# rows, test rows, classes
SIZES = {'UCF101': (9537, 3783, 101), 'HMDB51': (3570, 1530, 51)}
KINETICS = (240000, 20000, 400)
PEERS = {
    'LinearSVC dual': dict(dual=True),
    'LinearSVC primal': dict(dual=False, tol=1e-2),
}
LATENTS = 512
BLOCK = 4096


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rows', type=int, help='training rows')
    parser.add_argument(
        '--test-rows', type=int, help='test rows (default: a third of the training rows)'
    )
    parser.add_argument('--classes', type=int)
    parser.add_argument('--dim', type=int, default=2048)
    parser.add_argument(
        '--threads', type=int, default=1, help='threads of vsslbox; LinearSVC has one'
    )
    parser.add_argument('--kinetics', action='store_true', help='only vsslbox, from a file')
    parser.add_argument('--folder', type=Path, help='folder for the features of --kinetics')
    parser.add_argument('--json', type=Path, help='file for the figures')
    args = parser.parse_args()
    if (args.rows is None) != (args.classes is None):
        parser.error('--rows and --classes go together')
    if args.kinetics and args.folder is None:
        parser.error('--kinetics needs --folder, with room for 4 bytes per feature of each row')
    return args


class FeatureMaker:
    """Draws features and labels; see the docstring of this file."""

    def __init__(self, num_classes: int, dim: int) -> None:
        self.generator = torch.Generator().manual_seed(0)
        scale = torch.arange(1, LATENTS + 1) ** -0.8
        self.scale = scale / scale.norm()
        self.centers = self._normal(num_classes, LATENTS) * self.scale
        self.mixing = self._normal(LATENTS, dim)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator)

    def blocks(self, num_rows: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features ``[B, dim]`` and labels ``[B]``, in blocks of rows."""
        for start in range(0, num_rows, BLOCK):
            size = min(BLOCK, num_rows - start)
            labels = torch.randint(len(self.centers), (size,), generator=self.generator)
            latents = self.centers[labels] + 4 * self.scale * self._normal(size, LATENTS)
            features = latents @ self.mixing
            features += 0.1 * self._normal(*features.shape)
            yield features.relu_().mul_(0.008), labels

    def draw(self, num_rows: int) -> tuple[Tensor, Tensor]:
        """Draw features ``[N, dim]`` and labels ``[N]``."""
        features, labels = zip(*self.blocks(num_rows), strict=True)
        return torch.cat(features), torch.cat(labels)

    def write(self, num_rows: int, path: Path) -> tuple[np.memmap, Tensor]:
        """Draw features into a file, and return them mapped from it, with their labels."""
        shape, start, labels = (num_rows, self.mixing.shape[1]), 0, []
        rows = np.memmap(path, np.float32, 'w+', shape=shape)
        for features, ids in self.blocks(num_rows):
            rows[start : start + len(ids)] = features
            start += len(ids)
            labels.append(ids)
        rows.flush()
        return np.memmap(path, np.float32, 'r', shape=shape), torch.cat(labels)


def mean_objective(weights: Tensor, features: Tensor, labels: Tensor) -> float:
    """Return the mean objective over the classes, at C = 1, in float64."""
    weights = weights.double()
    signs = 2.0 * (labels[:, None] == torch.arange(len(weights))) - 1
    losses = (1 - signs * (features.double() @ weights.T)).clamp_(min=0).square_()
    return (0.5 * weights.square().sum() + losses.sum()).item() / len(weights)


def accuracy(weights: Tensor, features: Tensor, labels: Tensor) -> float:
    """Return the top-1 accuracy in percent."""
    return 100 * ((features @ weights.T).argmax(dim=1) == labels).double().mean().item()


def fit_peer(features: Tensor, labels: Tensor, num_classes: int, **options) -> Tensor:
    """Return LinearSVC's weights, ``[K, F]``."""
    peer = LinearSVC(C=1.0, fit_intercept=False, random_state=0, **options)
    peer.fit(features.numpy(), labels.numpy())
    return torch.from_numpy(peer.coef_).float()


def compare(num_rows: int, test_rows: int, num_classes: int, dim: int) -> dict[str, dict]:
    """Train vsslbox's SVM and each peer.

    Returns:
        The seconds, CPU seconds, objective, training and test accuracy of each.
    """
    maker = FeatureMaker(num_classes, dim)
    train, test = maker.draw(num_rows), maker.draw(test_rows)
    solvers = {'vsslbox': lambda: fit_linear_svm(*train, num_classes)}
    for name, options in PEERS.items():
        solvers[name] = lambda options=options: fit_peer(*train, num_classes, **options)
    figures = {}
    for name, solve in solvers.items():
        start, cpu_start = time.perf_counter(), time.process_time()
        weights = solve()
        figures[name] = dict(
            seconds=time.perf_counter() - start,
            cpu_seconds=time.process_time() - cpu_start,
            objective=mean_objective(weights, *train),
            train_accuracy=accuracy(weights, *train),
            test_accuracy=accuracy(weights, *test),
        )
    return figures


def print_comparison(figures: dict[str, dict]) -> None:
    """Print a line for each solver, and compare vsslbox with the faster peer."""
    for name, row in figures.items():
        print(
            f'  {name:18} {row["seconds"]:8.2f} s {row["cpu_seconds"]:8.2f} CPU s'
            f'   objective {row["objective"]:9.4f}'
            f'   train {row["train_accuracy"]:5.1f} %   test {row["test_accuracy"]:5.2f} %'
        )
    ours = figures['vsslbox']
    # By CPU time, which other programs disturb least; the peers have one thread.
    best = min(PEERS, key=lambda name: figures[name]['cpu_seconds'])
    print(
        f'  {figures[best]["seconds"] / ours["seconds"]:.1f} times as fast as {best} (CPU seconds: '
        f'{figures[best]["cpu_seconds"] / ours["cpu_seconds"]:.1f}), objective '
        f'{100 * (ours["objective"] / figures[best]["objective"] - 1):+.3f} %, test accuracy '
        f'{ours["test_accuracy"] - figures[best]["test_accuracy"]:+.2f} points'
    )


def train_from_file(
    num_rows: int, test_rows: int, num_classes: int, dim: int, folder: Path
) -> dict[str, float]:
    """Train on features mapped from a file, which is removed afterwards."""
    maker = FeatureMaker(num_classes, dim)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'svm_features.bin'
    try:
        features, labels = maker.write(num_rows, path)
        start = time.perf_counter()
        weights = fit_linear_svm(features, labels, num_classes)
        seconds = time.perf_counter() - start
    finally:
        path.unlink(missing_ok=True)
    return dict(
        seconds=seconds,
        test_accuracy=accuracy(weights, *maker.draw(test_rows)),
        file_gib=features.nbytes / 2**30,
        peak_rss_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    )


def main() -> None:
    """Measure and print."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    sizes = {'Kinetics-400': KINETICS} if args.kinetics else SIZES
    if args.rows is not None:
        test_rows = args.test_rows or args.rows // 3
        name = f'{args.rows} x {args.dim}, {args.classes} classes'
        sizes = {name: (args.rows, test_rows, args.classes)}
    report = {}
    for name, size in sizes.items():
        print(f'{name}: {size[0]} x {args.dim}, {size[2]} classes, {args.threads} thread(s)')
        if args.kinetics:
            report[name] = train_from_file(*size, args.dim, args.folder)
            print(
                '  {seconds:.1f} s   test {test_accuracy:.2f} %   peak memory {peak_rss_gib:.2f} '
                'GiB, including the mapped pages of a file of {file_gib:.2f} GiB'.format(
                    **report[name]
                )
            )
        else:
            report[name] = compare(*size, args.dim)
            print_comparison(report[name])
    if args.json is not None:
        args.json.write_text(json.dumps(dict(describe_machine(), sizes=report), indent=2) + '\n')


if __name__ == '__main__':
    main()
