"""Watching a memory bank learn by the labels of its nearest entries."""

import torch
from mmengine.dist import all_gather_object
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.steady_batches import steady_batches
from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import as_ids
from vsslbox.evaluation.functional import knn_vote, nearest_neighbours
from vsslbox.registry import LOOPS
from vsslbox.utils import unwrap_model

__all__ = ['BankKNNLoop']


@LOOPS.register_module()
class BankKNNLoop(BaseLoop):
    """Classify validation videos by the nearest entries of the bank, during training.

    For each clip of a video, its k nearest entries vote for the labels of their videos with the
    weight exp(similarity / temperature); the votes of all clips are summed. The accuracy, in
    percent, is logged as ``knn/top1``. Labels are used for this number alone. Training does not
    change by it: neither weights nor statistics nor random states.

    Source: the authors' code of VIE, which uses the accuracy to choose when the learning rate
    falls. Rows that no sample has reached yet count there with their length, here by direction.

    Args:
        runner: The runner; its model has a ``bank`` and a method ``embed``, as :class:`VIE`.
        dataloader: The validation videos, a data loader or its config; each view of a sample is a
            clip. The sampler is :class:`EpochSampler` with ``shuffle=False``.
        evaluator: Empty. The engine requires one for every validation.
        k: The number of entries that vote for each clip.
        temperature: tau.
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
        super().__init__(runner, dataloader)
        if evaluator:
            raise InputError('BankKNNLoop computes its accuracy itself: set `val_evaluator = []`')
        self.model = unwrap_model(runner.model)
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

    def run(self) -> dict[str, float]:
        """Evaluate the bank as it is now.

        Returns:
            ``knn/top1``, the same on every process.
        """
        self.runner.call_hook('before_val')
        self.runner.call_hook('before_val_epoch')
        training = self.model.training
        self.model.eval()
        indices, embeddings = [], []
        with torch.random.fork_rng(devices=[]):  # a data loader draws a seed for its workers
            for batch_idx, batch in steady_batches(self.dataloader):
                self.runner.call_hook('before_val_iter', batch_idx=batch_idx, data_batch=batch)
                indices += [sample.get('index') for sample in batch['data_samples']]
                embeddings.append(self._embed(batch))
                self.runner.call_hook('after_val_iter', batch_idx=batch_idx, data_batch=batch)
        self.model.train(training)
        right = self._classify(indices, torch.cat(embeddings))
        for others in all_gather_object(right):
            right.update(others)
        if len(right) < len(self.labels):
            self.runner.logger.warning(
                f'knn/top1 is of {len(right)} of {len(self.labels)} videos: the others cannot be '
                'read'
            )
        values = {'knn/top1': 100 * sum(right.values()) / len(right)}
        self.runner.call_hook('after_val_epoch', metrics=values)
        self.runner.call_hook('after_val')
        return values

    @torch.no_grad()
    def _embed(self, batch: dict) -> Tensor:
        """Compute the embeddings of a batch's clips, ``[N, V, D]`` for V clips a video."""
        batch = self.model.data_preprocessor(batch, training=False)
        return torch.stack([self.model.embed(clips) for clips in batch['inputs']], dim=1)

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
