"""Features of a whole corpus of videos, by Ray Data."""

import logging
import os
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from types import ModuleType
from typing import Any

from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.apis.video_inferencer import GivenVideos
from vsslbox.checkpoints.zoo import local_path
from vsslbox.compat import tells_of_dead_worker
from vsslbox.errors import InputError
from vsslbox.preparation.video_jobs import DIED, Failure, run_jobs
from vsslbox.search import embed_rows
from vsslbox.search.video_rows import Stamp, VideoRow
from vsslbox.utils import file_sha256, optional_module, track

__all__ = ['CorpusEmbedder']

MOST_BATCHES = 64  # of a part, which a worker that dies loses
PARTS_PER_WORKER = 4  # at least, so that all end at about the same time
MOST_DEATHS = 2  # of workers at a part, before it is found out which video ends them


class CorpusEmbedder:
    """Computes the rows of an index by a pool of Ray's actors.

    The videos are split into parts of whole batches, in their order, and each actor embeds one part
    after the other by :class:`VideoEmbedder`. The batches are those of a single machine, and so are
    the features. Ray computes the part of an actor that died again by another one. A part at which
    two actors died is first read video by video in a process of its own; a video that ends it gets
    a reason instead of a feature.

    Args:
        checkpoint: A checkpoint of pretraining: a path that all machines have, or ``zoo://NAME``.
        sha256: The hash of its file, which is checked on each machine.
        batch_size: The number of videos computed at a time.
        num_workers: The number of actors; as many as fit on the cluster by default.
        cpus: The cores of an actor; all but one belong to processes that only decode.
        gpus: The GPUs of an actor.
        address: The address of a running cluster; None for the cluster that this process is
            connected to, or else a new one on this machine.

    Raises:
        ImportError: Ray is not installed.
        InputError: A number is out of range.
    """

    def __init__(
        self,
        checkpoint: str,
        sha256: str,
        batch_size: int = 8,
        num_workers: int | None = None,
        cpus: int = 1,
        gpus: float = 0,
        address: str | None = None,
    ) -> None:
        optional_module('ray.data', 'ray')
        for name, value, least in [
            ('workers', num_workers, 1),
            ('cpus', cpus, 1),
            ('gpus', gpus, 0),
        ]:
            if value is not None and value < least:
                raise InputError(f'--{name} must be at least {least}, got {value}')
        self.new_worker: dict[str, Any] = dict(
            checkpoint=checkpoint,
            sha256=sha256,
            batch_size=batch_size,
            num_decoders=cpus - 1,
            device='cuda' if gpus else 'cpu',
        )
        self.num_workers = num_workers
        self.resources = dict(CPU=cpus, GPU=gpus)
        self.address = address

    def __call__(self, stamps: Mapping[str, Stamp]) -> Iterator[dict[str, VideoRow]]:
        """Yield what is found out about the videos of each part, as the parts are finished.

        Raises:
            InputError: No worker fits on the cluster.
        """
        if not stamps:
            return
        with _connected(self.address) as ray:
            workers = self._number_of_workers(ray)
            parts = _split(stamps, self.new_worker['batch_size'], workers)
            attempts = ray.remote(num_cpus=0, max_restarts=-1)(_Attempts).remote()
            rows = (
                ray.data.from_items(
                    [dict(part=number, stamps=pickle.dumps(p)) for number, p in enumerate(parts)],
                    override_num_blocks=len(parts),
                )
                .map(
                    _PartEmbedder,
                    fn_constructor_kwargs=dict(self.new_worker, attempts=attempts),
                    compute=ray.data.ActorPoolStrategy(
                        min_size=1, max_size=workers, initial_size=min(workers, len(parts))
                    ),
                    num_cpus=self.resources['CPU'],
                    num_gpus=self.resources['GPU'] or None,
                )
                .iter_rows()
            )
            for row in track(rows, 'videos, parts', len(parts)):
                yield pickle.loads(row['rows'])

    def _number_of_workers(self, ray: ModuleType) -> int:
        there = ray.cluster_resources()
        needed = {name: number for name, number in self.resources.items() if number}
        fitting = min(int(there.get(name, 0) / number) for name, number in needed.items())
        if not fitting:
            shown = ', '.join(f'{there.get(name, 0):g} {name}' for name in needed)
            raise InputError(f'no worker with {needed} fits on the cluster, which has {shown}')
        return min(fitting, self.num_workers or fitting)


