"""The evaluations of the entries of a leaderboard, and of what they are compared with."""

import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsslbox.apis.card_loops import checkpoint_loop, reference_cards, reference_loop
from vsslbox.apis.command_line import USER_ERRORS
from vsslbox.apis.kept_evaluations import kept_evaluation
from vsslbox.apis.leaderboard_entries import Entry
from vsslbox.compat import without_traceback
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.errors import InputError
from vsslbox.evaluation.metrics import ReportCardMetric

__all__ = ['EvaluatedEntries', 'EvaluatedEntry']

DATA = ('queries', 'gallery', 'setting', 'groups')  # what all entries must have in common


@dataclass
class EvaluatedEntry:
    """What is known of an entry.

    Attributes:
        name: Its name.
        kind: ``'checkpoint'``, ``'random'``, ``'colour'`` or ``'motion'``.
        config: The config that evaluates its first run; None if that could not be made, or for what
            checkpoints are compared with.
        runs: The origin of each run: its checkpoint and hashes, or its seed.
        taps: The features' evaluation of each run, as in :func:`kept_evaluation`.
        failed: Why it could not be evaluated; '' if it could.
    """

    name: str
    kind: str
    config: Config | None = None
    runs: list[dict[str, Any]] = field(default_factory=list)
    taps: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ''


class EvaluatedEntries:
    """Evaluates entries one after the other; one that fails does not stop the others.

    Args:
        make_config: Returns the config of the report card of a checkpoint.
        folder: The folder of the kept evaluations.

    Attributes:
        entries: The entries.
        data: What :func:`kept_evaluation` tells of the videos, the same for all entries.
    """

    def __init__(self, make_config: Callable[[str], Config], folder: Path) -> None:
        self.make_config = make_config
        self.folder = folder
        self.entries: list[EvaluatedEntry] = []
        self.data: dict[str, Any] = {}

    @property
    def successful(self) -> list[EvaluatedEntry]:
        """The entries that could be evaluated."""
        return [own for own in self.entries if not own.failed]

    def evaluate(self, entry: Entry) -> None:
        """Evaluate all runs of an entry."""
        own = EvaluatedEntry(entry.name, 'checkpoint')
        self._attempt(own, self._evaluate_runs, entry.checkpoints)

    def evaluate_references(self, seeds: list[int]) -> None:
        """Evaluate random initialisations of each architecture, and trivial features of its views.

        They are named after the first entry that they belong to. Colour and motion depend on the
        views alone: architectures with the same views share them.

        Args:
            seeds: The seeds of the initialisations.
        """
        first_of: dict[str, EvaluatedEntry] = {}
        for own in self.successful:
            first_of.setdefault(_architecture(own.config), own)
        unseen = {_views(own.config) for own in first_of.values()}
        single = len(unseen) == 1
        for own in first_of.values():
            print(f'\n=== references of {own.name}', flush=True)
            trivial = []
            if _views(own.config) in unseen:
                unseen.remove(_views(own.config))
                of = '' if single else f' of the views of {own.name}'
                trivial = [EvaluatedEntry(f'{kind}{of}', kind) for kind in ('colour', 'motion')]
            random = EvaluatedEntry(f'random initialisation of {own.name}', 'random')
            self._attempt(random, self._evaluate_reference, trivial, own.config, seeds)

    def _attempt(self, own: EvaluatedEntry, evaluate: Callable, *arguments: Any) -> None:
        """Evaluate an entry; an error is its result."""
        self.entries.append(own)
        try:
            evaluate(own, *arguments)
        except USER_ERRORS as error:
            own.failed = without_traceback(str(error)) or type(error).__name__
        except Exception as error:  # told in the table: one entry must not cost all others
            traceback.print_exc()
            own.failed = f'{type(error).__name__}: {error}'
        if own.failed:
            print(f'{own.name} failed: {own.failed}', file=sys.stderr, flush=True)

    def _evaluate_runs(self, own: EvaluatedEntry, checkpoints: Sequence[str]) -> None:
        known: dict[str, str] = {}
        for checkpoint in checkpoints:
            config = self.make_config(checkpoint)
            own.config = own.config or config
            if _architecture(config) != _architecture(own.config):
                raise InputError(
                    f'{checkpoints[0]} and {checkpoint} differ in the backbone or in what it sees, '
                    'so that they are not runs of one method: give them two names'
                )
            loop = checkpoint_loop(config, checkpoint)
            found = self._kept(loop, lambda loop: dict(features=_test(loop)))
            same = known.setdefault(found['weights_sha256'], checkpoint)
            if same != checkpoint:
                raise InputError(f'{same} and {checkpoint} have the same weights: leave one out')
            hashes = {name: found[name] for name in ('checkpoint_sha256', 'weights_sha256')}
            own.runs.append(dict(checkpoint=checkpoint, **hashes))
            own.taps.append(found['taps']['features'])

    def _evaluate_reference(
        self,
        random: EvaluatedEntry,
        trivial: Sequence[EvaluatedEntry],
        config: Config,
        seeds: list[int],
    ) -> None:
        found = self._kept(reference_loop(config, seeds), reference_cards)
        for number, seed in enumerate(seeds):
            random.runs.append(dict(seed=seed))
            random.taps.append(found['taps'][f'random{number}'])
        for own in trivial:
            own.runs.append({})
            own.taps.append(found['taps'][own.kind])
            self.entries.append(own)

    def _kept(
        self,
        loop: GalleryTestLoop,
        evaluate: Callable[[GalleryTestLoop], Mapping[str, ReportCardMetric]],
    ) -> dict[str, Any]:
        """Return an evaluation, which must be on the same videos as all before.

        Raises:
            InputError: It is not.
        """
        found = kept_evaluation(loop, self.folder, evaluate)
        data = {name: found[name] for name in DATA}
        self.data = self.data or data | {name: found[name] for name in ('chances', 'neutral')}
        if other := [name for name in DATA if data[name] != self.data[name]]:
            raise InputError(
                f'the {other[0]} are others than those of {self.entries[0].name}: did the list '
                'change meanwhile? Then run the command again'
            )
        return found


def _test(loop: GalleryTestLoop) -> ReportCardMetric:
    """Evaluate a checkpoint.

    Raises:
        InputError: No protocol is possible.
    """
    if not loop.runner.test():
        raise InputError(f'no protocol is possible: {loop.metrics[0].impossible}')
    return loop.metrics[0]


def _architecture(config: Config) -> str:
    """Return everything that random initialisations depend on."""
    return _text(model=config.model) + _views(config)


def _views(config: Config) -> str:
    """Return everything that the views of all videos depend on."""
    return _text(queries=config.test_dataloader, gallery=config.test_cfg.get('gallery_dataloader'))


def _text(**parts: Any) -> str:
    return json.dumps(parts, default=str, sort_keys=True)
