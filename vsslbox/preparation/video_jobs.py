"""What the tools share that go through many video files: listing, processes, resuming, reports."""

import argparse
import csv
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
from rich.console import Console
from rich.progress import track

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.video_dataset import VideoDataset
from vsslbox.errors import InputError
from vsslbox.utils.paths import printable

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
    """In place of a job's result: why there is none."""

    reason: str


def add_job_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that the tools share."""
    parser.add_argument(
        '--data-root',
        type=Path,
        help="what the paths of a list are relative to; the list's folder if not given",
    )
    parser.add_argument(
        '--num-workers',
        type=int,
        default=len(os.sched_getaffinity(0)),
        help='processes; one a core if not given',
    )


# --------------------------------------------------------------------------- what there is to do


class _Listing(VideoDataset):
    """A list of which files may be missing: each is a failure of its own, not one of the list."""

    def _refuse_missing(self, paths: list[str]) -> None:
        pass


def list_videos(source: Path, data_root: Path | None) -> dict[str, str]:
    """The videos of a folder or list, as :class:`VideoDataset` finds them.

    Args:
        source: A folder, or a list as text or CSV.
        data_root: What the list's paths are relative to; without it, the folder of the list.

    Returns:
        The path of each by its name in the list, or below the folder.

    Raises:
        FileNotFoundError: There is no such folder or list.
        InputError: The list can't be read, or the folder holds no video.
    """
    if source.is_dir():
        videos = _Listing(data_root=str(source))
    else:
        videos = _Listing(str(source.resolve()), data_root=str(data_root or source.parent))
    infos = (videos.get_data_info(index) for index in range(len(videos)))
    return {info['attributes']['name']: info['filename'] for info in infos}


def plan_outputs(videos: dict[str, str], source: Path, folder: Path, ending: str) -> dict[str, str]:
    """Where the output of each video goes: to the same place below the folder.

    Args:
        videos: The path of each video by its name.
        source: The folder or list that they are from.
        folder: The folder of the outputs.
        ending: What replaces the ending of a name.

    Returns:
        The path of each output by the path of its video.

    Raises:
        InputError: Two videos have the same output or one within the other's, or the outputs would
            lie among the videos or outside the folder.
    """
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise InputError(f'{folder} lies in {source}: choose a folder outside it for the outputs')
    names: dict[str, str] = {}  # by output
    for name in videos:
        if PurePath(name).is_absolute() or '..' in PurePath(name).parts:
            raise InputError(
                f'{name} leads out of the folder of the videos: write paths in {source} that are '
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
                raise InputError(f'{name} would go into {parent}, made of {names[parent]}: rename')
    return {videos[name]: output for output, name in names.items()}


def check_settings(folder: Path, tool: str, settings: dict) -> None:
    """Refuse a folder whose outputs were made with other settings, or note those of a new one.

    Raises:
        InputError: Outputs of other settings are in it.
    """
    path = folder / f'{tool}.json'
    if not path.is_file():
        note_settings(folder, tool, settings)
        return
    before = json.loads(path.read_text(encoding='utf-8'))
    if before != json.loads(json.dumps(settings)):
        raise InputError(
            f'{folder} was made with {before}, not with {settings}: choose another folder or the '
            'same options'
        )


def note_settings(folder: Path, tool: str, settings: dict) -> None:
    """Make the folder of the outputs, and note what they are made with."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(settings, indent=2) + '\n'
    (folder / f'{tool}.json').write_text(text, encoding='utf-8')


# --------------------------------------------------------------------------- doing it


def run_jobs(
    work: Callable[[Job], Any], jobs: Sequence[Job], num_workers: int, title: str
) -> Iterator[tuple[Job, Any]]:
    """Run jobs in processes, with a bar of the progress on standard error.

    A job that raises, or whose process dies, keeps no other from being done.

    Args:
        work: What is done with a job.
        jobs: The jobs; they can be sent to another process.
        num_workers: How many processes.
        title: What stands before the bar.

    Yields:
        Each job and its result or :class:`Failure`, as they come.
    """
    if not jobs:
        return
    num_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # before the fork: after it, OpenCV would wait for threads left behind
    try:
        # No thread redraws the bar: processes are forked, which mustn't happen amid another thread.
        yield from track(
            _run_all(partial(_attempt, work), jobs, num_workers),
            description=title,
            total=len(jobs),
            auto_refresh=False,
            console=Console(stderr=True),
        )
    finally:
        cv2.setNumThreads(num_threads)


def _attempt(work: Callable[[Job], Any], job: Job) -> Any:
    try:
        return work(job)
    except VideoError as error:
        return Failure(error.reason or str(error))
    except Exception as error:
        return Failure(f'{type(error).__name__}: {error}')


def _run_all(
    work: Callable[[Job], Any], jobs: Iterable[Job], num_workers: int
) -> Iterator[tuple[Job, Any]]:
    waiting = deque(jobs)
    while waiting:
        suspects = yield from _run_pool(work, waiting, num_workers)
        for job in suspects:  # alone, to find out which one it was
            if (yield from _run_pool(work, deque([job]), 1)):
                yield job, Failure(DIED)


def _run_pool(
    work: Callable[[Job], Any], waiting: deque[Job], num_workers: int
) -> Generator[tuple[Job, Any], None, list[Job]]:
    """Run jobs until none waits, or until a process dies.

    Returns:
        The jobs that were begun when it died.
    """
    running: dict[Future, Job] = {}
    # Forked, since a new interpreter takes seconds to import everything.
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
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it at once and without a traceback


# --------------------------------------------------------------------------- what came of it


def make_outputs(
    work: Callable[[tuple[str, str]], Any],
    plan: dict[str, str],
    num_workers: int,
    title: str,
    overwrite: bool = False,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Make the outputs that aren't there yet, and print how many there are of each kind.

    Args:
        work: Makes an output, and puts it into its place only when it is finished; is given the
            paths of video and output.
        plan: The path of each output by the path of its video.
        num_workers: How many processes.
        title: What stands before the bar of the progress.
        overwrite: Whether to make those anew that are there.

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
        f'{len(done)} videos done, {len(plan) - len(left)} were there already, '
        f'{len(failures)} failed'
    )
    return done, failures


def report_failures(folder: Path, failures: dict[str, str]) -> None:
    """Write the failures to ``failed.csv`` and print them; exit with status 1 if there are any.

    Args:
        folder: Where the list goes. An older one is removed.
        failures: The reason by the path of the video.
    """
    path = folder / FAILURES
    path.unlink(missing_ok=True)
    if not failures:
        return
    with open(path, 'w', newline='', encoding='utf-8', errors='surrogateescape') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['path', 'reason'])
        writer.writerows(sorted(failures.items()))
    for video, reason in sorted(failures.items())[:SHOWN_FAILURES]:
        print(f'  {printable(video)}: {reason}')
    print(f'all {len(failures)} that failed are in {path}')
    sys.exit(1)
