"""Watching a memory bank learn by the labels of its nearest entries."""

from mmengine.dist import all_gather_object
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.runner.monitor_loop import MonitorLoop
from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import as_ids
from vsslbox.evaluation.functional import knn_vote, nearest_neighbours
from vsslbox.registry import LOOPS

__all__ = ['BankKNNLoop']


@LOOPS.register_module()
class BankKNNLoop(MonitorLoop):
    """Classify validation videos by the nearest entries of the bank, during training.

    For each clip of a video, its k nearest entries vote for the labels of their videos with the
    weight exp(similarity / temperature); the votes of all clips are summed. The accuracy, in
    percent, is logged as ``knn/top1``. Labels are used for this number alone.

    Source: the authors' code of VIE, which uses the accuracy to choose when the learning rate
    falls. Rows that no sample has reached yet count there with their length, here by direction.

    Args:
        runner: The runner; its model has a ``bank`` and a method ``embed``, as :class:`VIE`.
        dataloader: The validation videos, see :class:`MonitorLoop`.
        evaluator: Empty.
        k: The number of entries that vote for each clip.
        temperature: The temperature of the votes, tau.
        label: The column of both lists that holds the class.

    Raises:
        InputError: The model has no bank, a list has no labels, or an evaluator is given.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: list | tuple = (),
        k: int = 10,
        temperature: float = 0.07,
        label: str = 'label',
    ) -> None:
        super().__init__(runner, dataloader, evaluator)
        if not (hasattr(self.model, 'bank') and hasattr(self.model, 'embed')):
            raise InputError(
                f'BankKNNLoop needs a model with a memory bank, such as VIE, not '
                f'{type(self.model).__name__}: leave it out, or train with --no-validate'
            )
        self.k = k
        self.temperature = temperature
        lists = runner.train_dataloader.dataset, self.dataloader.dataset
        columns = [_labels(videos, label) for videos in lists]
        self.bank_labels, self.labels = as_ids(*columns)
        self.num_classes = len(set().union(*columns))

    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips ``[N, C, T, H, W]`` as the bank's rows: ``[N, D]``."""
        return self.model.embed(clips)

    def measure(self, indices: list[int], embeddings: Tensor) -> dict[str, float]:
        """Return ``knn/top1``, the same on every process."""
        right = self._classify(indices, embeddings)
        for others in all_gather_object(right):
            right.update(others)
        self.tell_missing('knn/top1', len(right), len(self.labels))
        return {'knn/top1': 100 * sum(right.values()) / len(right)}

    def _classify(self, indices: list[int], embeddings: Tensor) -> dict[int, bool]:
        """Return, for each video's index, whether the vote gives its label."""
        found = nearest_neighbours(embeddings.flatten(0, 1), self.model.bank.features, self.k)
        similarities, neighbours = (x.view(len(indices), -1).cpu() for x in found)  # [N, V * k]
        votes = self.bank_labels[neighbours]
        predicted = knn_vote(similarities, votes, self.num_classes, self.temperature)
        return dict(zip(indices, (predicted == self.labels[indices]).tolist(), strict=True))


def _labels(videos: BaseVideoDataset, label: str) -> list:
    """Return the class of every video of a list."""
    infos = (videos.get_data_info(index) for index in range(len(videos)))
    try:
        return [info['attributes'][label] for info in infos]
    except KeyError:
        raise InputError(
            f'{videos.ann_file or "a folder of videos"} has no column {label!r}, which BankKNNLoop '
            'needs: give a list with one label a video and set `label` of `val_cfg`, or train with '
            '--no-validate'
        ) from None
