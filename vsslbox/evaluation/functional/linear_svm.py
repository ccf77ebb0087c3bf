"""Linear support vector machines, trained for all classes at once."""

import warnings

import numpy as np
import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.functional.squared_hinge import SquaredHinge

__all__ = ['fit_linear_svm']

# Conjugate gradients stop at this share of the gradient as residual, or after so many steps.
RESIDUAL = 0.1
MAX_CG_STEPS = 100
# A step is halved, at most so many times, until it gains this share of what the slope predicts.
SUFFICIENT_DECREASE = 0.01
MAX_HALVINGS = 20


@torch.no_grad()
def fit_linear_svm(
    features: Tensor | np.ndarray,
    labels: Tensor,
    num_classes: int,
    cost: float = 1.0,
    tolerance: float = 1e-4,
    max_iter: int = 100,
    block_size: int = 2048,
) -> Tensor:
    """Train a linear classifier for each class against all others.

    The objective is that of LIBLINEAR's ``-s 2``: L2-regularised squared hinge loss, see
    :class:`SquaredHinge`. It is minimised by Newton's method. Conjugate gradients find the steps of
    all classes together, so that each pass over the features serves all of them; a class that has
    converged leaves. The preconditioner is the Hessian at zero, where all rows have a loss: it is
    the same for all classes and factored once.

    A class has converged if its Newton step is predicted to lower the objective by no more than the
    share ``tolerance``, or if rounding hides any decrease. LIBLINEAR stops at a gradient of 1e-2 *
    min(positives, negatives) / N of that at zero, which bounds the objective loosely: for rows that
    are easily separated it stops a tenth above the minimum.

    Memory, beside the features and a few matrices ``[K, F]`` and ``[F, F]``: three bytes for each
    row and class, and ``block_size * (F + 4 K)`` numbers. For 240000 rows, 400 classes and
    F = 2048 these are 290 MB and 30 MB.

    Args:
        features: ``[N, F]``, a tensor or an array, which may be mapped from a file. Weights are
            computed on its device, in float32 or, for float64 features, in float64.
        labels: Class ids, ``[N]``.
        num_classes: K. A class without rows rejects every row.
        cost: C, the weight of the loss.
        tolerance: See above.
        max_iter: The most Newton steps; a warning says if they do not suffice.
        block_size: The number of rows in a block, which affects memory only.

    Returns:
        Weights, ``[K, F]``. The class of x is the one whose weights have the largest product with
        x; there is no bias, as in LIBLINEAR's default.

    Raises:
        InputError: Features are not finite, or an option is not positive.
        ValueError: Labels are out of range, or not as many as the features.
    """
    labels = torch.as_tensor(labels)
    _check(features, labels, num_classes, cost=cost, tolerance=tolerance, block_size=block_size)
    problem = SquaredHinge(features, labels, cost, block_size)
    factor = _factor_hessian_at_zero(problem)
    weights = torch.zeros(
        num_classes, features.shape[1], dtype=problem.dtype, device=problem.device
    )
    running = torch.arange(num_classes, device=problem.device)
    value, gradient, active = problem.evaluate(weights, running)
    for _ in range(max_iter):
        directions = _newton_directions(problem, gradient, active, factor)
        before, slope = value, (gradient * directions).sum(dim=1)
        steps, value, gradient, active = _line_search(
            problem, running, weights[running], directions, before, slope
        )
        weights[running] += steps[:, None] * directions
        unfinished = -slope / 2 > tolerance * before
        fell = before - value > torch.finfo(problem.dtype).eps * before
        running, value, gradient, active = (
            part[unfinished & fell] for part in (running, value, gradient, active)
        )
        if not len(running):
            return weights
    warnings.warn(
        f'{len(running)} of {num_classes} classes of the SVM have not converged in {max_iter} '
        'Newton steps',
        stacklevel=2,
    )
    return weights


