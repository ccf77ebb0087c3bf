"""What a checkpoint is worth: a report card of all protocols that the data on hand allows.

python tools/evaluate.py CHECKPOINT --config CONFIG [--protocols knn svm] [--random-init] ...

The config is that of a protocol with features (`GalleryTestLoop`): its model, videos and pipeline
are taken, and its metrics' settings. Features are extracted once. Into the work directory go
`report.json`, `report.html` and, for each run, what tools/test.py writes.
"""

import argparse
import copy
import json
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    build_runner,
    read_config,
    run_command,
)
from vsslbox.datasets import BaseVideoDataset
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.errors import InputError
from vsslbox.evaluation.metrics import ReportCardMetric
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

PROTOCOLS = dict(
    retrieval='RetrievalMetric', knn='KNNMetric', linear='LinearProbeMetric', svm='LinearSVMMetric'
)
PAPER = ('source', 'queries', 'gallery', 'metrics')
CHECKPOINT, RANDOM = 'checkpoint', 'random start'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument('--config', required=True, help='the config file of a protocol')
    parser.add_argument('--protocols', nargs='+', choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument(
        '--labels', nargs='+', help="columns of the list to predict, in place of the config's"
    )
    parser.add_argument(
        '--random-init', action='store_true', help='compare with a random start of the model'
    )
    add_common_options(parser)
    return parser.parse_args()


def apply_args(config: Config, args: argparse.Namespace) -> list[str]:
    """Write what the command line says into the config; the metrics that have no place there."""
    apply_common_options(config, args)
    if _kind((config.get('test_cfg') or {}).get('type')) != 'GalleryTestLoop':
        raise InputError(
            f'{args.config} is no protocol with features: give one whose test_cfg is a '
            'GalleryTestLoop, such as configs/vclr/benchmarks/retrieval_r50_ucf101.py'
        )
    missing = [key for key in PAPER if key not in (config.get('paper') or PAPER)]
    if missing:
        raise InputError(f'`paper` in {args.config} needs {", ".join(PAPER)}; it lacks {missing}')
    evaluator = config.test_evaluator
    given = {}
    for metric in [evaluator] if isinstance(evaluator, dict) else evaluator:
        kind = _kind(metric['type'])
        if kind in given:
            raise InputError(
                f'test_evaluator in {args.config} has two {kind}: the report card takes the '
                'settings of one, take the other out'
            )
        if isinstance(metric.get('labels'), str):
            raise InputError(f'`labels` of {kind} in {args.config} must be a list of columns')
        given[kind] = metric
    labels = dict.fromkeys(label for m in given.values() for label in m.get('labels', ['label']))
    protocols = {name: {**given.get(kind, {}), 'type': kind} for name, kind in PROTOCOLS.items()}
    config.test_evaluator = dict(
        type='ReportCardMetric',
        protocols={name: protocols[name] for name in args.protocols},
        labels=list(args.labels or labels),
    )
    config.test_cfg.out = 'metrics.json'
    config.resume = False
    return sorted(set(given).difference(PROTOCOLS.values()))


def _kind(name: str | None) -> str | None:
    """The name of one of ours, with the scope or without."""
    return name and name.removeprefix('vsslbox.')


def judge(config: Config, name: str, checkpoint: str | None) -> GalleryTestLoop:
    """Test a model in a folder of its own, and give what is known of it then."""
    config = copy.deepcopy(config)
    config.work_dir = str(Path(config.work_dir) / name.replace(' ', '_'))
    config.load_from = checkpoint
    runner = build_runner(config)
    runner.test()
    return runner.test_loop


def papers_numbers(config: Config, card: ReportCardMetric) -> PaperNumbers | None:
    """What the config's `paper` says, if as many videos were judged as there."""
    paper = config.get('paper')
    sizes = len(card.queries), len(card.gallery)
    if paper is None or (paper.queries, paper.gallery) != sizes:
        return None
    return PaperNumbers(paper.source, paper.metrics)


def confusions(card: ReportCardMetric) -> dict[str, dict]:
    """The confusion matrix of kNN for each label that it was judged on."""
    matrices = {}
    for label in card.judged('knn'):
        predicted = card.build('knn', label).predict(card.queries, card.gallery, label)
        classes, counts = confusion_matrix(card.queries.column(label), predicted)
        matrices[label] = dict(classes=classes, counts=counts)
    return matrices


def maps(card: ReportCardMetric, seed: int) -> list[str]:
    """The queries' features in the plane, once for each label."""
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


def retrievals(loop: GalleryTestLoop) -> list[Retrieval]:
    """Some queries with their nearest videos, as the model sees them."""
    card = loop.metrics[0]
    labels = card.judged('retrieval')
    if not labels:
        return []
    queries = loop.dataloader.dataset
    gallery = loop.gallery_dataloader.dataset if loop.gallery_dataloader else queries
    return nearest_videos(
        card.queries,
        card.gallery,
        labels,
        lambda index: thumbnail(queries, index),
        lambda index: thumbnail(gallery, index),
        leave_out=card.build('retrieval', labels[0]).leave_out,
    )


def thumbnail(dataset: BaseVideoDataset, index: int) -> np.ndarray:
    """The middle frame of a video's first view, RGB, uint8 ``[H, W, 3]``."""
    view = dataset[index]['inputs'][0]
    return view[:, view.shape[1] // 2].permute(1, 2, 0).numpy()


def main() -> None:
    """Judge, and write the report."""
    args = parse_args()
    config = read_config(args)
    left_out = apply_args(config, args)
    runs = {RANDOM: None} if args.random_init else {}
    loops = {
        name: judge(config, name, checkpoint)
        for name, checkpoint in {**runs, CHECKPOINT: args.checkpoint}.items()
    }
    if is_main_process():
        report(config, args, loops, left_out)


def report(
    config: Config,
    args: argparse.Namespace,
    loops: dict[str, GalleryTestLoop],
    left_out: list[str],
) -> None:
    """Print the table, with a word on the metrics that were left out, and write both files."""
    records = {
        name: json.loads(Path(loop.runner.work_dir, 'metrics.json').read_text(encoding='utf-8'))
        for name, loop in loops.items()
    }
    metrics = {name: record['metrics'] for name, record in records.items()}
    loop = loops[CHECKPOINT]
    card = loop.metrics[0]
    paper = papers_numbers(config, card)
    matrices = confusions(card)

    impossible = card.impossible | dict.fromkeys(
        left_out, 'it is no protocol of the report card; tools/test.py judges by it'
    )
    print('\n' + metrics_text(metrics, paper and paper.metrics))
    for name, reason in impossible.items():
        print(f'{name}: not possible, {reason}')
    if not metrics[CHECKPOINT]:
        raise InputError('no protocol is possible: --labels names columns of the list to judge by')

    contents = dict(
        config=args.config,
        runs=records,
        impossible=impossible,
        paper=paper and dict(source=paper.source, metrics=dict(paper.metrics)),
        knn_confusion=matrices,
    )
    out = Path(config.work_dir)
    (out / 'report.json').write_text(json.dumps(contents, indent=2) + '\n', encoding='utf-8')
    write_report(
        out / 'report.html',
        title=f'{Path(args.checkpoint).name} by {Path(args.config).stem}',
        metrics=metrics,
        curves={},
        retrievals=retrievals(loop),
        details=dict(
            config=args.config,
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
                'How the kNN of the checkpoint takes each class (row) for others (column).',
                [confusion_plot(label, **matrix) for label, matrix in matrices.items()],
            ),
            Section(
                'Features',
                "The queries' features by the checkpoint, laid out by t-SNE, coloured by label.",
                maps(card, loop.runner.seed),
            ),
        ],
    )
    print(f'\nreport: {out / "report.json"}\n        {out / "report.html"}')


if __name__ == '__main__':
    run_command(main)
