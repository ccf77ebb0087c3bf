"""The clusters of a memory bank."""

import time

from mmengine.dist import broadcast, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.errors import InputError
from vsslbox.models.losses import LocalAggregationLoss
from vsslbox.models.memories import FeatureBank
from vsslbox.models.utils.kmeans import kmeans
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['ClusterHook']


@HOOKS.register_module()
class ClusterHook(Hook):
    """Cluster the model's bank by k-means before each epoch.

    Nothing is clustered while the model warms up without clusters; if the warm-up ends within an
    epoch, the first clustering is made there. A run resumed within an epoch continues with the
    labels of its checkpoint.

    The first process clusters and sends its labels to the others: the banks are equal, but
    rounding on different devices could make the labels differ, and then the losses, unnoticed.

    Source: Zhuang et al., "Local Aggregation for Unsupervised Learning of Visual Embeddings",
    section 3; number, iterations and seeds follow the authors' code of VIE.

    Args:
        num_clusters: The number of clusters; for several clusterings a list, as long as the bank's
            ``num_clusterings``.
        num_iters: The number of updates of the centroids.
        seed: The seed of the first clustering; each further one adds 1.
    """

    def __init__(
        self, num_clusters: int | list[int] = 8000, num_iters: int = 20, seed: int = 1234
    ) -> None:
        self.num_clusters = [num_clusters] if isinstance(num_clusters, int) else num_clusters
        self.num_iters = num_iters
        self.seed = seed

    def before_train(self, runner: Runner) -> None:
        """Refuse a bank that does not fit these options, before a warm-up is spent on it."""
        model = unwrap_model(runner.model)
        bank = model.bank
        if isinstance(model.criterion, LocalAggregationLoss):
            model.criterion.check(bank)
        if len(self.num_clusters) != len(bank.labels):
            raise InputError(
                f'`ClusterHook` makes {len(self.num_clusters)} clusterings, the bank has '
                f'`num_clusterings={len(bank.labels)}`: give `num_clusters` of the hook as a list '
                'of that length'
            )
        if max(self.num_clusters) > bank.num_videos:
            raise InputError(
                f'`num_clusters={max(self.num_clusters)}` of `ClusterHook` is more than the '
                f'{bank.num_videos} videos of the bank: lower it'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Cluster if an epoch begins or there are no clusters yet."""
        model = unwrap_model(runner.model)
        if not model.warming_up and (batch_idx == 0 or not model.bank.clustered):
            self._cluster(runner, model.bank)

    def _cluster(self, runner: Runner, bank: FeatureBank) -> None:
        if is_main_process():
            start = time.perf_counter()
            for index, num_clusters in enumerate(self.num_clusters):
                result = kmeans(bank.features, num_clusters, self.num_iters, self.seed + index)
                bank.labels[index] = result.labels
                runner.logger.info(
                    f'clustered {bank.num_videos} videos into {num_clusters}: mean squared '
                    f'distance {result.inertia / bank.num_videos:.4f}, '
                    f'{time.perf_counter() - start:.1f} s so far'
                )
        broadcast(bank.labels, src=0)
