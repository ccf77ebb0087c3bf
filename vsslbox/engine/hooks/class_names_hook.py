"""The classes of a classifier: their names and numbers in every list."""

from mmengine.hooks import Hook
from mmengine.runner import Runner, TestLoop, ValLoop
from torch.utils.data import Dataset

from vsslbox.datasets.class_names import check_labels, number_by, tell_own_numbers
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['ClassNamesHook']


@HOOKS.register_module()
class ClassNamesHook(Hook):
    """Number class names alike in training, validation and test, and check all labels.

    A list numbers its class names by itself, so that a list that lacks a class has other numbers
    than the model. A checkpoint holds the names of its training list: a test or a resumed training
    numbers its lists by them; validation and test in the process of the training by the training
    list. A name that is not among them is an error, as is a label that the head has no output for;
    where nothing tells the names of the model's classes, a list that has fewer is warned of.

    The runner adds this hook. It does nothing for a model without ``cls_head``, and for loops that
    evaluate features instead of predictions.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self.classes: list[str] | None = None
        self.source = ''

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the class names of a checkpoint."""
        meta = checkpoint.get('meta', {}).get('dataset_meta') or {}
        self.classes, self.source = meta.get('classes'), 'the checkpoint'

    def before_train(self, runner: Runner) -> None:
        """Number the lists by the checkpoint that training resumes, or by the training list."""
        dataset = runner.train_dataloader.dataset
        if runner.iter == 0:  # other weights to start from may have other classes
            self.classes = None
        self._prepare(runner, dataset)
        if self.classes is None:
            self.classes = getattr(dataset, 'metainfo', {}).get('classes')
            self.source = 'the training list'
        self._prepare_loop(runner, runner.val_loop)

    def before_val(self, runner: Runner) -> None:
        """Number the list of a validation without training by the checkpoint."""
        self._prepare_loop(runner, runner.val_loop)

    def before_test(self, runner: Runner) -> None:
        """Number the test list by the checkpoint or the training list."""
        self._prepare_loop(runner, runner.test_loop, needs_labels=False)

    def _prepare_loop(self, runner: Runner, loop: object, needs_labels: bool = True) -> None:
        if isinstance(loop, ValLoop | TestLoop):
            num_classes = self._prepare(runner, loop.dataloader.dataset, needs_labels)
            if num_classes and self.classes is None:
                tell_own_numbers(loop.dataloader.dataset, num_classes)
            loop.evaluator.dataset_meta = getattr(loop.dataloader.dataset, 'metainfo', None)

    def _prepare(self, runner: Runner, dataset: Dataset, needs_labels: bool = True) -> int | None:
        """Number a list and check its labels; return the number of classes if there are any."""
        num_classes = getattr(
            getattr(unwrap_model(runner.model), 'cls_head', None), 'num_classes', None
        )
        if num_classes is not None:
            if self.classes is not None:
                number_by(dataset, self.classes, self.source)
            check_labels(dataset, num_classes, needs_labels)
        return num_classes
