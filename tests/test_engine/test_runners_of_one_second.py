"""Runners that are built in one second share nothing by their names."""

import time
import warnings
from pathlib import Path

from torch import nn

from vsslbox.engine.runner import SSLRunner


def test_runners_of_one_second_log_apart(tmp_path, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, 'time', lambda: now)
    with warnings.catch_warnings():
        warnings.filterwarnings('error', message='.* has been created')
        first, second = (
            SSLRunner(nn.Linear(1, 1), str(tmp_path), experiment_name='same') for _ in range(2)
        )

    assert first.log_dir != second.log_dir
    assert first.message_hub is not second.message_hub
    assert first.visualizer is not second.visualizer
    second.logger.info('only in the second log')
    logs = [
        ''.join(path.read_text() for path in Path(runner.log_dir).glob('*.log'))
        for runner in (first, second)
    ]
    assert ['only in the second log' in log for log in logs] == [False, True]
