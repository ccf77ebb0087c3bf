"""Jobs over many video files: listing, processes, resuming, reports."""

import argparse
import json
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

import cv2

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.video_dataset import VideoDataset
from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.preparation.text_files import read_json, write_csv, write_text
from vsslbox.utils import escaped, track, whole_number

__all__ = [
    'DIED',
    'Failure',
    'add_job_options',
    'check_settings',
    'list_videos',
    'make_outputs',
    'note_settings',
    'plan_outputs',
    'report_failures',
    'run_jobs',
]

Job = TypeVar('Job')

DIED = 'the process that read it died'
FAILURES = 'failed.csv'
SHOWN_FAILURES = 20


class Failure(NamedTuple):
    """The reason why a job has no result."""

    reason: str


def add_job_options(parser: argparse.ArgumentParser, least_workers: int = 1) -> None:
    """Add the options that all such tools share.

    Args:
        parser: The parser.
        least_workers: 0 if a tool can do its work without further processes.
    """
    parser.add_argument(
        '--data-root',
        type=Path,
        help='folder that the paths of a list are relative to (default: the folder of the list)',
    )
    parser.add_argument(
        '--num-workers',
        '--workers',
        type=whole_number(least_workers),
        default=len(os.sched_getaffinity(0)),
        help='number of processes (default: one for each core)',
    )


# --------------------------------------------------------------------------- the jobs


class _Listing(VideoDataset):
    """A list that keeps its names, and whose files may be missing: each is a failure of its own."""

    def _find_files(self, entries: list[dict]) -> None:
        pass


def list_videos(source: Path, data_root: Path | None) -> dict[str, str]:
    """Return the path of each video of a folder or list by its name there.

    Args:
        source: A folder, or a list as text or CSV, which :class:`VideoDataset` reads.
        data_root: The folder that the list's paths are relative to; by default that of the list.

    Raises:
        FileNotFoundError: There is no such folder or list.
        InputError: The list cannot be read, or the folder holds no video.
    """
    if source.is_dir():
        videos = _Listing(data_root=str(source))
    else:
        videos = _Listing(str(source.resolve()), data_root=str(data_root or source.parent))
    infos = (videos.get_data_info(index) for index in range(len(videos)))
    return {info['attributes']['name']: info['filename'] for info in infos}


def plan_outputs(videos: dict[str, str], source: Path, folder: Path, ending: str) -> dict[str, str]:
    """Return the path of each output by that of its video: the same name, below another folder.

    Args:
        videos: The path of each video by its name.
        source: The folder or list of the videos.
        folder: The folder of the outputs.
        ending: The ending of the outputs, which replaces that of the videos.

    Raises:
        InputError: Two outputs would be the same or one inside the other, or outputs would lie
            among the videos or outside the folder.
    """
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise InputError(f'{folder} lies in {source}: choose a folder outside it for the outputs')
    names: dict[str, str] = {}  # by output
    for name in videos:
        if PurePath(name).is_absolute() or '..' in PurePath(name).parts:
            raise InputError(
                f'{name} leads out of the folder of the videos: in {source}, write paths that are '
                'relative to --data-root'
            )
        output = str(folder / PurePath(name).with_suffix(ending))
        if output in names:
            raise InputError(f'{names[output]} and {name} would both become {output}: rename one')
        if os.path.exists(output) and os.path.samefile(output, videos[name]):
            raise InputError(f'{output} is a video of {source} itself: choose another folder')
        names[output] = name
    for output, name in names.items():
        for parent in map(str, Path(output).parents):
            if parent in names:
                raise InputError(
                    f'{name} would go into {parent}, the output of {names[parent]}: rename one'
                )
    return {videos[name]: output for output, name in names.items()}


def check_settings(folder: Path, tool: str, settings: dict) -> None:
    """Check that a folder's outputs were made with the same settings; note those of a new folder.

    Raises:
        InputError: The folder holds outputs of other settings.
    """
    path = folder / f'{tool}.json'
    if not path.is_file():
        note_settings(folder, tool, settings)
    elif (before := read_json(path)) != json.loads(json.dumps(settings)):
        raise InputError(
            f'{folder} was made with {before}, not with {settings}: choose another folder or the '
            'same options'
        )


