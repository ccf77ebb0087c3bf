"""Treatments: the pipeline of a data set with steps that change its videos."""

from collections.abc import Callable, Sequence
from copy import deepcopy

from vsslbox.datasets.transforms import (
    AugmentViews,
    DecodeViews,
    OpenFrames,
    OpenVideo,
    ViewTransform,
)
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['treated_loader']


def treated_loader(dataloader_cfg: dict, name: str, steps: Sequence[dict]) -> dict:
    """Return the config of a loader whose videos are treated.

    A step that changes views, a :class:`ViewTransform`, runs on the decoded frames of each view,
    right after ``DecodeViews``. Any other step changes the open video, right after ``OpenVideo`` or
    ``OpenFrames``. Both come before the resizing and cropping of the pipeline.

    Args:
        dataloader_cfg: The config of the loader, with a pipeline.
        name: The name of the treatment, for messages.
        steps: The configs of its steps.

    Raises:
        InputError: A step cannot be built, or the pipeline has no place for it.
    """
    of_views: list[dict] = []
    of_video: list[dict] = []
    for step in steps:
        (of_views if isinstance(_build(name, step), ViewTransform) else of_video).append(step)
    config = deepcopy(dataloader_cfg)
    if not steps:
        return config
    pipeline = list_steps(config['dataset'].get('pipeline') or [])
    if of_views:
        place = _after(pipeline, name, DecodeViews)
        pipeline.insert(place, dict(type=AugmentViews.__name__, transforms=of_views))
    if of_video:
        place = _after(pipeline, name, OpenVideo, OpenFrames)
        pipeline[place:place] = of_video
    config['dataset']['pipeline'] = pipeline
    return config


def _build(name: str, step: dict) -> Callable:
    try:
        return TRANSFORMS.build(dict(step))
    except (KeyError, TypeError, ValueError) as error:
        reason = error.args[0] if error.args else error
        raise InputError(
            f'the treatment {name!r} has a step that fails, {step}: {reason}'
        ) from None


def _after(pipeline: list, name: str, *types: type) -> int:
    """Return the place after the step of one of these types."""
    for number, step in enumerate(pipeline, start=1):
        found = TRANSFORMS.get(step['type']) if isinstance(step, dict) else type(step)
        if found in types:
            return number
    wanted = ' or '.join(own.__name__ for own in types)
    raise InputError(
        f'the treatment {name!r} of the queries needs {wanted} in the pipeline of test_dataloader, '
        'after which it comes'
    )
