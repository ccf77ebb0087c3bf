"""The report card: several protocols on the features of one checkpoint."""

import copy
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.registry import Registry

from vsslbox.apis.card_loops import (
    checkpoint_loop,
    describe_setting,
    reference_cards,
    reference_loop,
)
from vsslbox.apis.card_pictures import CardPictures
from vsslbox.apis.near_duplicates import Duplicates, duplicates_of_queries
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.errors import InputError
from vsslbox.evaluation import Evaluated, Figure, compare_figures
from vsslbox.evaluation.metrics import (
    KNNMetric,
    ReportCardMetric,
    check_labels,
    registered_protocols,
)
from vsslbox.registry import LOOPS, METRICS
from vsslbox.utils import escaped
from vsslbox.visualization import (
    PaperNumbers,
    Section,
    confusion_matrix,
    confusion_plot,
    figures_text,
    findings,
    write_report,
)

__all__ = ['make_report_card', 'report_card_config']

PAPER = ('source', 'queries', 'gallery', 'metrics')

# Settings of protocols that a config does not give.
CARD_SETTINGS: dict[str, dict[str, Any]] = dict(
    retrieval=dict(topk=None),
    attentive=dict(lr=(3e-3, 1e-3, 3e-4), weight_decay=(0.01, 0.4), depth=1, batch_size=32),
)


def make_report_card(
    config: Config,
    checkpoint: str,
    protocols: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    group: str | None = None,
    random_seeds: int = 3,
    search_duplicates: bool = True,
    settings: Mapping[str, object] | None = None,
) -> None:
    """Evaluate a checkpoint by several protocols, print the table and write the report.

    The work directory gets ``report.json``, ``report.html`` and a folder for the checkpoint and one
    for the features that it is compared with: random initialisations, colour and motion.

    Args:
        config: A config whose ``test_cfg`` is a :class:`GalleryTestLoop`.
        checkpoint: The checkpoint: a file, or ``zoo://NAME``.
        protocols: The names of the protocols; None for all that are registered.
        labels: The columns of the list to predict; None for those of the config's metrics.
        group: A column, such as one that names the scene or the subject. No query finds a video of
            its group, and intervals and tests are of groups.
        random_seeds: The number of random initialisations; 0 for no comparison.
        search_duplicates: Whether to search for near-duplicates on both sides, which decodes all
            videos once more.
        settings: Arguments of protocols, by ``PROTOCOL.ARGUMENT``, instead of those of the config.

    Raises:
        InputError: The config does not evaluate features or leaves something open, there is no such
            protocol, or the data allows none.
    """
    card_config, left_out = report_card_config(config, protocols, labels, group, settings)
    loop = _test(card_config, checkpoint, left_out)
    first = (card_config.get('randomness') or {}).get('seed') or 0
    seeds = list(range(first, first + random_seeds))
    references = reference_cards(reference_loop(card_config, seeds)) if seeds else {}
    if is_main_process():
        duplicates = _duplicates(loop) if search_duplicates else None
        _report(card_config, checkpoint, loop, references, seeds, duplicates)


