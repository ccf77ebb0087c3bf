"""Watching any pretraining by the nearest neighbours of its features."""

from collections.abc import Sequence

import torch
from mmengine.dist import all_gather_object
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.engine.runner.monitor_loop import MonitorLoop
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import KNNMetric
from vsslbox.models.utils import encode_clips
from vsslbox.registry import LOOPS

__all__ = ['KNNMonitorLoop']


@LOOPS.register_module()
class KNNMonitorLoop(MonitorLoop):
    """Find the nearest videos by the backbone's pooled features, during training.

    Each video is a class of its own for ``knn/same_video/top1``, in percent: how often, for the
    mean feature of a video's first clips, the nearest mean feature of last clips is that of the
    same video. It needs no labels. For each column of ``labels``, ``knn/LABEL/top1`` is the
    accuracy of a vote of the k nearest among all other videos, by the mean feature of all clips;
    see :class:`KNNMetric`. Labels are used for these numbers alone.

    Args:
        runner: The runner, with a self-supervised method.
        dataloader: The videos, see :class:`MonitorLoop`; two or more clips each.
        evaluator: Empty.
        labels: The columns of the list to predict.
        k: The number of neighbours that vote.
        temperature: See :class:`KNNMetric`.

    Raises:
        InputError: The list lacks a column, there is one clip a video, or an evaluator is given.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: list | tuple = (),
        labels: Sequence[str] = (),
        k: int = 20,
        temperature: float = 0.07,
    ) -> None:
        super().__init__(runner, dataloader, evaluator)
        self.votes = KNNMetric(k, temperature, labels=labels)
        self.same_video = KNNMetric(1, labels=['same_video'])
        videos = self.dataloader.dataset
        self.attributes = [
            dict(videos.get_data_info(index)['attributes'], same_video=index)
            for index in range(len(videos))
        ]
        no_features = FeatureSet(torch.zeros(len(videos), 1), self.attributes)
        for label in self.votes.labels:
            no_features.column(label)  # before an epoch is spent

    def embed(self, clips: Tensor) -> Tensor:
        """Pool the features of clips ``[N, C, T, H, W]``: ``[N, F]``."""
        return encode_clips(self.model.backbone, clips)

    def measure(self, indices: list[int], embeddings: Tensor) -> dict[str, float]:
        """Return ``knn/same_video/top1`` and ``knn/LABEL/top1``, the same on every process."""
        if embeddings.shape[1] < 2:
            raise InputError(
                'KNNMonitorLoop compares clips of one video: sample two or more of each, such as '
                'SampleUniformClips(num_clips=2)'
            )
        clips: dict[int, Tensor] = {}
        for others in all_gather_object(dict(zip(indices, embeddings.float().cpu(), strict=True))):
            clips.update(others)
        self.tell_missing('knn/...', len(clips), len(self.attributes))
        numbers = sorted(clips)
        features = torch.stack([clips[number] for number in numbers])  # [N, V, F]
        attributes = [self.attributes[number] for number in numbers]
        first, last = (
            FeatureSet(part.mean(dim=1), attributes) for part in features.tensor_split(2, dim=1)
        )
        # The file names keep a video from finding itself.
        videos = FeatureSet(features.mean(dim=1), attributes, files=[str(n) for n in numbers])
        return self.same_video(first, last) | self.votes(videos, videos)
