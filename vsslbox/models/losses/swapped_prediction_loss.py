"""The loss of SwAV: predict the code of a view from the other views."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.clip_tuples import with_others
from vsslbox.models.utils.gather import gather_batch, own_share
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['SwappedPredictionLoss', 'sinkhorn', 'swapped_prediction']


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float = 0.05, num_iterations: int = 3) -> Tensor:
    r"""Compute codes that spread a batch evenly over the prototypes, without gradient.

    .. math:: Q = \operatorname{diag}(u) \exp(S / \varepsilon) \operatorname{diag}(v)

    where u and v come from scaling, in turns, the columns (prototypes) to the sum M / K and the
    rows (samples) to the sum 1.

    Source: Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster
    Assignments", eq. 3 to 5 and appendix A.

    Args:
        scores: ``[M, K]``, of the samples of all processes with all prototypes.
        epsilon: The smoothness of the codes; towards 0, each becomes one-hot.
        num_iterations: The number of turns.

    Returns:
        The codes ``[M, K]``, rows that sum to 1.

    Examples:
        >>> codes = sinkhorn(torch.eye(2), epsilon=0.5)
        >>> round(codes[0, 0].item(), 4)  # e^2 / (e^2 + 1)
        0.8808
    """
    log_codes = at_least_float32(scores) / epsilon
    for _ in range(num_iterations):
        log_codes = log_codes - log_codes.logsumexp(dim=0)  # the constant M / K cancels
        log_codes = log_codes - log_codes.logsumexp(dim=1, keepdim=True)
    return log_codes.exp()


def swapped_prediction(
    scores: list[Tensor],
    temperature: float = 0.1,
    epsilon: float = 0.05,
    num_iterations: int = 3,
    num_coded: int = 2,
) -> Tensor:
    r"""Compute the cross entropy of the codes of some views and the scores of all other views.

    .. math:: -\frac{1}{C (V - 1) N} \sum_{c = 1}^{C} \sum_{v \ne c} \sum_{i, k} q_{cik}
        \log \frac{e^{s_{vik} / \tau}}{\sum_l e^{s_{vil} / \tau}}

    The codes q are those of :func:`sinkhorn` over the samples of all processes.

    Source: Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster
    Assignments", eq. 1, 2 and 6.

    Args:
        scores: V tensors ``[N, K]``, the products of L2-normalised embeddings and prototypes.
        temperature: The divisor of the scores in the softmax, tau.
        epsilon: See :func:`sinkhorn`.
        num_iterations: See :func:`sinkhorn`.
        num_coded: The number of views that have codes, the first C.

    Returns:
        A scalar in float32 (float64 for inputs in float64).

    Examples:
        >>> loss = swapped_prediction([torch.eye(2)] * 2, temperature=1.0, epsilon=0.5)
        >>> round(loss.item(), 4)  # 0.8808 log(1 + 1 / e) + 0.1192 log(1 + e)
        0.4325
    """
    scores = [at_least_float32(each) for each in scores]
    with torch.autocast(scores[0].device.type, enabled=False):
        losses = []
        for own, others in with_others(scores)[:num_coded]:
            codes = own_share(sinkhorn(gather_batch(own.detach()), epsilon, num_iterations))
            logits = torch.cat(others) / temperature
            losses.append(F.cross_entropy(logits, codes.repeat(len(others), 1)))
        return torch.stack(losses).mean()


@MODELS.register_module()
class SwappedPredictionLoss(nn.Module):
    """Predict the codes of views from other views; see :func:`swapped_prediction`.

    Args:
        temperature: The divisor of the scores in the softmax.
        epsilon: The smoothness of the codes.
        num_iterations: The number of turns of the Sinkhorn algorithm.
        num_coded: The number of views that have codes.
        loss_weight: The factor of this loss in the total.

    Examples:
        >>> criterion = SwappedPredictionLoss(temperature=1.0, epsilon=0.5, loss_weight=2.0)
        >>> round(criterion([torch.eye(2)] * 2).item(), 4)
        0.8649
    """

    needs_negatives = True  # the codes of a single sample are alike

    def __init__(
        self,
        temperature: float = 0.1,
        epsilon: float = 0.05,
        num_iterations: int = 3,
        num_coded: int = 2,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if temperature <= 0 or epsilon <= 0:
            raise InputError(
                f'temperature and epsilon must be positive, got {temperature} and {epsilon}'
            )
        if num_iterations < 1 or num_coded < 1:
            raise InputError(
                f'num_iterations and num_coded must be at least 1, got {num_iterations} and '
                f'{num_coded}'
            )
        self.options = dict(
            temperature=temperature,
            epsilon=epsilon,
            num_iterations=num_iterations,
            num_coded=num_coded,
        )
        self.loss_weight = loss_weight

    def forward(self, scores: list[Tensor]) -> Tensor:
        """Compute the loss; the shapes are those of :func:`swapped_prediction`."""
        return self.loss_weight * swapped_prediction(scores, **self.options)