def report_card_config(
    config: Config,
    protocols: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    group: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> tuple[Config, list[str]]:
    """Replace a config's metrics by the report card; for the arguments see make_report_card.

    A protocol takes the settings of the config's metric of that kind, if there is one. Without
    ``protocols`` those of the config come first, then all others that are registered. Retrieval
    without settings reports the ranks that the classes leave room for.

    Returns:
        The config, and the types of the config's metrics that are no protocol of the report card.

    Raises:
        InputError: As in :func:`make_report_card`.
    """
    _check_config(config)
    types = registered_protocols()
    unknown = [name for name in protocols or () if name not in types]
    if unknown:
        raise InputError(
            f'there is no protocol {unknown[0]!r}: choose from {", ".join(types)}, or name the '
            'package that registers it in `custom_imports` of the config'
        )
    configured, columns, left_out = _read_metrics(config, types)
    named = [name for name, type_ in types.items() if not METRICS.get(type_).only_by_name]
    chosen = list(protocols or dict.fromkeys([*configured, *named]))
    for key in settings or {}:
        if key.partition('.')[0] not in chosen or key.endswith('.') or '.' not in key:
            raise InputError(
                f'--settings {key}: it must be PROTOCOL.ARGUMENT of a protocol that is evaluated, '
                f'which are {", ".join(chosen)}'
            )
    own = {name: configured.get(name, CARD_SETTINGS.get(name, {})) for name in chosen}
    own = {name: {**given, **_of_protocol(name, settings or {})} for name, given in own.items()}
    config = copy.deepcopy(config)
    config.test_evaluator = dict(
        type='ReportCardMetric',
        protocols={name: {**own[name], 'type': types[name]} for name in chosen},
        labels=list(labels or columns),
        leave_out=group,
    )
    config.test_cfg.out = 'metrics.json'
    config.resume = False
    return config, left_out


def _of_protocol(name: str, settings: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of one protocol, by its arguments."""
    return {
        key.removeprefix(f'{name}.'): value
        for key, value in settings.items()
        if key.startswith(f'{name}.')
    }


def _check_config(config: Config) -> None:
    loop = _look_up(LOOPS, (config.get('test_cfg') or {}).get('type', ''))
    if loop is not GalleryTestLoop:
        raise InputError(
            f'{config.filename} does not evaluate features: give one whose test_cfg is a '
            'GalleryTestLoop, such as configs/vclr/benchmarks/retrieval_r50_ucf101.py'
        )
    missing = [key for key in PAPER if key not in (config.get('paper') or PAPER)]
    if missing:
        raise InputError(
            f'`paper` in {config.filename} needs {", ".join(PAPER)}; it lacks {missing}'
        )


def _read_metrics(
    config: Config, types: dict[str, str]
) -> tuple[dict[str, dict], list[str], list[str]]:
    """Return the config's metrics by protocol, the columns they predict, and all other metrics."""
    evaluator = config.get('test_evaluator') or []
    protocols = {METRICS.get(type_): name for name, type_ in types.items()}
    settings: dict[str, dict] = {}
    columns: dict[str, None] = {}
    left_out: set[str] = set()
    for metric in [evaluator] if isinstance(evaluator, dict) else evaluator:
        cls = _look_up(METRICS, metric['type'])
        kind = cls.__name__ if cls else metric['type']
        if getattr(cls, 'by_label', True):
            columns |= dict.fromkeys(check_labels(metric.get('labels', ['label']), kind))
        if cls not in protocols:
            left_out.add(kind)
        elif protocols[cls] in settings:
            raise InputError(
                f'test_evaluator in {config.filename} has two {kind}: the report card takes the '
                'settings of one, remove the other'
            )
        else:
            settings[protocols[cls]] = metric
    return settings, list(columns), sorted(left_out)


def _look_up(registry: Registry, type_: str | type) -> type | None:
    """Return the class that a ``type`` names, if there is one."""
    if not isinstance(type_, str):
        return type_
    with suppress(RuntimeError):  # of a name that no registry can hold
        return registry.get(type_)
    return None


def _test(config: Config, checkpoint: str, left_out: list[str]) -> GalleryTestLoop:
    """Test the checkpoint in a folder of its own, and return the finished loop.

    Raises:
        InputError: No protocol is possible.
    """
    loop = checkpoint_loop(config, checkpoint)
    values = loop.runner.test()
    card = loop.metrics[0]
    card.impossible |= dict.fromkeys(
        left_out, 'it is not a protocol of the report card; evaluate it with tools/test.py'
    )
    if is_main_process():
        for name, reason in card.impossible.items():
            print(f'{name}: not possible, {reason}')
    if not values:
        raise InputError('no protocol is possible: --labels names columns of the list to predict')
    return loop


def _duplicates(loop: GalleryTestLoop) -> Duplicates | None:
    """Return the near-duplicates of the queries, if the data set is of video files."""
    card = loop.metrics[0]
    if loop.dataloader.dataset.path_key != 'filename':
        return None
    return duplicates_of_queries(card.queries, card.gallery, card.leave_out)


def _report(
    config: Config,
    checkpoint: str,
    loop: GalleryTestLoop,
    references: dict[str, ReportCardMetric],
    seeds: list[int],
    duplicates: Duplicates | None,
) -> None:
    """Print what was found, and write both files."""
    record = json.loads(Path(loop.runner.work_dir, loop.out).read_text(encoding='utf-8'))
    card = loop.metrics[0]
    figures = _figures(card, references)
    paper = _paper_numbers(config, card)
    matrices = _confusions(card)
    told = findings(figures, card.labels)
    setting = describe_setting(card)

    print(f'\n{figures_text(figures, paper.metrics if paper else None)}')
    print('\n'.join(['', *told, setting]))
    if duplicates:
        print(f'\nwarning: {escaped(duplicates.text)}')

    contents = dict(
        config=config.filename,
        findings=told,
        setting=setting,
        random_seeds=seeds,
        figures=[asdict(figure) for figure in figures],
        runs=dict(
            checkpoint=record,
            **{name: dict(metrics=dict(own.evaluation.values)) for name, own in references.items()},
        ),
        near_duplicates=_names_of(duplicates, card),
        impossible=card.impossible,
        notes=card.notes(),
        paper=paper and dict(source=paper.source, metrics=dict(paper.metrics)),
        knn_confusion=matrices,
    )
    out = Path(config.work_dir)
    (out / 'report.json').write_text(json.dumps(contents, indent=2) + '\n', encoding='utf-8')
    shown = CardPictures(loop)
    write_report(
        out / 'report.html',
        title=f'{Path(checkpoint).name}: {", ".join(card.labels)}',
        findings=told,
        setting=setting,
        warnings=[shown.warning(duplicates)] if duplicates else [],
        figures=figures,
        paper=paper,
        retrievals=shown.retrievals(),
        mistakes=shown.mistakes(),
        sections=[
            Section(
                'Confusions',
                'How often kNN on the features takes each class (row) for another (column).',
                [confusion_plot(label, **matrix) for label, matrix in matrices.items()],
            ),
            Section(
                'Features',
                'The features of the queries in the plane, by t-SNE: neighbours stay neighbours, '
                'distances between clusters mean nothing.',
                shown.maps(references.get('random0')),
            ),
        ],
        details=dict(
            config=config.filename or 'that of the checkpoint',
            checkpoint={key: value for key, value in record.items() if key != 'metrics'},
            random_seeds=seeds,
            not_possible=card.impossible,
            notes=card.notes(),
        ),
    )
    print(f'\nreport: {out / "report.json"}\n        {out / "report.html"}')


def _figures(card: ReportCardMetric, references: dict[str, ReportCardMetric]) -> list[Figure]:
    """Return the figures of the checkpoint, compared with those of the references by kind."""
    others: dict[str, list[Evaluated]] = {}
    for tap, reference in references.items():
        others.setdefault(tap.rstrip('0123456789'), []).append(reference.evaluation)
    groups = card.leave_out and card.queries.column(card.leave_out)
    return compare_figures(
        card.evaluation, others, card.chances(), groups, neutral=card.neutral_values()
    )


def _names_of(duplicates: Duplicates | None, card: ReportCardMetric) -> list[dict]:
    return [
        dict(
            query=card.queries.attributes[query]['name'],
            gallery=card.gallery.attributes[found]['name'],
            score=score,
        )
        for query, found, score in (duplicates.pairs if duplicates else ())
    ]


def _paper_numbers(config: Config, card: ReportCardMetric) -> PaperNumbers | None:
    """Return the numbers of the config's `paper`, if the paper evaluates as many videos."""
    paper = config.get('paper')
    sizes = len(card.queries), len(card.gallery)
    if paper is None or (paper.queries, paper.gallery) != sizes:
        return None
    return PaperNumbers(paper.source, paper.metrics)


def _confusions(card: ReportCardMetric) -> dict[str, dict]:
    """Compute the confusion matrix of kNN for each label that it was evaluated on."""
    matrices = {}
    for label in card.evaluated('knn'):
        metric = card.build('knn', label)
        assert isinstance(metric, KNNMetric)  # the name belongs to one class
        predicted = metric.predict(card.queries, card.gallery, label)
        classes, counts = confusion_matrix(card.queries.column(label), predicted)
        matrices[label] = dict(classes=classes, counts=counts)
    return matrices