def note_settings(folder: Path, tool: str, settings: dict) -> None:
    """Make the folder of the outputs, and write their settings into it."""
    write_text(folder / f'{tool}.json', [json.dumps(settings, indent=2)])


# --------------------------------------------------------------------------- the processes


def run_jobs(
    work: Callable[[Job], Any], jobs: Sequence[Job], num_workers: int, title: str
) -> Iterator[tuple[Job, Any]]:
    """Run jobs in processes, with a progress bar on standard error.

    The other jobs go on when one raises an error or its process dies.

    Args:
        work: The function that does a job.
        jobs: The jobs, which must be picklable.
        num_workers: The number of processes.
        title: The label of the progress bar.

    Yields:
        Each job and its result or :class:`Failure`, in the order in which they finish.
    """
    if not jobs:
        return
    num_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # before the fork: after it, OpenCV would wait for lost threads
    try:
        yield from track(_run_all(partial(_attempt, work), jobs, num_workers), title, len(jobs))
    finally:
        cv2.setNumThreads(num_threads)


def _attempt(work: Callable[[Job], Any], job: Job) -> Any:
    try:
        return work(job)
    except VideoError as error:
        return Failure(error.reason or str(error))
    except VSSLBoxError as error:
        return Failure(str(error))
    except Exception as error:
        return Failure(f'{type(error).__name__}: {error}')


def _run_all(
    work: Callable[[Job], Any], jobs: Iterable[Job], num_workers: int
) -> Iterator[tuple[Job, Any]]:
    waiting = deque(jobs)
    while waiting:
        suspects = yield from _run_pool(work, waiting, num_workers)
        for job in suspects:  # one by one, to find out which one it was
            if (yield from _run_pool(work, deque([job]), 1)):
                yield job, Failure(DIED)


def _run_pool(
    work: Callable[[Job], Any], waiting: deque[Job], num_workers: int
) -> Generator[tuple[Job, Any], None, list[Job]]:
    """Run jobs until all are done, or until a process dies.

    Returns:
        The jobs that were running when it died.
    """
    running: dict[Future, Job] = {}
    # Forked, because a new interpreter takes seconds to import everything.
    pool = ProcessPoolExecutor(
        num_workers, mp_context=multiprocessing.get_context('fork'), initializer=_set_up_worker
    )
    try:
        while waiting or running:
            while waiting and len(running) < 2 * num_workers:
                future = pool.submit(work, waiting[0])
                running[future] = waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                yield running.pop(future), result
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def _set_up_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it at once, without a traceback


# --------------------------------------------------------------------------- the results


def make_outputs(
    work: Callable[[tuple[str, str]], Any],
    plan: dict[str, str],
    num_workers: int,
    title: str,
    overwrite: bool = False,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Make the missing outputs, and print how many were made, were present and failed.

    Args:
        work: The function that makes an output from the paths of video and output. The output gets
            its name only when it is complete.
        plan: The path of each output by the path of its video.
        num_workers: The number of processes.
        title: The label of the progress bar.
        overwrite: Whether to make existing outputs again.

    Returns:
        The results of the videos that were done, and the reasons of those that failed, both by
        the path of the video.
    """
    left = [job for job in plan.items() if overwrite or not os.path.exists(job[1])]
    done, failures = {}, {}
    for (path, _), result in run_jobs(work, left, num_workers, title):
        if isinstance(result, Failure):
            failures[path] = result.reason
        else:
            done[path] = result
    print(
        f'{len(done)} videos done, {len(plan) - len(left)} already present, {len(failures)} failed'
    )
    return done, failures


def report_failures(folder: Path, failures: dict[str, str]) -> None:
    """Write the failures to ``failed.csv`` and print them; exit with status 1 if there are any.

    Args:
        folder: The folder of the list. An older list is removed.
        failures: The reason by the path of the video.
    """
    path = folder / FAILURES
    path.unlink(missing_ok=True)
    if not failures:
        return
    rows = sorted(failures.items())
    write_csv(path, [('path', 'reason'), *rows])
    for video, reason in rows[:SHOWN_FAILURES]:
        print(f'  {escaped(video)}: {reason}')
    print(f'all {len(rows)} failures are listed in {path}')
    sys.exit(1)
