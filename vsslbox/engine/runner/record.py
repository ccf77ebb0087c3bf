"""The record of an evaluation."""

import json
from datetime import datetime, timezone
from pathlib import Path

from mmengine.dist import master_only
from mmengine.logging import print_log
from mmengine.runner import Runner

from vsslbox.checkpoints.zoo import local_path
from vsslbox.compat import checkpoint_of
from vsslbox.utils import file_sha256

__all__ = ['origin_of_run', 'write_record']


@master_only
def write_record(
    runner: Runner, out: str, protocol: str, metrics: dict[str, float], **lists: dict
) -> None:
    """Write metrics as JSON, with what is needed to trace them.

    Args:
        runner: The runner, whose checkpoint and seed are recorded.
        out: The file; a relative path is below the work directory.
        protocol: The name of the protocol.
        metrics: The values by name.
        lists: What describes the data: the number of videos and the hash of the list.
    """
    record = dict(
        protocol=protocol,
        metrics={name: float(value) for name, value in metrics.items()},
        **lists,
        **origin_of_run(runner),
    )
    path = Path(runner.work_dir) / out
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + '\n', encoding='utf-8')
    print_log(f'metrics written to {path}', logger='current')


def origin_of_run(runner: Runner) -> dict:
    """Return the checkpoint, its hash, the seed and the time."""
    checkpoint = checkpoint_of(runner)
    return dict(
        checkpoint=checkpoint,
        checkpoint_sha256=file_sha256(local_path(checkpoint)) if checkpoint else None,
        seed=runner.seed,
        time=datetime.now(timezone.utc).isoformat(timespec='seconds'),
    )
