"""The steps of a pipeline, as a list or by name."""

from collections.abc import Callable, Mapping, Sequence

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['Steps', 'build_steps', 'list_steps']

Steps = Sequence[dict | Callable] | Mapping[str, dict | Callable | None]
"""Steps in the order in which they run. A named step that is None is left out."""


def list_steps(steps: Steps) -> list[dict | Callable]:
    """Return the steps as a list, without those that a config sets to None.

    Args:
        steps: A list, or an ordered dict of named steps. Of the latter a child config can change
            one: ``pipeline=dict(sample=dict(clip_len=4))``.

    Raises:
        InputError: The steps are a single step, or a step of a list is None.
    """
    if isinstance(steps, Mapping):
        if isinstance(steps.get('type'), str):
            raise InputError(
                f'expected a list or a dict of steps, got the single step {steps["type"]!r}: put '
                'it into a list'
            )
        return [step for step in steps.values() if step is not None]
    if any(step is None for step in steps):
        raise InputError('a step of the list is None: remove it, or name the steps in a dict')
    return list(steps)


def build_steps(steps: Steps) -> list[Callable]:
    """Build the steps that are configs; return all steps in the order in which they run.

    Args:
        steps: See :func:`list_steps`.
    """
    # mmengine would look for the names in the default scope alone.
    return [TRANSFORMS.build(s) if isinstance(s, dict) else s for s in list_steps(steps)]