@contextmanager
def _connected(address: str | None) -> Iterator[ModuleType]:
    """Connect to a cluster, and disconnect from it at the end."""
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    ray = optional_module('ray', 'ray')
    data = optional_module('ray.data', 'ray')
    is_own = not ray.is_initialized()
    if is_own:
        options: dict[str, Any] = dict(address=address)
        if address is None:
            options.update(
                address='local', num_cpus=len(os.sched_getaffinity(0)), include_dashboard=False
            )
        ray.init(logging_level='error', log_to_driver=False, **options)
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger('ray.data').setLevel('ERROR')
    try:
        yield ray
    finally:
        if is_own:
            ray.shutdown()


def _split(
    stamps: Mapping[str, Stamp], batch_size: int, num_workers: int
) -> list[dict[str, Stamp]]:
    """Split videos into parts of whole batches."""
    batches = -(-len(stamps) // batch_size)
    size = batch_size * min(MOST_BATCHES, max(1, batches // (PARTS_PER_WORKER * num_workers)))
    items = iter(stamps.items())
    return list(iter(lambda: dict(islice(items, size)), {}))


class _Attempts:
    """Counts how often actors began each part that is not finished; an actor of its own."""

    def __init__(self) -> None:
        self.begun: Counter[int] = Counter()

    def begin(self, part: int) -> int:
        self.begun[part] += 1
        return self.begun[part]

    def finish(self, part: int) -> None:
        del self.begun[part]


class _PartEmbedder:
    """Embeds the parts that Ray gives to its process.

    Args:
        checkpoint: A checkpoint of pretraining.
        sha256: The hash of its file.
        batch_size: The number of videos computed at a time.
        num_decoders: The number of processes that only decode.
        device: The device of the model.
        attempts: The actor that counts attempts.
    """

    def __init__(
        self,
        checkpoint: str,
        sha256: str,
        batch_size: int,
        num_decoders: int,
        device: str,
        attempts: Any,
    ) -> None:
        file = local_path(checkpoint)
        if file_sha256(file) != sha256:
            raise InputError(f'{file} on this machine is not the file that the command was given')
        self.embedder = VideoEmbedder(
            checkpoint, device=device, num_workers=num_decoders, skip_bad=True
        )
        self.batch_size = batch_size
        self.attempts = attempts

    def __call__(self, job: dict) -> dict[str, bytes]:
        """Return the rows of a part."""
        ray = optional_module('ray', 'ray')
        part, stamps = job['part'], pickle.loads(job['stamps'])
        is_safe = ray.get(self.attempts.begin.remote(part)) <= MOST_DEATHS
        rows = self._rows(stamps, is_safe)
        self.attempts.finish.remote(part)
        return dict(rows=pickle.dumps(rows))

    def _rows(self, stamps: dict[str, Stamp], is_safe: bool) -> dict[str, VideoRow]:
        if is_safe:
            try:
                return self._embed(stamps)
            except RuntimeError as error:
                if not (self.embedder.num_workers and tells_of_dead_worker(error)):
                    raise
        deadly = self._deadly(list(stamps))
        safe = {video: stamp for video, stamp in stamps.items() if video not in deadly}
        return self._embed(safe) | {video: VideoRow(stamps[video], reason=DIED) for video in deadly}

    def _embed(self, stamps: dict[str, Stamp]) -> dict[str, VideoRow]:
        rows = {}
        for found in embed_rows(self.embedder, stamps, self.batch_size):
            rows.update(found)
        return rows

    def _deadly(self, videos: Sequence[str]) -> set[str]:
        """Return the videos that end the process that reads them."""
        read = partial(_read, self.embedder)
        results = run_jobs(read, videos, max(1, self.embedder.num_workers), 'reading')
        return {video for video, result in results if result == Failure(DIED)}


def _read(embedder: VideoEmbedder, video: str) -> None:
    """Decode what the features of a video need."""
    GivenVideos([video], embedder.pipeline)[0]
