"""The accuracy of the read-outs of several layers."""

from collections.abc import Sequence
from typing import Any

from mmaction.evaluation import top_k_accuracy
from mmengine.evaluator import BaseMetric
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.registry import METRICS

__all__ = ['ReadoutMetric']


@METRICS.register_module()
class ReadoutMetric(BaseMetric):
    """The share of samples whose class is among the k most probable ones, for every tap.

    Each batch is evaluated at once, so that hits are gathered instead of the scores of all classes.
    The names are ``readout/TAP/topK``, in percent.

    Args:
        topk: The values of k.
        taps: Which taps are evaluated; None for all.
        kwargs: As for mmengine's ``BaseMetric``.
    """

    default_prefix = 'readout'

    def __init__(
        self, topk: Sequence[int] = (1, 5), taps: Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        if not topk or min(topk) < 1:
            raise InputError(f'topk of ReadoutMetric must be positive integers, got {topk!r}')
        super().__init__(**kwargs)
        self.topk = tuple(topk)
        self.taps = taps

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Evaluate the samples of a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_scores``, probabilities ``[K]`` by tap, and one label.

        Raises:
            InputError: A sample does not have exactly one label, its label has no score, scores
                are not finite, or a tap has none.
        """
        for sample in data_samples:
            labels = sample.get('gt_labels', dict(item=()))['item']
            if len(labels) != 1:
                raise InputError(
                    'ReadoutMetric needs one label for each sample: set `ann_file` of the data set '
                    'to a list with labels'
                )
            label, hits = int(labels[0]), {}
            for tap, scores in self._chosen(sample['pred_scores']).items():
                if not 0 <= label < len(scores):
                    raise InputError(
                        f'sample {sample.get("index")} has the label {label}, but the read-out of '
                        f'{tap} has the classes 0 to {len(scores) - 1}: was it trained on '
                        'another list?'
                    )
                if not scores.isfinite().all():
                    raise InputError(
                        f'the scores of {tap} for sample {sample.get("index")} are not finite: did '
                        "the checkpoint's training diverge?"
                    )
                shares = top_k_accuracy([scores.cpu().numpy()], [label], self.topk)
                hits.update({f'{tap}/top{k}': share for k, share in zip(self.topk, shares)})
            self.results.append(hits)

    def _chosen(self, scores: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the scores of the taps that are evaluated."""
        if self.taps is None:
            return scores
        missing = [tap for tap in self.taps if tap not in scores]
        if missing:
            raise InputError(
                f'ReadoutMetric evaluates {missing[0]}, but there are scores of '
                f'{", ".join(scores)} alone: a `chosen` probe is in the checkpoints that '
                'validation kept, best_*.pth'
            )
        return {tap: scores[tap] for tap in self.taps}

    def compute_metrics(self, results: list[dict[str, float]]) -> dict[str, float]:
        """Average over all samples, in percent."""
        return {
            name: 100 * float(sum(hits[name] for hits in results)) / len(results)
            for name in results[0]
        }
