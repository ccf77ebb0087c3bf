"""The evaluations behind report cards: of a checkpoint, and of what it is compared with."""

import copy
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process

from vsslbox.apis.command_line import build_runner
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.evaluation.features import same_videos
from vsslbox.evaluation.metrics import ReportCardMetric
from vsslbox.registry import METRICS

__all__ = ['checkpoint_loop', 'describe_setting', 'reference_cards', 'reference_loop']


def checkpoint_loop(config: Config, checkpoint: str) -> GalleryTestLoop:
    """Return the loop that evaluates a checkpoint, in the folder ``checkpoint``.

    Args:
        config: A config of :func:`report_card_config`.
        checkpoint: The checkpoint: a file, or ``zoo://NAME``.
    """
    return build_runner(_in_folder(config, 'checkpoint', checkpoint)).test_loop


def reference_loop(config: Config, seeds: list[int]) -> GalleryTestLoop:
    """Return the loop of random initialisations and trivial features, in ``references``.

    Args:
        config: A config of :func:`report_card_config`.
        seeds: The seeds of the initialisations.
    """
    config = _in_folder(config, 'references', None)
    config.model = dict(type='ReferenceFeatures', model=config.model, seeds=seeds)
    return build_runner(config).test_loop


def reference_cards(loop: GalleryTestLoop) -> dict[str, ReportCardMetric]:
    """Evaluate all features of a :func:`reference_loop` by tap; nothing on other processes."""
    queries = gallery = loop.query_features()
    if loop.gallery_dataloader is not None and loop.gallery_cfg is not None:
        gallery = loop.features(loop.gallery_dataloader, loop.gallery_cfg)
    cards = {}
    for tap in queries if is_main_process() else ():
        cards[tap] = METRICS.build(loop.runner.cfg.test_evaluator)
        cards[tap](queries[tap], same_videos(queries[tap], gallery[tap]))
    return cards


def describe_setting(card: ReportCardMetric) -> str:
    """Return in a sentence which videos are queries and which their gallery."""
    own = card.leave_out
    if card.gallery is card.queries:
        but = f' but those of its {own}' if own else ''
        return (
            f'Each of the {len(card.queries)} videos is a query, with all others{but} as gallery; '
            'what trains is cross-validated.'
        )
    but = f', of which a query sees none of its {own}' if own else ''
    shared = card.queries.shared_with(card.gallery)
    also = f' {shared} queries are in it too, and do not find themselves.' if shared else ''
    return (
        f'The {len(card.queries)} queries have a gallery of {len(card.gallery)} videos{but}.{also}'
    )


def _in_folder(config: Config, name: str, checkpoint: str | None) -> Config:
    config = copy.deepcopy(config)
    config.work_dir = str(Path(config.work_dir) / name)
    config.load_from = checkpoint
    return config
