"""A linear warm-up that reaches the full rate with its last step."""

from typing import Any

from mmengine.optim import LinearLR

from vsslbox.registry import PARAM_SCHEDULERS

__all__ = ['WarmupLR']


@PARAM_SCHEDULERS.register_module()
class WarmupLR(LinearLR):
    r"""A straight line from a fraction of the learning rate to the rate itself.

    .. math::
        \gamma_t = \gamma \, (s + (1 - s) \, t / W), \qquad 0 \le t \le W

    with the start factor s. A schedule that begins at step W goes on from the full rate. mmengine's
    ``LinearLR`` divides by W - 1: it is one step ahead.

    Source: the code of Kuang et al., "Video Contrastive Learning with Global Context", and that of
    SeCo before it.

    Args:
        optimizer: The optimizer or its wrapper.
        begin: The step at which the line begins.
        end: The step at which the full rate is reached; W is ``end - begin``.
        kwargs: As for ``LinearLR``: ``start_factor``, ``by_epoch`` and so on. With
            ``convert_to_iter_based=True`` in a config, ``begin`` and ``end`` are in epochs and the
            rate changes with every iteration.
    """

    def __init__(self, optimizer: Any, begin: int = 0, *, end: int, **kwargs: Any) -> None:
        super().__init__(optimizer, begin=begin, end=end + 1, **kwargs)
