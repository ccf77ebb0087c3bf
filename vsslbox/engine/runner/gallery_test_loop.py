"""Evaluation by neighbours: features of a query set against features of a gallery."""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import torch
from mmengine.dist import all_gather_object, is_main_process, master_only
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmengine.utils import track_iter_progress
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.engine.runner.record import write_record
from vsslbox.evaluation import FeatureSet
from vsslbox.registry import LOOPS, METRICS

__all__ = ['GalleryTestLoop', 'extract_features']


@LOOPS.register_module()
class GalleryTestLoop(BaseLoop):
    """Extract the features of a query set and a gallery, and judge them by metrics.

    Nothing is trained, and labels are read by the metrics alone. The result is written as JSON,
    with what one needs to trace it: the hashes of the checkpoint and of both lists, and the seed.

    Args:
        runner: The runner.
        dataloader: The query set, a data loader or its config.
        evaluator: Configs of metrics which are called with two :class:`FeatureSet`, queries and
            gallery.
        gallery_dataloader: The gallery; None takes the query set itself, and the metrics' option
            ``leave_out`` then keeps a query from finding itself.
        protocol: The name of the protocol, for the record.
        out: The JSON file; a relative path lies in the work directory.
        features_out: A file to keep the features in, likewise; a dict with the
            :class:`FeatureSet`'s fields for ``queries`` and ``gallery``.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: dict | list[dict],
        gallery_dataloader: DataLoader | dict | None = None,
        protocol: str = 'retrieval',
        out: str = 'metrics.json',
        features_out: str | None = None,
    ) -> None:
        super().__init__(runner, dataloader)
        if isinstance(gallery_dataloader, dict):
            gallery_dataloader = runner.build_dataloader(gallery_dataloader, seed=runner.seed)
        self.gallery_dataloader = gallery_dataloader
        evaluator = evaluator if isinstance(evaluator, list | tuple) else [evaluator]
        self.metrics = [METRICS.build(metric) for metric in evaluator]
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
        queries = extract_features(self.runner.model, self.dataloader)
        gallery = queries
        if self.gallery_dataloader is not None:
            gallery = extract_features(self.runner.model, self.gallery_dataloader)
        values: dict[str, float] = {}
        for metric in self.metrics:
            values.update(metric(queries, gallery))
        write_record(
            self.runner,
            self.out,
            self.protocol,
            values,
            queries=dict(videos=len(queries), list_sha256=queries.list_hash),
            gallery=dict(videos=len(gallery), list_sha256=gallery.list_hash),
        )
        if self.features_out is not None:
            self._save(queries=queries, gallery=gallery)
        self.runner.call_hook('after_test_epoch', metrics=values)
        self.runner.call_hook('after_test')
        return values

    @master_only
    def _save(self, **sets: FeatureSet) -> None:
        path = Path(self.runner.work_dir) / self.features_out
        names = [field.name for field in fields(FeatureSet) if field.init]
        saved = {
            role: {name: getattr(videos, name) for name in names} for role, videos in sets.items()
        }
        torch.save(saved, path)


@torch.no_grad()
def extract_features(model: torch.nn.Module, dataloader: DataLoader) -> FeatureSet:
    """Features of a whole data set, on several processes if there are.

    Args:
        model: Gives features ``[N, F]`` in the mode ``'tensor'``, wrapped or not.
        dataloader: Every process loads its share; the data set is a :class:`BaseVideoDataset`.

    Returns:
        The features in the order of the data set, the same on every process.
    """
    model = model.module if is_model_wrapper(model) else model
    model.eval()
    rows: dict[int, tuple[Tensor, dict]] = {}
    for batch in _with_progress(dataloader):
        batch = model.data_preprocessor(batch, training=False)
        features = model(**batch, mode='tensor').float().cpu()
        for feature, sample in zip(features, batch['data_samples'], strict=True):
            rows[sample.get('index')] = (feature, sample.get('attributes'))
    for others in all_gather_object(rows):
        rows.update(others)
    features, attributes = zip(*(rows[index] for index in sorted(rows)), strict=True)
    return FeatureSet(torch.stack(features), list(attributes), dataloader.dataset.list_hash())


def _with_progress(dataloader: DataLoader) -> Iterable[dict]:
    return track_iter_progress((dataloader, len(dataloader))) if is_main_process() else dataloader
