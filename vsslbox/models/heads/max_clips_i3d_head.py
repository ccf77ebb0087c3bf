"""A classifier for videos with several labels."""

from mmaction.models.heads import I3DHead
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['MaxClipsI3DHead']


@MODELS.register_module()
class MaxClipsI3DHead(I3DHead):
    """mmaction2's ``I3DHead`` that asks of each class whether any clip of a video shows it.

    A prediction is the largest probability over the clips of a video, where a probability is the
    sigmoid of a score. Train it with ``mmaction.BCELossWithLogits`` on a list with
    ``multi_class=True``.

    Source: the protocol of Charades in the code of SlowFast, which SEVERE takes.

    Args:
        kwargs: As for ``mmaction.I3DHead``, without ``average_clips``; in the scope of vsslbox
            ``loss_cls`` must be given.
    """

    def average_clip(self, cls_scores: Tensor, num_segs: int = 1) -> Tensor:
        """Return the predictions of videos.

        Args:
            cls_scores: Scores of clips, ``[N * num_segs, K]``, those of a video one after another.
            num_segs: The clips of a video.

        Returns:
            Probabilities ``[N, K]``.
        """
        return cls_scores.sigmoid().unflatten(0, (-1, num_segs)).amax(dim=1)
