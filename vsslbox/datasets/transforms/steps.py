"""Steps of a pipeline, in a list or by name."""

from collections.abc import Callable, Mapping, Sequence

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['Steps', 'build_steps', 'list_steps']

Steps = Sequence[dict | Callable] | Mapping[str, dict | Callable | None]
"""Steps in the order in which they run. By name, a step that is None is left out."""


def list_steps(steps: Steps) -> list[dict | Callable]:
    """Return the steps as a list, without those that a config set to None.

    Args:
        steps: A list, or an ordered dict of named steps, so that a child config can change one of
            them: ``pipeline=dict(sample=dict(clip_len=4))``.

    Raises:
        InputError: It is one step, or a step of a list is None.
    """
    if isinstance(steps, Mapping):
        if isinstance(steps.get('type'), str):
            raise InputError(
                f'expected a list of steps or steps by name, got the one step {steps["type"]!r}: '
                'put it into a list'
            )
        return [step for step in steps.values() if step is not None]
    if any(step is None for step in steps):
        raise InputError('a step of a list is None: take it out, or give the steps by name')
    return list(steps)


def build_steps(steps: Steps) -> list[Callable]:
    """Build the steps that are configs, and return all in the order in which they run.

    Args:
        steps: See :func:`list_steps`.
    """
    # Built here, since mmengine would look for the names in the default scope alone.
    return [TRANSFORMS.build(s) if isinstance(s, dict) else s for s in list_steps(steps)]
