"""Evaluation by neighbours: features of a query set against features of a gallery."""

import logging
import os
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.dist import broadcast_object_list, is_distributed, is_main_process, master_only
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.runner.record import write_record
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features.extraction import kept_features
from vsslbox.evaluation.metrics import ReportCardMetric
from vsslbox.registry import LOOPS, METRICS

__all__ = ['GalleryTestLoop']

# How long the other processes wait for the main one's metrics.
_PATIENCE = timedelta(days=7)


@LOOPS.register_module()
class GalleryTestLoop(BaseLoop):
    """Extract the features of a query set and a gallery, and judge them by metrics.

    Nothing is trained, and labels are read by the metrics alone. The result is written as JSON,
    with what one needs to trace it: the hashes of the checkpoint and of both lists, and the seed.
    Several processes share the extraction; the main one alone computes the metrics.

    Features are kept in ``features/`` below the work directory, by what they depend on: weights,
    list, files, model and pipeline. Whoever tests the same again need not extract them again, and a
    killed test goes on where it was.

    Args:
        runner: The runner.
        dataloader: The config of the query set's data loader.
        evaluator: Configs of metrics which are called with two :class:`FeatureSet`, queries and
            gallery.
        gallery_dataloader: The gallery's; None, or the query set's once more, takes the query set
            itself, and the metrics' option ``leave_out`` then keeps a query from finding itself.
        protocol: The name of the protocol, for the record.
        out: The JSON file; a relative path lies in the work directory.
        features_out: A file to keep the features in, likewise; a dict with the
            :class:`FeatureSet`'s fields for ``queries`` and ``gallery``.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: dict,
        evaluator: dict | list[dict],
        gallery_dataloader: dict | None = None,
        protocol: str = 'retrieval',
        out: str = 'metrics.json',
        features_out: str | None = None,
    ) -> None:
        super().__init__(runner, dataloader)
        self.query_cfg = dataloader
        self.gallery_cfg = gallery_dataloader
        self.gallery_dataloader = None
        if gallery_dataloader is not None:
            self.gallery_dataloader = runner.build_dataloader(gallery_dataloader, seed=runner.seed)
        evaluator = evaluator if isinstance(evaluator, list | tuple) else [evaluator]
        self.metrics = [METRICS.build(metric) for metric in evaluator]
        for metric in self.metrics:
            if isinstance(labels := getattr(metric, 'labels', ()), str):
                raise InputError(
                    f'`labels` of {type(metric).__name__} must be a list, such as [{labels!r}], '
                    f'got {labels!r}'
                )
        self.protocol = protocol
        self.out = out
        self.features_out = features_out

    def run(self) -> dict[str, float]:
        """Evaluate the runner's model.

        Returns:
            The values of all metrics, by name.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        queries = kept_features(self.runner, self.dataloader, self.query_cfg)
        gallery = queries
        if self.gallery_dataloader is not None:
            gallery = kept_features(self.runner, self.gallery_dataloader, self.gallery_cfg)
            if _are_equal(queries, gallery):
                gallery = queries
        shared = self._count_shared_videos()
        if shared:
            self._warn_of_shared_videos(shared, len(queries), gallery is queries)
        values = self._judge(queries, gallery)
        write_record(
            self.runner,
            self.out,
            self.protocol,
            values,
            queries=dict(videos=len(queries), list_sha256=queries.list_hash),
            gallery=dict(
                videos=len(gallery), list_sha256=gallery.list_hash, shared_with_queries=shared
            ),
        )
        if self.features_out is not None:
            self._save(queries=queries, gallery=gallery)
        self.runner.call_hook('after_test_epoch', metrics=values)
        self.runner.call_hook('after_test')
        return values

    def _count_shared_videos(self) -> int:
        """How many of the files are in both lists."""
        loaders = self.dataloader, self.gallery_dataloader or self.dataloader
        return len(set.intersection(*(_paths(loader.dataset) for loader in loaders)))

    def _warn_of_shared_videos(self, shared: int, num_queries: int, alone: bool) -> None:
        """Tell of metrics that find queries in the gallery, or have learnt them from it."""
        careless = [
            type(metric).__name__
            for metric in self.metrics
            if getattr(metric, 'leave_out', None) is None
            and not (alone and isinstance(metric, ReportCardMetric))
        ]
        if careless:
            print_log(
                f'{shared} of {num_queries} queries are videos of the gallery too, and '
                f'{", ".join(careless)} will find or know them: take them out of the gallery, or '
                "set leave_out='name' where the metric has it",
                'current',
                logging.WARNING,
            )

    def _judge(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """The metrics' values, or their error, on every process."""
        # By gloo, since NCCL's limit of minutes is less than a classifier may take to train.
        group = None
        if is_distributed():
            group = torch.distributed.new_group(backend='gloo', timeout=_PATIENCE)
        outcome: list[dict[str, float] | Exception] = [{}]
        if is_main_process():
            try:
                for metric in self.metrics:
                    values = metric(queries, gallery)
                    _refuse_given(values, outcome[0])
                    outcome[0].update(values)
            except Exception as error:  # raised below, on every process
                outcome[0] = error
        broadcast_object_list(outcome, group=group)
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    @master_only
    def _save(self, **sets: FeatureSet) -> None:
        path = Path(self.runner.work_dir) / self.features_out
        names = [field.name for field in fields(FeatureSet) if field.init]
        saved = {
            role: {name: getattr(videos, name) for name in names} for role, videos in sets.items()
        }
        torch.save(saved, path)


def _are_equal(queries: FeatureSet, gallery: FeatureSet) -> bool:
    """Whether two sets are the same videos, seen by the same pipeline."""
    return queries.attributes == gallery.attributes and torch.equal(
        queries.features, gallery.features
    )


def _paths(dataset: BaseVideoDataset) -> set[str]:
    return {
        os.path.abspath(dataset.get_data_info(index)[dataset.path_key])
        for index in range(len(dataset))
    }


def _refuse_given(values: dict[str, float], given: dict[str, float]) -> None:
    again = sorted(set(values).intersection(given))
    if again:
        raise InputError(
            f'two metrics of test_evaluator give {again[0]}, such as two KNNMetric with different '
            'k: judge by them in two configs'
        )
