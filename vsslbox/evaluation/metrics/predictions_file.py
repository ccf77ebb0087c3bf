"""The predictions of a classifier, as a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric

from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.registry import METRICS

__all__ = ['PredictionsFile']


@METRICS.register_module()
class PredictionsFile(BaseMetric):
    """Write a CSV file: the name of each video, its true and predicted class, and all scores.

    The columns are ``name``, ``truth`` (empty without a label), ``class``, ``score`` and one for
    each class. Classes are named as in the checkpoint, by their numbers if it has no names.

    Args:
        path: The file.
        kwargs: As for mmengine's ``BaseMetric``.
    """

    def __init__(self, path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = Path(path)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the scores of a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples of a recognizer, with ``pred_scores`` ``[K]``.

        Raises:
            InputError: A sample has no scores of classes.
        """
        for sample in data_samples:
            scores = sample.get('pred_scores', {}).get('item')
            if scores is None:
                raise InputError('PredictionsFile needs a classifier: the samples have no scores')
            labels = sample.get('gt_labels', dict(item=()))['item']
            name = sample['attributes']['name']
            self.results.append((name, [int(label) for label in labels], scores.tolist()))

    def compute_metrics(self, results: list[tuple[str, list[int], list[float]]]) -> dict:
        """Write the file; there are no values."""
        count = len(results[0][2])
        classes = list((self.dataset_meta or {}).get('classes') or map(str, range(count)))
        rows = []
        for name, labels, scores in results:
            best = max(range(count), key=scores.__getitem__)
            truth = ' '.join(classes[label] for label in labels)
            shown = [f'{score:.6f}' for score in scores]
            rows.append([name, truth, classes[best], shown[best], *shown])
        write_csv(self.path, [['name', 'truth', 'class', 'score', *classes], *rows])
        return {}
