"""A test with a traceable result."""

from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, TestLoop
from torch.utils.data import DataLoader

from vsslbox.engine.runner.record import write_record
from vsslbox.registry import LOOPS
from vsslbox.utils import unwrap_model

__all__ = ['ProtocolTestLoop']


@LOOPS.register_module()
class ProtocolTestLoop(TestLoop):
    """mmengine's test loop; writes its metrics as JSON, with what is needed to trace them.

    Args:
        runner: The runner.
        dataloader: The data loader or its config; the data set is a :class:`BaseVideoDataset`.
        evaluator: The evaluator or configs of metrics.
        protocol: The name of the protocol, for the record.
        out: The JSON file; a relative path is below the work directory.
        fp16: Whether to test in half precision.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list[dict],
        protocol: str = 'classification',
        out: str = 'metrics.json',
        fp16: bool = False,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        self.protocol = protocol
        self.out = out

    def run(self) -> dict[str, float]:
        """Test the runner's model.

        Returns:
            The values of all metrics, by name.
        """
        metrics = super().run()
        dataset = self.dataloader.dataset
        test = dict(videos=len(dataset), list_sha256=dataset.list_hash())
        model = unwrap_model(self.runner.model)
        notes = dict(notes=model.notes()) if hasattr(model, 'notes') else {}
        write_record(self.runner, self.out, self.protocol, metrics, test=test, **notes)
        return metrics
