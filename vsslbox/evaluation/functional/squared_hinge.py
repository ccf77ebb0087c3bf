"""The squared hinge loss of one linear map for each class, computed in blocks."""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from vsslbox.errors import InputError

__all__ = ['SquaredHinge']


class SquaredHinge:
    """The objective of linear support vector machines, for many classes at a time.

    For class k with the weights w, over rows x with y = 1 where the label is k and -1 elsewhere::

        f(w) = 1/2 |w|^2 + cost * sum max(0, 1 - y w.x)^2

    Rows are read ``block_size`` at a time. Results have the type of the features, at least float32;
    the objective is summed over rows in float64.

    Source: Fan et al., "LIBLINEAR: A Library for Large Linear Classification", appendix A,
    L2-regularised L2-loss classification.

    Args:
        features: ``[N, F]``, a tensor or an array, which may be mapped from a file.
        labels: Class ids, ``[N]``.
        cost: C.
        block_size: Rows in a block.
    """

    def __init__(
        self,
        features: Tensor | np.ndarray,
        labels: Tensor,
        cost: float,
        block_size: int,
    ) -> None:
        if isinstance(features, np.ndarray):
            with warnings.catch_warnings():  # files opened for reading: nothing is written here
                warnings.filterwarnings('ignore', 'The given NumPy array is not writable')
                features = torch.from_numpy(features)
        self.features = features
        self.labels = labels.to(features.device)
        self.cost = cost
        self.block_size = block_size
        self.dtype = torch.promote_types(features.dtype, torch.float32)
        self.device = features.device

    def blocks(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield the slice of each block and its rows, ``[B, F]``."""
        for start in range(0, len(self.features), self.block_size):
            where = slice(start, start + self.block_size)
            yield where, self.features[where].to(self.dtype)

    def gram(self) -> Tensor:
        """Compute the sum of x x^T over all rows, float64 ``[F, F]``.

        Raises:
            InputError: A row is not finite.
        """
        size = self.features.shape[1]
        total = torch.zeros(size, size, dtype=torch.float64, device=self.device)
        for where, block in self.blocks():
            bad = (~block.isfinite().all(dim=1)).nonzero()
            if len(bad):
                row = where.start + int(bad[0])
                raise InputError(f'the features of row {row} (counted from 0) are not finite')
            total += block.T @ block
        return total

    def evaluate(self, weights: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the objective and its gradient.

        Args:
            weights: One row for each of the classes, ``[K, F]``.
            classes: Their ids, ``[K]``.

        Returns:
            The objective, float64 ``[K]``; the gradient, ``[K, F]``; and which rows of the
            features have a loss, bool ``[K, N]``.
        """
        objective = 0.5 * weights.double().square().sum(dim=1)
        gradient = weights.clone()
        active = torch.empty(len(classes), len(self.features), dtype=torch.bool, device=self.device)
        for where, block in self.blocks():
            signs = (self.labels[where] == classes[:, None]).to(self.dtype).mul_(2).sub_(1)
            violation = (weights @ block.T).mul_(signs).neg_().add_(1).clamp_(min=0)
            active[:, where] = violation > 0
            objective += self.cost * violation.square().sum(dim=1, dtype=torch.float64)
            gradient.addmm_(violation.mul_(signs), block, alpha=-2 * self.cost)
        return objective, gradient, active

    def curvature(self, directions: Tensor, active: Tensor) -> Tensor:
        """Compute the product of each class's (generalised) Hessian and a direction.

        Args:
            directions: ``[K, F]``.
            active: Which rows have a loss, as :meth:`evaluate` returns it, ``[K, N]``.

        Returns:
            ``[K, F]``.
        """
        product = directions.clone()
        for where, block in self.blocks():
            change = (directions @ block.T).mul_(active[:, where])
            product.addmm_(change, block, alpha=2 * self.cost)
        return product
