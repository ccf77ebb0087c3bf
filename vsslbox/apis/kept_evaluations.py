"""What evaluations of features found, kept on disk so that a killed command resumes from them."""

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from inspect import getsourcefile
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.apis.card_loops import describe_setting
from vsslbox.checkpoints.zoo import local_path
from vsslbox.compat import checkpoint_of
from vsslbox.engine.runner import GalleryTestLoop
from vsslbox.evaluation import Evaluated
from vsslbox.evaluation.features import origin_of_features, videos_of
from vsslbox.evaluation.metrics import ReportCardMetric
from vsslbox.preparation.text_files import read_json, write_text
from vsslbox.registry import METRICS
from vsslbox.utils import file_sha256

__all__ = ['evaluated_of', 'kept_evaluation']

PACKAGE = Path(__file__).parents[1]


def kept_evaluation(
    loop: GalleryTestLoop,
    folder: Path,
    evaluate: Callable[[GalleryTestLoop], Mapping[str, ReportCardMetric]],
) -> dict[str, Any]:
    """Return what an evaluation found; it is read if it was kept, otherwise evaluated and kept.

    The file is named by everything that the result depends on: the checkpoint, the lists and
    files, the model and the pipelines, the protocols and their settings, the seed, and the code.

    Args:
        loop: The loop that is to evaluate.
        folder: The folder of all kept evaluations.
        evaluate: Evaluates the features of each tap by the loop.

    Returns:
        As JSON: ``queries`` and ``gallery``, the number of videos and the hash of each list;
        ``setting``, in a sentence; ``groups`` of the queries; ``chances``; ``neutral``, the values
        of which neither more nor less is better; ``checkpoint_sha256`` and ``weights_sha256``; and
        ``taps``, for each tap ``values``, ``outcomes``, ``draws``, ``not_possible`` and
        ``notes``.
    """
    checkpoint = checkpoint_of(loop.runner)
    checkpoint_sha256 = file_sha256(local_path(checkpoint)) if checkpoint else None
    path = folder / f'{_key(loop, checkpoint_sha256)}.json'
    if not path.exists():
        loop.out = f'{path.stem}.json'
        cards = evaluate(loop)
        card = next(iter(cards.values()))
        shared = card.queries.shared_with(card.gallery)
        found = dict(
            queries=dict(videos=len(card.queries), list_sha256=card.queries.list_hash),
            gallery=dict(
                videos=len(card.gallery),
                list_sha256=card.gallery.list_hash,
                shared_with_queries=shared,
            ),
            setting=describe_setting(card),
            groups=card.leave_out and card.queries.column(card.leave_out),
            chances=card.chances(),
            neutral=card.neutral_values(),
            checkpoint_sha256=checkpoint_sha256,
            weights_sha256=_origin(loop, loop.dataloader, loop.query_cfg)['weights_sha256'],
            taps={tap: _as_json(own) for tap, own in cards.items()},
        )
        write_text(path, [json.dumps(found)])
    return read_json(path)


def evaluated_of(found: Mapping[str, Any]) -> Evaluated:
    """Return what a tap of :func:`kept_evaluation` found."""
    outcomes, draws = (
        {
            name: torch.tensor(
                [math.nan if own is None else own for own in rights], dtype=torch.double
            )
            for name, rights in found[kind].items()
        }
        for kind in ('outcomes', 'draws')
    )
    return Evaluated(found['values'], outcomes, draws)


def _as_json(card: ReportCardMetric) -> dict[str, Any]:
    values = {name: float(value) for name, value in card.evaluation.values.items()}
    endless = {name: f'it is {value}' for name, value in values.items() if not math.isfinite(value)}
    return dict(
        values={name: value for name, value in values.items() if name not in endless},
        outcomes=_lists(card.evaluation.outcomes),
        draws=_lists(card.evaluation.draws),
        not_possible=card.impossible | endless,
        notes=card.notes(),
    )


def _lists(tensors: Mapping[str, Tensor]) -> dict[str, list[float | None]]:
    return {
        name: [None if math.isnan(own) else own for own in rights.tolist()]
        for name, rights in tensors.items()
    }


def _key(loop: GalleryTestLoop, checkpoint_sha256: str | None) -> str:
    """Return the hash of everything that an evaluation depends on."""
    config = loop.runner.cfg
    gallery = None
    if loop.gallery_dataloader is not None and loop.gallery_cfg is not None:
        gallery = _origin(loop, loop.gallery_dataloader, loop.gallery_cfg)
    depends_on = dict(
        checkpoint=checkpoint_sha256,
        queries=_origin(loop, loop.dataloader, loop.query_cfg),
        gallery=gallery,
        evaluator=config.test_evaluator,
        tokens=loop.tokens,
        seed=loop.runner.seed,
        code=_code_sha256(config),
    )
    text = json.dumps(depends_on, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _origin(loop: GalleryTestLoop, dataloader: DataLoader, config: dict) -> dict[str, str]:
    return origin_of_features(loop.runner, videos_of(dataloader), config)


def _code_sha256(config: Config) -> str:
    """Hash the code of vsslbox, and the modules that a config and its protocols come from."""
    modules = (config.get('custom_imports') or {}).get('imports', [])
    files = [getattr(sys.modules.get(name), '__file__', None) for name in modules]
    for protocol in config.test_evaluator['protocols'].values():
        files.append(getsourcefile(METRICS.get(protocol['type'])))
    digest = hashlib.sha256()
    for path in sorted({*PACKAGE.rglob('*.py'), *(Path(file) for file in files if file)}):
        digest.update(path.read_bytes())
    return digest.hexdigest()
