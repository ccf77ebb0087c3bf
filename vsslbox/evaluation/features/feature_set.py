"""The features of a data set with the attributes of its videos."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from vsslbox.datasets.video_names import split_segment
from vsslbox.errors import InputError
from vsslbox.evaluation.features.token_set import TokenSet
from vsslbox.evaluation.functional import nearest_neighbours

__all__ = ['FeatureSet', 'as_ids', 'like_columns', 'same_videos']


@dataclass
class FeatureSet:
    """One feature a video, in the order of the list.

    Args:
        features: ``[N, F]``, float32; may be memory-mapped.
        attributes: The list's entry for each video: its name, labels, group.
        list_hash: The hash of the list's names.
        files: The path of each video without links, by which a query that is in the gallery too
            does not find itself; None if unknown.
        source: The list, for messages.
        tokens: The tokens that the features are means of; None if none were kept.
        treated: The features of the same videos under treatments, ``[N, F]`` by the name of the
            treatment; see :meth:`FeatureMetric.treatments`.
    """

    features: Tensor
    attributes: list[dict]
    list_hash: str = ''
    files: list[str] | None = None
    source: str = 'the list'
    tokens: TokenSet | None = None
    treated: dict[str, Tensor] = field(default_factory=dict)
    _found: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or len(self.features) != len(self.attributes):
            raise ValueError(
                f'expected features [N, F] for {len(self.attributes)} videos, got '
                f'{list(self.features.shape)}'
            )

    def __len__(self) -> int:
        return len(self.features)

    def column(self, name: str) -> list:
        """Return an attribute of every video.

        Raises:
            InputError: The list has no such column, or a video has no value in it.
        """
        try:
            values = [attributes[name] for attributes in self.attributes]
        except KeyError:
            known = sorted(set.intersection(*(set(known) for known in self.attributes)))
            raise InputError(f'the list has no column {name!r}; it has {known}') from None
        empty = [number for number, value in enumerate(values) if not str(value).strip()]
        if empty:  # they would count as one more class
            raise InputError(
                f'the column {name!r} of the list is empty for {len(empty)} of {len(values)} '
                f'videos, first for {self.attributes[empty[0]].get("name")}: fill it in, or remove '
                'these videos from the list'
            )
        return values

    def rows(self, numbers: Sequence[int]) -> 'FeatureSet':
        """Return the set of some of the videos, by their numbers."""
        return replace(
            self,
            features=self.features[list(numbers)],
            attributes=[self.attributes[number] for number in numbers],
            files=self.files and [self.files[number] for number in numbers],
            tokens=None if self.tokens is None else self.tokens.rows(numbers),
            treated={name: rows[list(numbers)] for name, rows in self.treated.items()},
        )

    def under(self, treatment: str) -> 'FeatureSet':
        """Return the set with the features of its videos under a treatment, without tokens.

        Raises:
            InputError: There are no features of this treatment.
        """
        if treatment not in self.treated:
            raise InputError(
                f'{self.source} has no features under the treatment {treatment!r}; it has '
                f'{sorted(self.treated)}: name it in `treatments` of the metric, and evaluate by '
                'GalleryTestLoop'
            )
        return replace(self, features=self.treated[treatment], tokens=None, treated={})

    def shared_with(self, gallery: 'FeatureSet') -> int:
        """Count the videos that are in a gallery too."""
        others = set(gallery.files or ())
        return sum(file in others for file in self.files or ())

    def left_out(self, gallery: 'FeatureSet', leave_out: str | None) -> tuple[list, list] | None:
        """Return the values of the videos and of a gallery of which equal ones are no candidates.

        Args:
            gallery: The candidates.
            leave_out: A column, or None for the files; None is returned if none is shared. Of the
                column ``name`` files count too, which lists may name differently.

        Raises:
            InputError: By this column a video would find itself.
        """
        if leave_out == 'name' and self.files and gallery.files:
            return self._segments(), gallery._segments()
        if leave_out is not None:
            self._refuse_other_values(gallery, leave_out)
            return self.column(leave_out), gallery.column(leave_out)
        if self.files is None or gallery.files is None or not self.shared_with(gallery):
            return None
        return self.files, gallery.files

    def _refuse_other_values(self, gallery: 'FeatureSet', leave_out: str) -> None:
        """Refuse a column that has different values for a video here and in a gallery."""
        known = defaultdict(set)
        for video, value in zip(gallery._segments(), gallery.column(leave_out)):
            known[video].add(value)
        own = zip(self._segments(), self.column(leave_out))
        other = [video for video, value in own if not known[video] <= {value}]
        if other:
            raise InputError(
                f'{len(other)} queries of {self.source} are in {gallery.source} too, but with '
                f'another value of {leave_out!r}, by which they would find themselves, first '
                f'{other[0][0]}: correct that column, or use none to leave out the files themselves'
            )

    def numbers(self) -> list[int]:
        """Number the videos; one that the list has again keeps its number."""
        if self.files is None:
            return list(range(len(self)))
        (numbers,) = as_ids(self._segments())
        return numbers.tolist()

    def _segments(self) -> list[tuple]:
        """Return the file of each video, and which segment of it that is; nothing if unknown."""
        names = [attributes.get('name', '') for attributes in self.attributes]
        return [(file, split_segment(name)[1]) for file, name in zip(self.files or (), names)]

    def neighbours(
        self,
        gallery: 'FeatureSet',
        k: int,
        leave_out: str | None = None,
        precision: str = 'float32',
    ) -> tuple[Tensor, Tensor]:
        """Find the nearest videos of a gallery, by cosine similarity.

        The result is kept: the next call for as many or fewer does not search again.

        Args:
            gallery: The candidates.
            k: The number of neighbours; at most the size of the gallery.
            leave_out: A column; candidates that share a video's value in it are left out. Without
                one, the video itself is.
            precision: See :func:`nearest_neighbours`; it does not change the result.

        Returns:
            Similarities and indices, ``[N, min(k, G)]`` each; see :func:`nearest_neighbours`.
        """
        k = min(k, len(gallery))
        searched, similarities, indices = self._found.get(leave_out, (None, None, None))
        if searched is not gallery or similarities.shape[1] < k:
            values = self.left_out(gallery, leave_out)
            own, others = as_ids(*values) if values else (None, None)
            similarities, indices = nearest_neighbours(
                self.features, gallery.features, k, own, others, precision
            )
            self._found[leave_out] = (gallery, similarities, indices)
        return similarities[:, :k], indices[:, :k]


def as_ids(*columns: list) -> list[Tensor]:
    """Number the distinct values of several columns together.

    Args:
        columns: Lists of hashable values.

    Returns:
        For each column int64 ids, ``[len(column)]``; equal values have equal ids.
    """
    ids: dict = {}
    return [torch.tensor([ids.setdefault(value, len(ids)) for value in col]) for col in columns]


def like_columns(queries: FeatureSet, gallery: FeatureSet) -> tuple[FeatureSet, FeatureSet]:
    """Return both sets, with texts in both for a column that is integers in one list alone.

    Lists spell integers as they print, so that ``10`` of one is the ``'10'`` of the other, beside
    which it has ``'09'``.
    """
    texts = [
        {name for own in videos.attributes for name, value in own.items() if isinstance(value, str)}
        for videos in (queries, gallery)
    ]
    common = queries.attributes[0].keys() & gallery.attributes[0].keys()
    mixed = (texts[0] ^ texts[1]) & common
    if not mixed:
        return queries, gallery
    alike = []
    for videos in (queries, gallery):
        attributes = [
            {name: str(value) if name in mixed else value for name, value in own.items()}
            for own in videos.attributes
        ]
        alike.append(replace(videos, attributes=attributes))
    return alike[0], alike[1]


def same_videos(queries: FeatureSet, gallery: FeatureSet) -> FeatureSet:
    """Return the gallery, or the queries if these are the same videos, read by the same pipeline.

    Metrics tell by this that the queries are their own gallery.
    """
    same = queries.attributes == gallery.attributes and torch.equal(
        queries.features, gallery.features
    )
    return queries if same else gallery
