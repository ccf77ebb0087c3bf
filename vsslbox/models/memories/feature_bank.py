"""The memory bank of instance discrimination: one embedding for every video."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.memories.base_memory import BaseMemory
from vsslbox.models.utils.gather import gather_batch
from vsslbox.models.utils.precision import normalized
from vsslbox.registry import MODELS

__all__ = ['FeatureBank']

_WAY_OUT = 'train on that list, or start a new run and load only the backbone'


@MODELS.register_module()
class FeatureBank(BaseMemory):
    """A running mean of the embeddings of each video, and the clusters of the videos.

    Every process holds the whole bank and writes the embeddings of all processes, so that the banks
    stay the same. Everything is a buffer: embeddings, clusters, and the hash of the list of videos,
    which ``BankListHook`` sets and compares, since only the place in the list identifies a row.

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    section 3.2 (the bank); Zhuang et al., "Local Aggregation for Unsupervised Learning of Visual
    Embeddings", section 3 (the running mean). The start values, uniform in +-1/sqrt(channels / 3)
    and not normalised, follow the code of VIE.

    Args:
        num_videos: The number of rows, V: the length of the training list.
        channels: The length of an embedding, D.
        momentum: The share of the old row in the new one.
        num_clusterings: The number of clusterings, H.
    """

    def __init__(
        self,
        num_videos: int,
        channels: int = 128,
        momentum: float = 0.5,
        num_clusterings: int = 1,
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise InputError(f'momentum must be within [0, 1], got {momentum}')
        self.momentum = momentum
        bound = (channels / 3) ** -0.5
        self.register_buffer('features', torch.empty(num_videos, channels).uniform_(-bound, bound))
        unknown = torch.full((num_clusterings, num_videos), -1, dtype=torch.long)
        self.register_buffer('labels', unknown)  # [H, V], the cluster of each video
        self.register_buffer('list_hash', torch.zeros(32, dtype=torch.uint8))
        self._staged: list[tuple[Tensor, Tensor]] = []

    @property
    def num_videos(self) -> int:
        """The number of rows."""
        return len(self.features)

    @property
    def clustered(self) -> bool:
        """Whether there are clusters yet."""
        return bool(self.labels[0, 0] >= 0)

    @torch.no_grad()
    def stage(self, indices: Tensor, embeddings: Tensor) -> None:
        """Stage embeddings for the next :meth:`flush`.

        Args:
            indices: Their rows, ``[N]`` on each process.
            embeddings: ``[N, D]`` on each process, L2-normalised.

        Raises:
            InputError: More embeddings wait than the bank has rows.
        """
        embeddings = embeddings.detach().to(self.features.dtype)
        self._staged.append((gather_batch(indices), gather_batch(embeddings)))
        waiting = sum(len(indices) for indices, _ in self._staged)
        if waiting > self.num_videos:
            raise InputError(
                f'{waiting} embeddings wait to enter a bank of {self.num_videos} videos: lower the '
                'batch size (or `accumulative_counts`). A training loop without `SSLRunner` must '
                "call the model's `update_after_step` after each step of the optimizer"
            )

    @torch.no_grad()
    def flush(self) -> None:
        """Move the rows towards the staged embeddings: ``v = normalise(m * v + (1 - m) * e)``.

        If a video was staged several times, its last embedding counts: that of the last batch,
        within it of the highest rank, within that of the last sample.
        """
        if not self._staged:
            return
        indices, embeddings = (torch.cat(parts) for parts in zip(*self._staged, strict=True))
        last = _last_occurrences(indices)
        indices, embeddings = indices[last], embeddings[last]
        moved = self.momentum * self.features[indices] + (1 - self.momentum) * embeddings
        self.features[indices] = normalized(moved)
        self._staged.clear()

    def bind(self, list_hash: str, num_videos: int) -> None:
        """Tie the rows to a list of videos, or check that they belong to this list.

        Args:
            list_hash: The SHA-256 of the list, in hexadecimal.
            num_videos: The number of its videos.

        Raises:
            InputError: The bank has another number of rows, or was filled with another list.
        """
        if num_videos != self.num_videos:
            raise InputError(
                f'the bank has {self.num_videos} rows, the training list {num_videos} videos: set '
                f'`num_videos={num_videos}` in the config of the `FeatureBank`'
            )
        given = torch.tensor(list(bytes.fromhex(list_hash)), dtype=torch.uint8)
        known = self.list_hash.cpu()
        if known.any() and not torch.equal(known, given):
            raise InputError(
                'the bank was filled with another list of videos (SHA-256 '
                f'{bytes(known.tolist()).hex()}) than the training list (SHA-256 {list_hash}), so '
                f'its rows belong to other videos: {_WAY_OUT}'
            )
        self.list_hash.copy_(given)

    def check_rows(self, num_rows: int) -> None:
        """Check that a checkpoint's bank has as many rows.

        Raises:
            InputError: It has another number, so that it was filled with another list.
        """
        if num_rows != self.num_videos:
            raise InputError(
                f'the bank of the checkpoint was filled with a list of {num_rows} videos, that of '
                f'the config is for {self.num_videos}: {_WAY_OUT}'
            )

    def extra_repr(self) -> str:
        """Show the shape when printed."""
        num_clusterings, num_videos = self.labels.shape
        channels = self.features.shape[1]
        return f'num_videos={num_videos}, channels={channels}, num_clusterings={num_clusterings}'


def _last_occurrences(indices: Tensor) -> Tensor:
    """Mark the entries that do not occur again after them: ``[N]``, boolean."""
    equal = indices[:, None] == indices
    return ~equal.triu(diagonal=1).any(dim=1)
