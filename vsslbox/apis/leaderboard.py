"""The leaderboard: several protocols on the features of many checkpoints."""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsslbox.apis.evaluated_entries import EvaluatedEntries
from vsslbox.apis.kept_evaluations import evaluated_of
from vsslbox.apis.leaderboard_entries import Entry
from vsslbox.apis.leaderboard_results import read_results, write_results
from vsslbox.apis.report_card import report_card_config
from vsslbox.errors import InputError
from vsslbox.evaluation import Standings, compare_methods
from vsslbox.preparation.text_files import write_text
from vsslbox.version import __version__
from vsslbox.visualization import Method, choose_columns, leaderboard_markdown, write_leaderboard

__all__ = ['make_leaderboard']

PACKAGES = ('torch', 'mmengine', 'numpy', 'scipy', 'scikit-learn')


def make_leaderboard(
    entries: Sequence[Entry],
    make_config: Callable[[str], Config] | None,
    work_dir: str | Path,
    protocols: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    group: str | None = None,
    random_seeds: int = 3,
    settings: Mapping[str, object] | None = None,
    columns: Sequence[str] = (),
    others: Sequence[str | Path] = (),
) -> list[str]:
    """Evaluate all entries by the same protocols, and write the tables and the page.

    The work directory gets ``leaderboard.json``, ``leaderboard.md``, ``leaderboard.html`` and
    ``results.json``, for other leaderboards. What the same command does not compute again is in
    ``checkpoint``, ``references`` and ``evaluations``. Random initialisations of each architecture,
    and the colour and motion features of its views, are entries too. An entry that fails stays in
    the tables, with the reason.

    Args:
        entries: The entries.
        make_config: Returns the config that evaluates a checkpoint, for each on the same videos.
            None if there are no entries.
        work_dir: The work directory.
        protocols: As for :func:`make_report_card`.
        labels: Likewise.
        group: Likewise.
        random_seeds: The number of random initialisations of an architecture; 0 for no entries to
            compare with.
        settings: As for :func:`make_report_card`.
        columns: Patterns of the figures in the table, such as ``knn/*/top1``; the first figure of
            each protocol and label if empty.
        others: Files ``results.json`` of other leaderboards, whose entries join this one.

    Returns:
        The names of the entries that failed.

    Raises:
        InputError: No entry could be evaluated, no figure fits one of ``columns``, or the videos
            or protocols of another leaderboard differ.
    """
    work_dir = Path(work_dir)

    def card_config(checkpoint: str) -> Config:
        assert make_config is not None  # there are entries
        config, _ = report_card_config(make_config(checkpoint), protocols, labels, group, settings)
        config.work_dir = str(work_dir)
        seed = (config.get('randomness') or {}).get('seed') or 0
        config.randomness = {**(config.get('randomness') or {}), 'seed': seed}
        return config

    results = {str(path): read_results(path) for path in others}  # before the long work
    evaluated = EvaluatedEntries(card_config, work_dir / 'evaluations')
    for number, entry in enumerate(entries, start=1):
        print(f'\n=== {entry.name} ({number} of {len(entries)})', flush=True)
        evaluated.evaluate(entry)
    if random_seeds and evaluated.successful:
        config = evaluated.successful[0].config
        assert config is not None  # as of all that were successful
        first = config.randomness['seed']
        evaluated.evaluate_references(list(range(first, first + random_seeds)))
    for path, found in results.items():
        evaluated.join(found, path)
    if not evaluated.successful:
        reasons = '\n'.join(f'{own.name}: {own.failed}' for own in evaluated.entries)
        raise InputError(f'no entry could be evaluated\n{reasons}')
    _write(work_dir, evaluated, columns)
    return [own.name for own in evaluated.entries if own.failed]


def _write(work_dir: Path, evaluated: EvaluatedEntries, columns: Sequence[str]) -> None:
    """Compare the entries, print the table, and write all files."""
    group = evaluated.card['group']
    standings = compare_methods(
        {own.name: list(map(evaluated_of, own.taps)) for own in evaluated.successful},
        evaluated.data['chances'],
        evaluated.data['groups'],
        evaluated.data['neutral'],
    )
    shown = choose_columns(standings, columns)
    contents = _contents(evaluated, standings, shown)
    text = json.dumps(contents, indent=2, allow_nan=False)
    write_text(work_dir / 'leaderboard.json', [text])
    _write_results(work_dir / 'results.json', evaluated, contents['versions'])
    methods = [Method(own.name, own.kind, len(own.runs), own.failed) for own in evaluated.entries]
    setting = evaluated.data['setting']
    table = leaderboard_markdown(methods, shown, setting, group)
    write_text(work_dir / 'leaderboard.md', table.splitlines())
    write_leaderboard(
        work_dir / 'leaderboard.html',
        methods=methods,
        columns=shown,
        standings=standings,
        setting=setting,
        group=group,
        details={name: value for name, value in contents.items() if name != 'figures'},
    )
    print(f'\n{table}')
    for ending in ('json', 'md', 'html'):
        print(f'leaderboard: {work_dir / "leaderboard"}.{ending}')
    print(f'for --join: {work_dir / "results.json"}')


def _contents(
    evaluated: EvaluatedEntries,
    standings: Sequence[Standings],
    shown: Sequence[Standings],
) -> dict[str, Any]:
    """Return the content of the JSON file, the same for a command that was killed and resumed."""
    return dict(
        queries=evaluated.data['queries'],
        gallery=evaluated.data['gallery'],
        setting=evaluated.data['setting'],
        **evaluated.card,
        versions=dict(
            vsslbox=__version__,
            python=platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        ),
        entries=[
            dict(
                name=own.name,
                kind=own.kind,
                failed=own.failed or None,
                runs=[
                    dict(run, **{name: tap[name] for name in ('values', 'not_possible', 'notes')})
                    for run, tap in zip(own.runs, own.taps)
                ],
            )
            for own in evaluated.entries
        ],
        columns=[own.name for own in shown],
        figures=[asdict(own) for own in standings],
    )


def _write_results(path: Path, evaluated: EvaluatedEntries, versions: Mapping[str, str]) -> None:
    """Write what joins these entries with another leaderboard."""
    fields = ('name', 'kind', 'network', 'runs', 'taps')
    entries = [{name: getattr(own, name) for name in fields} for own in evaluated.successful]
    write_results(
        path, dict(data=evaluated.data, **evaluated.card, versions=versions, entries=entries)
    )
