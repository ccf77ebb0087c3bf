"""The report card: several protocols on the features of one checkpoint."""

import copy
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.registry import Registry

from vsslbox.apis.command_line import build_runner
from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.errors import InputError
from vsslbox.evaluation.metrics import ReportCardMetric, check_labels, registered_protocols
from vsslbox.registry import LOOPS, METRICS
from vsslbox.visualization import (
    PaperNumbers,
    Retrieval,
    Section,
    confusion_matrix,
    confusion_plot,
    embed,
    metrics_text,
    nearest_videos,
    scatter_plot,
    write_report,
)

__all__ = ['make_report_card', 'report_card_config']

PAPER = ('source', 'queries', 'gallery', 'metrics')
CHECKPOINT, RANDOM = 'checkpoint', 'random start'


def make_report_card(
    config: Config,
    checkpoint: str,
    protocols: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    random_init: bool = False,
) -> None:
    """Evaluate a checkpoint by several protocols, print the table and write the report.

    The work directory gets ``report.json``, ``report.html`` and a folder for each run with its
    features and ``metrics.json``.

    Args:
        config: A config whose ``test_cfg`` is a :class:`GalleryTestLoop`.
        checkpoint: The checkpoint: a file, or ``zoo://NAME``.
        protocols: The names of the protocols; None for all that are registered.
        labels: The columns of the list to predict; None for those of the config's metrics.
        random_init: Whether to compare with the model's random initialisation.

    Raises:
        InputError: The config does not evaluate features or leaves something open, there is no such
            protocol, or the data allows none.
    """
    card_config, left_out = report_card_config(config, protocols, labels)
    runs = {RANDOM: None} if random_init else {}
    loops = {
        name: _test(card_config, name, source)
        for name, source in {**runs, CHECKPOINT: checkpoint}.items()
    }
    if is_main_process():
        _report(card_config, checkpoint, loops, left_out)


def report_card_config(
    config: Config,
    protocols: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> tuple[Config, list[str]]:
    """Replace a config's metrics by the report card; for the arguments see make_report_card.

    A protocol takes the settings of the config's metric of that kind, if there is one. Without
    ``protocols`` those of the config come first, then all others that are registered.

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
    settings, columns, left_out = _read_metrics(config, types)
    config = copy.deepcopy(config)
    config.test_evaluator = dict(
        type='ReportCardMetric',
        protocols={
            name: {**settings.get(name, {}), 'type': types[name]}
            for name in protocols or dict.fromkeys([*settings, *types])
        },
        labels=list(labels or columns),
    )
    config.test_cfg.out = 'metrics.json'
    config.resume = False
    return config, left_out


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
    settings, columns, left_out = {}, {}, set()
    for metric in [evaluator] if isinstance(evaluator, dict) else evaluator:
        cls = _look_up(METRICS, metric['type'])
        kind = cls.__name__ if cls else metric['type']
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


def _test(config: Config, name: str, checkpoint: str | None) -> GalleryTestLoop:
    """Test a model in a folder of its own, and return the finished loop."""
    config = copy.deepcopy(config)
    config.work_dir = str(Path(config.work_dir) / name.replace(' ', '_'))
    config.load_from = checkpoint
    runner = build_runner(config)
    runner.test()
    return runner.test_loop


def _report(
    config: Config, checkpoint: str, loops: dict[str, GalleryTestLoop], left_out: list[str]
) -> None:
    """Print the table and what was not possible, and write both files."""
    records = {
        name: json.loads(Path(loop.runner.work_dir, 'metrics.json').read_text(encoding='utf-8'))
        for name, loop in loops.items()
    }
    metrics = {name: record['metrics'] for name, record in records.items()}
    loop = loops[CHECKPOINT]
    card = loop.metrics[0]
    paper = _paper_numbers(config, card)
    matrices = _confusions(card)

    impossible = card.impossible | dict.fromkeys(
        left_out, 'it is not a protocol of the report card; evaluate it with tools/test.py'
    )
    print('\n' + metrics_text(metrics, paper and paper.metrics))
    for name, reason in impossible.items():
        print(f'{name}: not possible, {reason}')
    if not metrics[CHECKPOINT]:
        raise InputError('no protocol is possible: --labels names columns of the list to predict')

    contents = dict(
        config=config.filename,
        runs=records,
        impossible=impossible,
        paper=paper and dict(source=paper.source, metrics=dict(paper.metrics)),
        knn_confusion=matrices,
    )
    out = Path(config.work_dir)
    (out / 'report.json').write_text(json.dumps(contents, indent=2) + '\n', encoding='utf-8')
    write_report(
        out / 'report.html',
        title=f'{Path(checkpoint).name} by {Path(config.filename).stem}',
        metrics=metrics,
        curves={},
        retrievals=_retrievals(loop),
        details=dict(
            config=config.filename,
            **{
                name: {key: value for key, value in record.items() if key != 'metrics'}
                for name, record in records.items()
            },
            not_possible=impossible,
        ),
        paper=paper,
        sections=[
            Section(
                'Confusions',
                'How often kNN on the features takes each class (row) for another (column).',
                [confusion_plot(label, **matrix) for label, matrix in matrices.items()],
            ),
            Section(
                'Features',
                "The checkpoint's features of the queries, by t-SNE, coloured by label.",
                _maps(card, loop.runner.seed),
            ),
        ],
    )
    print(f'\nreport: {out / "report.json"}\n        {out / "report.html"}')


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
        predicted = card.build('knn', label).predict(card.queries, card.gallery, label)
        classes, counts = confusion_matrix(card.queries.column(label), predicted)
        matrices[label] = dict(classes=classes, counts=counts)
    return matrices


def _maps(card: ReportCardMetric, seed: int) -> list[str]:
    """Draw the queries' features in the plane, once for each label."""
    chosen, points = embed(card.queries.features.numpy(), seed)
    shown = [card.queries.attributes[index] for index in chosen]
    if not shown:
        return []
    names = [attributes['name'] for attributes in shown]
    return [
        scatter_plot(label, points, [attributes[label] for attributes in shown], names)
        for label in card.labels
        if all(label in attributes for attributes in shown)
    ]


def _retrievals(loop: GalleryTestLoop) -> list[Retrieval]:
    """Return some queries with their nearest videos, as the model sees them."""
    card = loop.metrics[0]
    labels = card.evaluated('retrieval')
    if not labels:
        return []
    queries = loop.dataloader.dataset
    gallery = loop.gallery_dataloader.dataset if loop.gallery_dataloader else queries
    return nearest_videos(
        card.queries,
        card.gallery,
        labels,
        lambda index: _thumbnail(queries, index),
        lambda index: _thumbnail(gallery, index),
        leave_out=card.build('retrieval', labels[0]).leave_out,
    )


def _thumbnail(dataset: BaseVideoDataset, index: int) -> np.ndarray:
    """Return the middle frame of a video's first view, RGB, uint8 ``[H, W, 3]``."""
    view = dataset[index]['inputs'][0]
    return view[:, view.shape[1] // 2].permute(1, 2, 0).numpy()
