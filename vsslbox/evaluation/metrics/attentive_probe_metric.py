"""Classification of tokens by an attentive probe."""

import copy
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import torch
from mmengine.device import get_device
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.features.token_set import TokenSet
from vsslbox.evaluation.functional.attentive_probes import (
    ProbeSetting,
    predict_with_probes,
    train_probes,
)
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead
from vsslbox.preparation.folds import choosing_folds
from vsslbox.registry import METRICS

__all__ = ['AttentiveProbeMetric']

# Bytes of the weights, gradients and moments of the heads that are trained in one pass.
MOST_WEIGHTS = 2**33
FOLDS = 5  # of which one chooses
CHOICES = ('gallery', 'queries')


@METRICS.register_module()
class AttentiveProbeMetric(ClassifierMetric):
    """The accuracy of a classifier that attends to the tokens of a frozen backbone.

    A head is trained for every learning rate and every weight decay, all of them from the same
    start and in the same order of videos. A fifth of the gallery's videos is left out of this
    training and chooses the best head; of equal ones the first. Then that setting is trained on the
    whole gallery, and its head classifies the queries. A single setting needs no choice.

    Source: Assran et al., "V-JEPA 2", 2025, whose authors' code differs in what chooses: it reports
    the best head on the evaluated videos, which is ``choose_on='queries'`` here.

    Args:
        labels: See :class:`FeatureMetric`.
        leave_out: A column, such as one that names the scene: videos of the gallery that share a
            value are on the same side of the choice.
        lr: Learning rates.
        weight_decay: Weight decays. The defaults are the 20 heads of V-JEPA 2.
        depth: The number of blocks of a head: 4 in V-JEPA 2; 1, the cross-attention alone, in
            V-JEPA.
        num_heads: The heads of the attention.
        epochs: How often each video of the gallery is seen.
        batch_size: The number of videos in a step.
        seed: The seed of weights, order and division.
        choose_on: What chooses the head: ``'gallery'``, a fifth of it; or ``'queries'``, the
            labels of the queries themselves, so that the accuracy is too high. Then its name is
            ``attentive/LABEL/best_of_N_on_queries``, for comparisons with published numbers.

    Raises:
        InputError: A value is not possible.
    """

    protocol = 'attentive'
    needs_gallery = True
    needs_tokens = True
    divides_gallery = True
    only_by_name = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        leave_out: str | None = None,
        lr: Sequence[float] = (5e-3, 3e-3, 1e-3, 3e-4, 1e-4),
        weight_decay: Sequence[float] = (0.01, 0.1, 0.4, 0.8),
        depth: int = 4,
        num_heads: int = 16,
        epochs: int = 20,
        batch_size: int = 256,
        seed: int = 0,
        choose_on: str = 'gallery',
    ) -> None:
        super().__init__(labels, leave_out)
        self.grid = [ProbeSetting(*setting) for setting in product(lr, weight_decay)]
        if not self.grid or min(lr) <= 0 or min(weight_decay) < 0:
            raise InputError(
                'lr and weight_decay of AttentiveProbeMetric must be lists of positive numbers, '
                f'such as [1e-3] and [0.01], got {lr!r} and {weight_decay!r}'
            )
        if min(depth, num_heads, epochs, batch_size) < 1:
            raise InputError(
                'depth, num_heads, epochs and batch_size of AttentiveProbeMetric must be positive, '
                f'got {depth}, {num_heads}, {epochs} and {batch_size}'
            )
        if choose_on not in CHOICES:
            raise InputError(
                f'choose_on of AttentiveProbeMetric must be one of {CHOICES}, got {choose_on!r}'
            )
        self.depth = depth
        self.num_heads = num_heads
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.choose_on = choose_on
        self._chosen: dict[str, list[_Choice]] = {label: [] for label in self.labels}
        if choose_on == 'queries' and len(self.grid) > 1:
            self.value = f'best_of_{len(self.grid)}_on_queries'

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why the probe cannot be trained; empty if it can."""
        if queries.tokens is None or gallery.tokens is None:
            return 'there are no tokens to attend to, but features alone'
        if gallery.tokens.width % self.num_heads:
            return (
                f'tokens of {gallery.tokens.width} numbers cannot be split among {self.num_heads} '
                'heads: set `num_heads` to a divisor'
            )
        for label in self.labels:
            if len(set(gallery.column(label))) < 2:
                return f'an attentive probe needs at least two classes of {label!r}'
            if len(self.grid) > 1 and self.choose_on == 'gallery':
                try:
                    self._division(gallery, label)
                except InputError as error:
                    return str(error)
        return ''

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that the chosen head predicts; None if it diverged."""
        if reason := self.obstacle(queries, gallery):
            raise InputError(f'AttentiveProbeMetric: {reason}')
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        (ids,) = as_ids(gallery.column(label))
        assert gallery.tokens is not None and queries.tokens is not None  # no obstacle
        everything = _Labelled(gallery.tokens, ids, len(classes))
        if len(self.grid) > 1 and self.choose_on == 'queries':
            _, own = as_ids(gallery.column(label), queries.column(label))
            found = self._classify(self.grid, everything, queries.tokens)
            (predicted,) = found[self._choose(found, own, label)]
        else:
            setting = self.grid
            if len(self.grid) > 1:
                train, val = (everything.rows(rows) for rows in self._division(gallery, label))
                found = self._classify(self.grid, train, val.tokens)
                setting = self.grid[self._choose(found, val.ids, label)]
            (predicted,) = self._classify(setting, everything, queries.tokens)
        return [None if number < 0 else classes[number] for number in predicted.tolist()]

    def notes(self) -> dict[str, str]:
        """Return which head won, by ``attentive/LABEL``; of several divisions, most often."""
        told = {}
        for label, chosen in self._chosen.items():
            if not chosen:
                continue
            (setting, times), *_ = Counter(choice.setting for choice in chosen).most_common(1)
            text = (
                f'of {len(self.grid)} heads, lr {setting.lr:g} and weight decay '
                f'{setting.weight_decay:g} won'
            )
            if len(chosen) > 1:
                text += f' in {times} of {len(chosen)} divisions'
            else:
                text += f' with {chosen[0].accuracy:.1f} % of {chosen[0].videos} videos'
            where = 'of the gallery' if self.choose_on == 'gallery' else 'that are evaluated'
            told[f'attentive/{label}'] = f'{text} {where}'
        return told

    def _choose(self, found: Tensor, ids: Tensor, label: str) -> slice:
        """Return the place of the best head in the grid, by the classes it finds, ``[P, N]``."""
        rights = (found == ids).double().mean(dim=1)
        best = int(rights.argmax())
        self._chosen[label].append(_Choice(self.grid[best], 100 * rights[best].item(), len(ids)))
        return slice(best, best + 1)

    def _division(self, gallery: FeatureSet, label: str) -> tuple[list[int], list[int]]:
        """Return the numbers of the videos that train and of those that choose.

        Classes of too few videos or groups train alone.

        Raises:
            InputError: That is all of them.
        """
        groups = gallery.column(self.leave_out) if self.leave_out else gallery.numbers()
        folds = choosing_folds(gallery.column(label), groups, FOLDS, self.seed)
        if not folds:
            raise InputError(
                f'no class of {label!r} has two videos or groups in the gallery, one of them to '
                'choose the best head by: give a single `lr` and `weight_decay`'
            )
        return folds[0].train, folds[0].test

    def _classify(
        self, settings: list[ProbeSetting], train: '_Labelled', tokens: TokenSet
    ) -> Tensor:
        """Train a head for each setting, and return the classes they find, ``[P, N]``."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            start = AttentiveProbeHead(
                tokens.width, train.num_classes, depth=self.depth, num_heads=self.num_heads
            ).to(get_device())
        size = sum(parameter.numel() for parameter in start.parameters())
        together = max(1, MOST_WEIGHTS // (16 * size))
        found = []
        for first in range(0, len(settings), together):
            own = settings[first : first + together]
            heads = [copy.deepcopy(start) for _ in own]
            train_probes(
                heads, own, train.tokens.read, train.ids, self.epochs, self.batch_size, self.seed
            )
            found.append(predict_with_probes(heads, tokens.read, len(tokens), self.batch_size))
        return torch.cat(found)


class _Choice(NamedTuple):
    """The head that won, its accuracy in percent, and the number of videos that chose it."""

    setting: ProbeSetting
    accuracy: float
    videos: int


class _Labelled(NamedTuple):
    """The tokens of some videos, the ids of their classes, and the number of classes of all."""

    tokens: TokenSet
    ids: Tensor
    num_classes: int

    def rows(self, numbers: list[int]) -> '_Labelled':
        return _Labelled(self.tokens.rows(numbers), self.ids[numbers], self.num_classes)
