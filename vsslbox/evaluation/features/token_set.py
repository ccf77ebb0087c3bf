"""The tokens of some videos."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ['TokenSet']


@dataclass
class TokenSet:
    """The positions of the feature maps of some videos, read batch by batch.

    Args:
        array: ``[M, L, D]`` of all videos of a list; may be memory-mapped.
        numbers: Which of them these are, ``[N]``.
    """

    array: Tensor
    numbers: Tensor

    @classmethod
    def of(cls, array: Tensor | None) -> 'TokenSet | None':
        """Return all tokens of an array, or None if there is none."""
        return None if array is None else cls(array, torch.arange(len(array)))

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def width(self) -> int:
        """The width of a token, D."""
        return self.array.shape[-1]

    def rows(self, numbers: Sequence[int] | Tensor) -> 'TokenSet':
        """Return the tokens of some of the videos, by their numbers; nothing is read."""
        return TokenSet(self.array, self.numbers[torch.as_tensor(numbers, dtype=torch.long)])

    def read(self, numbers: Sequence[int] | Tensor) -> Tensor:
        """Return the tokens of some of the videos, ``[B, L, D]``, in at least float32."""
        tokens = self.array[self.rows(numbers).numbers]
        return tokens.float() if tokens.dtype == torch.float16 else tokens
