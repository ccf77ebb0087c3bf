"""Classes of videos by a fine-tuned model."""

from os import PathLike
from typing import Any

import numpy as np
from mmaction.structures import ActionDataSample

from vsslbox.apis.checkpoint_config import trained_config, without_start_weights
from vsslbox.apis.video_inferencer import VideoInferencer
from vsslbox.checkpoints import load_checkpoint
from vsslbox.errors import InputError
from vsslbox.registry import INFERENCERS

__all__ = ['VideoClassifier']


@INFERENCERS.register_module()
class VideoClassifier(VideoInferencer):
    """Predict the classes of videos by a recognizer that vsslbox fine-tuned.

    ```python
    classifier = VideoClassifier('work_dirs/finetune/epoch_30.pth')
    classifier('path/to/videos')['predictions'][0]['class']
    ```

    Args:
        checkpoint: A checkpoint of fine-tuning, which tells the model, the pipeline of the test and
            the names of the classes.
        kwargs: ``device``, ``num_workers``, ``show_progress`` and ``skip_bad``; see
            :class:`VideoInferencer`.

    Attributes:
        classes: The names of the classes; their numbers if the training's list had no names.

    Raises:
        InputError: The checkpoint does not tell, or its model does not classify.
    """

    def __init__(self, checkpoint: str | PathLike, **kwargs: Any) -> None:
        config = trained_config(checkpoint)
        num_classes = (config.model.get('cls_head') or {}).get('num_classes')
        if num_classes is None or config.get('test_dataloader') is None:
            raise InputError(
                f'{checkpoint} is a {config.model.type}, not a classifier: fine-tune it first'
            )
        config.model = without_start_weights(config.model)
        meta = load_checkpoint(checkpoint)['meta'].get('dataset_meta') or {}
        self.classes = list(meta.get('classes') or map(str, range(num_classes)))
        super().__init__(config, checkpoint, **kwargs)

    def postprocess(
        self,
        preds: list[ActionDataSample],
        visualization: list,
        return_datasamples: bool = False,
    ) -> dict:
        """Return, for each video, ``class``, ``score`` and the ``scores`` of all classes."""
        predictions = preds if return_datasamples else [self._readable(pred) for pred in preds]
        return dict(predictions=predictions, videos=self.videos, visualization=visualization)

    def _readable(self, prediction: ActionDataSample) -> dict[str, Any]:
        scores = prediction.pred_scores.item.float().cpu().numpy()
        best = int(np.argmax(scores))
        return {
            'class': self.classes[best],
            'score': float(scores[best]),
            'scores': dict(zip(self.classes, scores.tolist(), strict=True)),
        }
