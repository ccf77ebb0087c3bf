"""Runner and loops."""

from vsslbox.engine.runner.bank_knn_loop import BankKNNLoop
from vsslbox.engine.runner.extraction_loop import ExtractionLoop
from vsslbox.engine.runner.gallery_test_loop import GalleryTestLoop
from vsslbox.engine.runner.knn_monitor_loop import KNNMonitorLoop
from vsslbox.engine.runner.monitor_loop import MonitorLoop
from vsslbox.engine.runner.protocol_test_loop import ProtocolTestLoop
from vsslbox.engine.runner.resumable_train_loop import ResumableTrainLoop
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel, SSLRunner

__all__ = [
    'BankKNNLoop',
    'CPUDistributedDataParallel',
    'ExtractionLoop',
    'GalleryTestLoop',
    'KNNMonitorLoop',
    'MonitorLoop',
    'ProtocolTestLoop',
    'ResumableTrainLoop',
    'SSLRunner',
]
