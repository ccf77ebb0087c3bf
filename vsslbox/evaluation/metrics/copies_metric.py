"""Detection of edited copies."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vsslbox.datasets.copy_edits import COPY_EDITS
from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import CopyRanking, unit_rows
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['CopiesMetric']

PRECISION = 0.9
ALL = 'all'


@METRICS.register_module()
class CopiesMetric(FeatureMetric):
    """How well edited queries are traced to the videos that they are copies of.

    Half of the queries, chosen by the seed, are copies: their unedited videos are references. The
    others are distractors, whose videos are not. The videos of the gallery that are no queries are
    further references. A pair of a query and a reference scores by cosine similarity. For each
    edit, and for all edits of all queries in one list as ``all``:

    * ``copies/EDIT/top1``: the share of copies whose nearest reference is their video;
    * ``copies/EDIT/micro_ap``: the micro average precision over all pairs;
    * ``copies/EDIT/recall_at_p90``: the share of copies that are found at a precision of 90 %.

    The latter two depend on all queries together, so they have no outcomes; :meth:`notes` has the
    interval of the micro average precision.

    Source: the descriptor track of VSC2022 (Pizzi et al., "The 2023 Video Similarity Dataset and
    Challenge", 2023), where a video has several descriptors, and longer videos copies of parts.

    Args:
        edits: The edits, of :class:`EditVideo`.
        distractors: The share of queries that are no copies.
        leave_out: A column, such as one that names the scene: a reference of the query's group that
            is not its video is not compared with it.
        seed: The seed of the edits and of the choice.

    Raises:
        InputError: An argument is wrong.
    """

    protocol = 'copies'
    by_label = False
    only_by_name = True

    def __init__(
        self,
        edits: Sequence[str] = COPY_EDITS,
        distractors: float = 0.5,
        leave_out: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(labels=(), leave_out=leave_out)
        unknown = [edit for edit in edits if edit not in COPY_EDITS]
        if isinstance(edits, str) or not edits or unknown:
            raise InputError(
                f'edits of CopiesMetric must be a list of some of {", ".join(COPY_EDITS)}, got '
                f'{edits!r}'
            )
        if not 0 <= distractors < 1:
            raise InputError(f'distractors of CopiesMetric must be in [0, 1), got {distractors}')
        self.edits = list(dict.fromkeys(edits))
        self.distractors = distractors
        self.seed = seed
        self._measured: dict[str, float] = {}
        self._notes: dict[str, str] = {}

    def treatments(self) -> dict[str, list[dict]]:
        """Return the edits."""
        return {
            _treatment(edit): [dict(type='EditVideo', edit=edit, seed=self.seed)]
            for edit in self.edits
        }

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute all values, in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return whether each copy is nearest to its video, NaN for distractors."""
        pairs = self._scores(queries, gallery)
        self._measure(pairs)
        found = {}
        for edit, (scores, sources) in pairs.items():
            right = scores.argmax(axis=1) == sources
            rights = np.where(sources >= 0, right, np.nan)
            found[f'copies/{edit}/top1'] = torch.from_numpy(rights)
        everything = torch.stack(list(found.values())).mean(dim=0)
        return found | {f'copies/{ALL}/top1': everything}

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute the shares of the outcomes, and add what was measured with them."""
        return super().summarize(outcomes) | self._measured

    def _measure(self, pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Compute the micro average precision and the recall at a precision of 90 %."""
        rankings = {edit: CopyRanking(*own) for edit, own in pairs.items()}
        scores, sources = map(np.concatenate, zip(*pairs.values(), strict=True))
        videos = np.arange(len(scores)) % (len(scores) // len(pairs))
        rankings[ALL] = CopyRanking(scores, sources, videos)
        self._measured, self._notes = {}, {}
        for edit, ranking in rankings.items():
            name = f'copies/{edit}/micro_ap'
            self._measured[name] = 100 * ranking.average_precision()
            self._measured[f'copies/{edit}/recall_at_p90'] = 100 * ranking.recall_at(PRECISION)
            low, high = (100 * end for end in ranking.interval())
            self._notes[name] = f'95 % interval over queries {low:.1f} to {high:.1f}'

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return top1 of a random reference."""
        references = len(self._copies(queries)) + len(self._others(queries, gallery))
        return {f'copies/{edit}/top1': 100 / references for edit in (*self.edits, ALL)}

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why there are no copies to find; empty if there are."""
        if len(self._copies(queries)) < 2:
            return f'{len(queries)} queries are too few for two copies'
        if missing := [edit for edit in self.edits if _treatment(edit) not in queries.treated]:
            return f'there are no features of the queries under the edit {missing[0]!r}'
        return ''

    def notes(self) -> dict[str, str]:
        """Return the intervals of the micro average precision."""
        return self._notes

    def _copies(self, queries: FeatureSet) -> np.ndarray:
        """Return the numbers of the queries that are copies."""
        order = np.random.default_rng(self.seed).permutation(len(queries))
        return np.sort(order[round(self.distractors * len(queries)) :])

    def _others(self, queries: FeatureSet, gallery: FeatureSet) -> list[int]:
        """Return the numbers of the videos of the gallery that are no queries."""
        if gallery is queries:
            return []
        if not queries.shared_with(gallery):
            return list(range(len(gallery)))
        own = set(queries.files or ())
        return [number for number, file in enumerate(gallery.files or ()) if file not in own]

    def _scores(
        self, queries: FeatureSet, gallery: FeatureSet
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return the scores of all pairs, ``[Q, R]``, and the sources, ``[Q]``, of each edit."""
        copies, others = self._copies(queries), self._others(queries, gallery)
        rows = torch.cat([queries.features[copies], gallery.features[others]])
        references = unit_rows(rows)
        sources = np.full(len(queries), -1)
        sources[copies] = np.arange(len(copies))
        hidden = np.zeros((len(queries), len(references)), bool)
        if self.leave_out is not None:
            own, known = as_ids(*(x.column(self.leave_out) for x in (queries, gallery)))
            groups = torch.cat([own[copies], known[others]])
            hidden = (own[:, None] == groups).numpy()
            hidden[copies, sources[copies]] = False
        found = {}
        for edit in self.edits:
            treated = unit_rows(queries.under(_treatment(edit)).features)
            scores = (treated @ references.T).numpy()
            found[edit] = np.where(hidden, -np.inf, scores), sources
        return found


def _treatment(edit: str) -> str:
    return f'copy_{edit}'
