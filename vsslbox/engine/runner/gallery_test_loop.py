"""Evaluation of features: a query set against a gallery."""

import logging
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import torch
from mmengine.dist import broadcast_object_list, is_distributed, is_main_process, master_only
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch.utils.data import DataLoader

from vsslbox.engine.runner.record import write_record
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import (
    kept_features,
    like_columns,
    same_videos,
    tell_missing_classes,
    treated_loader,
)
from vsslbox.evaluation.metrics import FeatureMetric, join_treatments
from vsslbox.registry import LOOPS, METRICS

__all__ = ['GalleryTestLoop']

# How long the other processes wait for the main one's metrics.
_PATIENCE = timedelta(days=7)

TOKEN_DTYPES = dict(float16=torch.float16, float32=torch.float32)


@LOOPS.register_module()
class GalleryTestLoop(BaseLoop):
    """Extract the features of a query set and a gallery, and evaluate them by metrics.

    The model is not trained; only the metrics read labels. The result is written as JSON, with what
    is needed to trace it: the hashes of the checkpoint and of both lists, and the seed. Several
    processes share the extraction; the main process alone computes the metrics.

    Features are kept in ``features/`` below the work directory, by what they depend on: weights,
    list, files, model and pipeline. The same test does not extract them again, and a killed test
    continues where it stopped. So are those of the queries under each treatment that a metric
    wants, which is extracted once for all metrics.

    Args:
        runner: The runner.
        dataloader: The config of the query set's data loader.
        evaluator: Configs of metrics, each a :class:`FeatureMetric`.
        gallery_dataloader: The config of the gallery's data loader. With None, or the query set's
            config, the query set is the gallery. A query does not find itself.
        protocol: The name of the protocol, for the record.
        out: The JSON file; a relative path is below the work directory.
        features_out: A file for the features, whose path is taken likewise; a dict with the
            :class:`FeatureSet`'s fields but the tokens for ``queries`` and ``gallery``.
        token_dtype: How tokens are kept for metrics that need them: ``'float16'`` or
            ``'float32'``.
        max_token_gib: The most GiB that tokens and features of either set may take on disk.

    Raises:
        InputError: A metric does not evaluate features, would train on all queries, or wants a
            treatment that cannot be applied; or ``token_dtype`` is another one.
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
        token_dtype: str = 'float16',
        max_token_gib: float = 100,
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
            if not isinstance(metric, FeatureMetric):
                raise InputError(
                    f'{type(metric).__name__} in `test_evaluator` does not evaluate features: '
                    'GalleryTestLoop takes metrics derived from FeatureMetric, such as KNNMetric'
                )
        self.treated_cfgs = {
            name: treated_loader(dataloader, name, steps)
            for name, steps in join_treatments(self.metrics).items()
        }
        self.protocol = protocol
        self.out = out
        self.features_out = features_out
        if token_dtype not in TOKEN_DTYPES:
            raise InputError(
                f'token_dtype of GalleryTestLoop must be one of {", ".join(TOKEN_DTYPES)}, got '
                f'{token_dtype!r}'
            )
        self.tokens = {}
        if any(metric.needs_tokens for metric in self.metrics):
            self.tokens = dict(token_dtype=TOKEN_DTYPES[token_dtype], max_gib=max_token_gib)

    def run(self) -> dict[str, float]:
        """Evaluate the runner's model.

        Returns:
            The values of all metrics, by name.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        (queries,) = self.query_features().values()
        gallery = queries
        if self.gallery_dataloader is not None:
            (gallery,) = self.features(self.gallery_dataloader, self.gallery_cfg).values()
            queries, gallery = like_columns(queries, gallery)
            gallery = same_videos(queries, gallery)
        shared = queries.shared_with(gallery)
        if shared:
            self._tell_shared_videos(shared, queries, gallery)
        for label in dict.fromkeys(label for metric in self.metrics for label in metric.labels):
            tell_missing_classes(queries, gallery, label)
        values = self._evaluate(queries, gallery)
        write_record(
            self.runner,
            self.out,
            self.protocol,
            values,
            notes=self._notes(),
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

    def query_features(self) -> dict[str, FeatureSet]:
        """Return the features of the queries by tap, with those of the metrics' treatments."""
        found = self.features(self.dataloader, self.query_cfg)
        for name, config in self.treated_cfgs.items():
            print_log(f'the queries under {name!r}', 'current')
            loader = self.runner.build_dataloader(config, seed=self.runner.seed)
            for tap, treated in kept_features(self.runner, loader, config).items():
                found[tap].treated[name] = treated.features
        return found

    def features(self, dataloader: DataLoader, dataloader_cfg: dict) -> dict[str, FeatureSet]:
        """Return the features of a data set by tap, with the tokens that the metrics need.

        Args:
            dataloader: The loader of the data set.
            dataloader_cfg: Its config.
        """
        return kept_features(self.runner, dataloader, dataloader_cfg, **self.tokens)

    def _notes(self) -> dict[str, str]:
        notes = {name: text for metric in self.metrics for name, text in metric.notes().items()}
        for name, text in notes.items():
            print_log(f'{name}: {text}', 'current')
        return notes

    def _tell_shared_videos(self, shared: int, queries: FeatureSet, gallery: FeatureSet) -> None:
        """Warn of metrics that learn from some queries, or refuse those that learn from all."""
        names = [name for metric in self.metrics for name in metric.trained(queries, gallery)]
        if not names:
            return
        message = (
            f'{shared} of {len(queries)} queries of {queries.source} (`test_dataloader`) are in '
            f'{gallery.source} (`test_cfg.gallery_dataloader`) too, on which {", ".join(names)} '
            'trains: leave them out of one of the two'
        )
        if shared == len(queries):
            raise InputError(message)
        print_log(message, 'current', logging.WARNING)

    def _evaluate(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the metrics' values, or raise their error, on every process."""
        # By gloo: a classifier may train for longer than NCCL's time limit of minutes.
        group = None
        if is_distributed():
            group = torch.distributed.new_group(backend='gloo', timeout=_PATIENCE)
        outcome: list[dict[str, float] | Exception] = [{}]
        if is_main_process():
            try:
                for metric in self.metrics:
                    values = metric(queries, gallery)
                    _refuse_duplicates(values, outcome[0])
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
        names.remove('tokens')
        saved = {
            role: {name: getattr(videos, name) for name in names} for role, videos in sets.items()
        }
        torch.save(saved, path)


def _refuse_duplicates(values: dict[str, float], given: dict[str, float]) -> None:
    again = sorted(set(values).intersection(given))
    if again:
        raise InputError(
            f'two metrics of test_evaluator give {again[0]}, such as two KNNMetric with different '
            'k: use them in two configs'
        )
