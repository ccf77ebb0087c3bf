"""The evaluations of the entries of a leaderboard, and of what they are compared with."""

import hashlib
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

CARD = ('labels', 'group', 'protocols')
TRIVIAL = ('colour', 'motion')  # kinds of features without a network
DATA = ('queries', 'gallery', 'setting', 'groups')  # what all entries must have in common


@dataclass
class EvaluatedEntry:
    """What is known of an entry.

    Attributes:
        name: Its name.
        kind: ``'checkpoint'``, ``'random'``, ``'colour'`` or ``'motion'``.
        config: The config that evaluates its first run; None if that could not be made, for what
            checkpoints are compared with, and for entries of another leaderboard.
        network: A hash of the architecture, if there is one, and of the clips that it sees.
        runs: The origin of each run: its checkpoint and hashes, or its seed.
        taps: The features' evaluation of each run, as in :func:`kept_evaluation`.
        failed: Why it could not be evaluated; '' if it could.
    """

    name: str
    kind: str
    config: Config | None = None
    network: str = ''
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
        card: The ``labels``, ``group`` and ``protocols``, the same for all entries.
    """

    def __init__(self, make_config: Callable[[str], Config], folder: Path) -> None:
        self.make_config = make_config
        self.folder = folder
        self.entries: list[EvaluatedEntry] = []
        self.data: dict[str, Any] = {}
        self.card: dict[str, Any] = {}

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
            if own.config is not None:
                first_of.setdefault(_architecture(own.config), own)
        unseen = {_views(own.config) for own in first_of.values()}
        single = len(unseen) == 1
        for own in first_of.values():
            print(f'\n=== references of {own.name}', flush=True)
            trivial = []
            if _views(own.config) in unseen:
                unseen.remove(_views(own.config))
                of = '' if single else f' of the views of {own.name}'
                trivial = [EvaluatedEntry(f'{kind}{of}', kind) for kind in TRIVIAL]
            random = EvaluatedEntry(f'random initialisation of {own.name}', 'random')
            self._attempt(random, self._evaluate_reference, trivial, own.config, seeds)

    def join(self, results: Mapping[str, Any], path: str | Path) -> None:
        """Take the entries of another leaderboard of the same videos and protocols.

        Runs of a name that is there already are added to it, those of the same weights or seed
        only once.

        Args:
            results: The content of ``path``, see :func:`read_results`.
            path: The file of the other leaderboard.

        Raises:
            InputError: It has other videos or protocols, or a name stands for another network.
        """
        data, card = results['data'], {name: results[name] for name in CARD}
        self.data, self.card = self.data or data, self.card or card
        for name, own in (self.data | self.card).items():
            if (data | card)[name] != own:
                raise InputError(
                    f'{path} has other {name} than this leaderboard: only what was measured on the '
                    'same videos, by the same protocols with the same settings, can be compared'
                )
        known = {own.name: own for own in self.entries}
        for entry in results['entries']:
            other = EvaluatedEntry(**entry)
            if other.kind in TRIVIAL and _differ(other, known.get(other.name)):
                other.name += f' of the views of {results["entries"][0]["name"]}'
            if other.name not in known:
                self.entries.append(other)
            else:
                _add_runs(known[other.name], other, path)

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
            own.network = _network(config)
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
        random.network = _network(config)
        found = self._kept(reference_loop(config, seeds), reference_cards)
        for number, seed in enumerate(seeds):
            random.runs.append(dict(seed=seed))
            random.taps.append(found['taps'][f'random{number}'])
        for own in trivial:
            own.network = _hash(pipeline=_pipeline(config))
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
        self.card = self.card or _card(loop.runner.cfg.test_evaluator)
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


def _card(evaluator: Config) -> dict[str, Any]:
    """Return the settings of a report card as JSON holds them."""
    card = dict(evaluator.to_dict(), group=evaluator['leave_out'])
    return json.loads(json.dumps({name: card[name] for name in CARD}, default=str))


def _add_runs(own: EvaluatedEntry, other: EvaluatedEntry, path: str | Path) -> None:
    """Add the runs of an entry of another leaderboard to those of the same name.

    Raises:
        InputError: They are of other networks.
    """
    if own.failed:
        raise InputError(f'{own.name} failed here, and {path} has it: leave one of them out')
    if _differ(own, other):
        raise InputError(
            f'{own.name} is another network in {path}, or sees other clips: give it another name'
        )
    known = {_identity(run) for run in own.runs}
    for run, tap in zip(other.runs, other.taps, strict=True):
        if _identity(run) not in known:
            own.runs.append(run)
            own.taps.append(tap)


def _differ(own: EvaluatedEntry, other: EvaluatedEntry | None) -> bool:
    return other is not None and (own.kind, own.network) != (other.kind, other.network)


def _identity(run: Mapping[str, Any]) -> tuple:
    """Return what tells a run from others of its name."""
    return run.get('weights_sha256'), run.get('seed')


def _network(config: Config) -> str:
    """Return a hash of the architecture and of what it sees, on any machine."""
    return _hash(model=config.model, pipeline=_pipeline(config))


def _pipeline(config: Config) -> dict | list:
    return config.test_dataloader['dataset']['pipeline']


def _hash(**parts: Any) -> str:
    return hashlib.sha256(_text(**parts).encode()).hexdigest()


def _architecture(config: Config) -> str:
    """Return everything that random initialisations depend on."""
    return _text(model=config.model) + _views(config)


def _views(config: Config) -> str:
    """Return everything that the views of all videos depend on."""
    return _text(queries=config.test_dataloader, gallery=config.test_cfg.get('gallery_dataloader'))


def _text(**parts: Any) -> str:
    return json.dumps(parts, default=str, sort_keys=True)
