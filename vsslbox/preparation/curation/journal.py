"""Jobs over many videos whose results are noted at once, so that a second run skips them."""

import json
import os
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from vsslbox.preparation.video_jobs import Failure, run_jobs

__all__ = ['journaled']

Job = TypeVar('Job', bound=Hashable)


def journaled(
    work: Callable[[Job], Any],
    jobs: Mapping[str, Job],
    settings: Any,
    journal: Path,
    num_workers: int,
    title: str,
) -> dict[str, Any]:
    """Run a job for each video, apart from those that the journal has with the same settings.

    A failure is not noted: it may be the machine's fault, and is tried again.

    Args:
        work: The function that does a job; its results become JSON and back.
        jobs: The job of each video, by its path; the same numbers and texts are the same job.
        settings: What the results depend on beside the job and the file.
        journal: A file of JSON lines.
        num_workers: The number of processes.
        title: The label of the progress bar.

    Returns:
        The result or :class:`Failure` of each video, by its path.
    """
    keys = {path: _key(path, job, settings) for path, job in jobs.items()}
    known = _read(journal)
    results = {path: known[key] for path, key in keys.items() if key in known}
    if results:
        print(f'{len(results)} of {len(jobs)} videos are known from {journal}')
    left = {job: path for path, job in jobs.items() if path not in results}
    journal.parent.mkdir(parents=True, exist_ok=True)
    with open(journal, 'a', encoding='utf-8') as file:
        file.write('\n' if known else '')  # ends a line that a killed run left unfinished
        for job, result in run_jobs(work, list(left), num_workers, title):
            path = left[job]
            if isinstance(result, Failure):
                results[path] = result
                continue
            line = json.dumps([keys[path], result])
            results[path] = json.loads(line)[1]
            file.write(f'{line}\n')
            file.flush()
    return {path: results[path] for path in jobs}


def _key(path: str, job: Any, settings: Any) -> str:
    """Return what must be the same for an earlier result to hold."""
    try:
        status = os.stat(path)
        stamp = [status.st_size, status.st_mtime_ns]
    except OSError:
        stamp = []
    return json.dumps([path, stamp, job, settings])


def _read(path: Path) -> dict[str, Any]:
    """Return earlier results by key; a half-written line is left out."""
    known = {}
    if path.is_file():
        for line in path.read_text('utf-8').splitlines():
            try:
                key, result = json.loads(line)
            except ValueError:
                continue
            known[key] = result
    return known