def _check(
    features: Tensor | np.ndarray, labels: Tensor, num_classes: int, **positive: float
) -> None:
    for name, value in positive.items():
        if value <= 0:
            raise InputError(f'{name} must be positive, got {value}')
    if features.ndim != 2 or labels.shape != (len(features),) or not len(features):
        raise ValueError(
            f'expected features [N, F] and labels [N] of at least one row, got '
            f'{list(features.shape)} and {list(labels.shape)}'
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f'labels must be from 0 to {num_classes - 1}, got {int(labels.min())} to '
            f'{int(labels.max())}'
        )


def _factor_hessian_at_zero(problem: SquaredHinge) -> Tensor:
    """Compute the Cholesky factor of I + 2 C X^T X, ``[F, F]``."""
    hessian = problem.gram().mul_(2 * problem.cost)
    # Rounding of the product may make it indefinite by this much.
    rounding = torch.finfo(problem.dtype).eps * hessian.trace()
    hessian.diagonal().add_(1 + rounding)
    return torch.linalg.cholesky(hessian).to(problem.dtype)


def _newton_directions(
    problem: SquaredHinge, gradient: Tensor, active: Tensor, factor: Tensor
) -> Tensor:
    """Solve H d = -g for each class, to :data:`RESIDUAL`, by preconditioned conjugate gradients.

    Args:
        problem: Computes the products with H.
        gradient: g, ``[K, F]``.
        active: Which rows have a loss, ``[K, N]``.
        factor: The preconditioner's Cholesky factor, ``[F, F]``.

    Returns:
        d, ``[K, F]``; at any residual a direction in which the objective falls.
    """
    solution = torch.zeros_like(gradient)
    running = torch.arange(len(gradient), device=gradient.device)
    residual = -gradient
    search = torch.cholesky_solve(residual.T, factor).T
    norm = (residual * search).sum(dim=1)
    goal = RESIDUAL**2 * norm
    for _ in range(MAX_CG_STEPS):
        product = problem.curvature(search, active)
        # Where the gradient is zero, all of these are, and the solution must be.
        bend = (search * product).sum(dim=1).clamp(min=torch.finfo(product.dtype).tiny)
        length = (norm / bend)[:, None]
        solution[running] += length * search
        residual = residual - length * product
        scaled = torch.cholesky_solve(residual.T, factor).T
        previous, norm = norm, (residual * scaled).sum(dim=1)
        search = scaled + (norm / previous)[:, None] * search
        unfinished = norm > goal
        if not unfinished.any():
            break
        if not unfinished.all():
            running, residual, search, norm, goal, active = (
                part[unfinished] for part in (running, residual, search, norm, goal, active)
            )
    return solution


def _line_search(
    problem: SquaredHinge,
    classes: Tensor,
    weights: Tensor,
    directions: Tensor,
    before: Tensor,
    slope: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Find for each class the first of the steps 1, 1/2, 1/4, ... that lowers the objective.

    Args:
        problem: The objective.
        classes: Ids, ``[K]``.
        weights: The starts, ``[K, F]``.
        directions: ``[K, F]``.
        before: The objective there, ``[K]``.
        slope: Its derivative along the direction, ``[K]``.

    Returns:
        The steps, ``[K]``, 0 where none was found; and :meth:`SquaredHinge.evaluate` at the last
        step tried, with ``before`` as the objective where none was found.
    """
    steps = torch.ones_like(slope)
    value, gradient, active = problem.evaluate(weights + directions, classes)
    for _ in range(MAX_HALVINGS):
        failed = (value > before + SUFFICIENT_DECREASE * steps * slope).nonzero()[:, 0]
        if not len(failed):
            return steps, value, gradient, active
        steps[failed] /= 2
        trial = weights[failed] + steps[failed, None] * directions[failed]
        value[failed], gradient[failed], active[failed] = problem.evaluate(trial, classes[failed])
    failed = value > before + SUFFICIENT_DECREASE * steps * slope
    return steps.masked_fill(failed, 0), torch.where(failed, before, value), gradient, active
