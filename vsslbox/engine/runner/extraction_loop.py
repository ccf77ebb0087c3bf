"""Writing features to files."""

import csv
import json
from pathlib import Path

from mmengine.dist import master_only
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from vsslbox.engine.runner.record import origin_of_run
from vsslbox.evaluation.features import FeatureStore, extract_features, origin_of_features
from vsslbox.registry import LOOPS

__all__ = ['ExtractionLoop']


@LOOPS.register_module()
class ExtractionLoop(BaseLoop):
    """Write the features of a list of videos to a folder; a killed run continues where it stopped.

    Beside the arrays (see :class:`FeatureStore`) it writes ``videos.csv``, a line for each row of
    the arrays with the list's entries for its video, and ``record.json`` with what is needed to
    trace the features.

    Args:
        runner: The runner.
        dataloader: The config of the videos' data loader.
        folder: The folder.
        evaluator: Not used; the engine passes it to all loops.

    Raises:
        FeatureStoreError: The folder has other features.
    """

    def __init__(self, runner: Runner, dataloader: dict, folder: str, evaluator: list) -> None:
        super().__init__(runner, dataloader)
        self.dataloader_cfg = dataloader
        self.folder = Path(folder)

    def run(self) -> dict:
        """Extract the features; there are no metrics."""
        self.runner.call_hook('before_test')
        dataset = self.dataloader.dataset
        origin = origin_of_features(self.runner, dataset, self.dataloader_cfg)
        store = FeatureStore(self.folder, origin, len(dataset))
        extract_features(self.runner.model, self.dataloader, store)
        self._write_videos()
        self._write_record(store)
        self.runner.call_hook('after_test')
        return {}

    @master_only
    def _write_videos(self) -> None:
        dataset = self.dataloader.dataset
        rows = [dataset.get_data_info(index)['attributes'] for index in range(len(dataset))]
        columns = dict.fromkeys(['name', *(column for row in rows for column in row)])
        path = self.folder / 'videos.csv'
        # File names need not be valid text: keep their bytes.
        with open(path, 'w', newline='', encoding='utf-8', errors='surrogateescape') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(['index', *columns])
            for index, row in enumerate(rows):
                writer.writerow([index, *(row.get(column) for column in columns)])

    @master_only
    def _write_record(self, store: FeatureStore) -> None:
        hashes = {name: store.origin[name] for name in store.origin if name.endswith('sha256')}
        record = dict(
            taps=store.sizes, videos=store.num_videos, **hashes, **origin_of_run(self.runner)
        )
        path = self.folder / 'record.json'
        path.write_text(json.dumps(record, indent=2) + '\n', encoding='utf-8')
