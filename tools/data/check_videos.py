"""Find unreliable videos in a folder or list.

python tools/data/check_videos.py FOLDER_OR_LIST [--data-root FOLDER] [--out bad_videos.csv] ...

It writes a CSV file with one row for each problem: path, problem, detail. The problems are

* unreadable: the file is missing, is not a video, or no frame can be decoded;
* no frames: the file opens, but holds no frames;
* fewer frames than promised: the container's header counts more frames than can be decoded;
* decode error: decoding stops at damaged data in the middle;
* several video streams: readers may choose different ones;
* rotated: the container asks for rotated frames, which only some readers respect;
* variable frame rate: frame numbers do not measure time.

The exit status is 1 if there is any problem. Results are saved in a journal beside the CSV file, so
that a second run skips files that have not changed.
"""

import argparse
import csv
import json
import os
import sys
from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.preparation.text_files import write_csv
from vsslbox.preparation.video_jobs import Failure, add_job_options, list_videos, run_jobs
from vsslbox.utils import escaped

Problems = list[tuple[str, str]]  # each with a detail

# A file has a variable frame rate if the durations of its frames differ by more than this share of
# the shortest, beyond what rounding to the time unit of the file can explain.
UNEVENNESS = 0.1
ROUNDING = 2  # units
JOURNAL_COLUMNS = 5


class Scan(NamedTuple):
    """The result of a pass over a file's first video stream.

    Attributes:
        promised: The number of frames in the container's header, without those cut off by an edit
            list; 0 or less if unknown.
        times: The presentation times of the frames, from their packets.
        decoded: The number of decoded frames.
        angle: The counterclockwise rotation of the first frame, in degrees.
        error: The error that ended the pass, or empty.
    """

    promised: int
    times: list[int | None]
    decoded: int
    angle: int
    error: str


def check_video(path: str, frames: str) -> Problems:
    """Return the problems of a file.

    Args:
        path: The file.
        frames: ``'all'`` to decode all frames; ``'headers'`` to decode the first frame and count
            the packets of the others.
    """
    try:
        container = av.open(path, metadata_errors='ignore')
    except (av.FFmpegError, OSError) as error:
        return [('unreadable', error.strerror or str(error))]
    with container:
        streams = container.streams.video
        if not streams or streams[0].codec_context is None:
            return [('unreadable', 'holds no video stream that FFmpeg can decode')]
        decode_all = frames == 'all'
        scan = scan_frames(container, decode_all)
        if scan.decoded == 0 and scan.error:
            return [('unreadable', scan.error)]
        if scan.decoded == 0:
            return [('no frames', 'none can be decoded')]
        count = scan.decoded if decode_all else len(scan.times)
        problems = _check_count(scan, count) or _check_times(scan.times, streams[0].time_base)
        if scan.angle:
            problems.append(('rotated', f'by {scan.angle} degrees counterclockwise'))
        if len(streams) > 1:
            sizes = ', '.join(f'{stream.width}x{stream.height}' for stream in streams)
            problems.append(('several video streams', f'{len(streams)}: {sizes}'))
    return problems


def scan_frames(container: InputContainer, decode_all: bool) -> Scan:
    """Pass over the first video stream, decoding all frames or the first."""
    stream = container.streams.video[0]
    stream.thread_type = 'NONE'
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {'err_detect': 'explode'}  # otherwise damage is concealed
    promised, times, decoded, angle, error = stream.frames, [], 0, 0, ''
    try:
        for packet in container.demux(stream):
            if packet.size and packet.is_discard:  # decoded, but cut off by an edit list
                promised -= 1
            elif packet.size:
                times.append(packet.pts)
            if decode_all or not decoded:
                for frame in packet.decode():
                    angle = angle or frame.rotation
                    decoded += 1
    except (av.FFmpegError, OSError) as raised:
        error = raised.strerror or str(raised)
    return Scan(promised, times, decoded, angle, error)


def _check_count(scan: Scan, count: int) -> Problems:
    of = f'{count} of {scan.promised}' if scan.promised > 0 else str(count)
    if scan.error:
        return [('decode error', f'after {of} frames: {scan.error}')]
    return [('fewer frames than promised', of)] if count < scan.promised else []


def _check_times(times: list[int | None], unit: Fraction) -> Problems:
    """Find variable frame rates in undamaged files; in others missing frames leave gaps in time."""
    if None in times:
        return []
    lasting = [after - before for before, after in pairwise(sorted(set(times)))]
    if not lasting or max(lasting) <= min(lasting) * (1 + UNEVENNESS) + ROUNDING:
        return []
    shortest, longest = (float(1000 * unit * units) for units in (min(lasting), max(lasting)))
    return [('variable frame rate', f'frames last from {shortest:.1f} to {longest:.1f} ms')]


# --------------------------------------------------------------------------- the journal


def fingerprint(path: str, frames: str) -> tuple[str, str, str]:
    """Return what must be the same for an earlier result to hold: size, mtime and kind of check."""
    try:
        status = os.stat(path)
    except OSError:
        return '', '', frames
    return str(status.st_size), str(status.st_mtime_ns), frames


def read_journal(path: Path) -> dict[tuple[str, ...], Problems]:
    """Return earlier results by path and fingerprint; half-written rows are left out."""
    if not path.is_file():
        return {}
    results = {}
    with open(path, newline='', encoding='utf-8', errors='surrogateescape') as file:
        for row in csv.reader(file):
            if len(row) == JOURNAL_COLUMNS and row[-1].endswith(']'):
                results[tuple(row[:-1])] = [tuple(problem) for problem in json.loads(row[-1])]
    return results


def check_videos(
    paths: list[str], journal: Path, frames: str, num_workers: int
) -> dict[str, Problems]:
    """Return the problems of all files; files in the journal are not checked again."""
    known = read_journal(journal)
    keys = {path: (os.path.abspath(path), *fingerprint(path, frames)) for path in paths}
    left = [path for path in paths if keys[path] not in known]
    if len(left) < len(paths):
        print(f'{len(paths) - len(left)} of {len(paths)} videos were checked before')
    journal.parent.mkdir(parents=True, exist_ok=True)
    with open(journal, 'a', newline='', encoding='utf-8', errors='surrogateescape') as file:
        file.write('\n' if known else '')  # ends a row that an interrupted run left unfinished
        writer = csv.writer(file, lineterminator='\n')
        for path, result in run_jobs(
            partial(check_video, frames=frames), left, num_workers, 'checking'
        ):
            if isinstance(result, Failure):  # may be the machine's fault: not saved
                known[keys[path]] = [('unreadable', result.reason)]
                continue
            known[keys[path]] = result
            writer.writerow([*keys[path], json.dumps(result)])
            file.flush()
    return {path: known[keys[path]] for path in paths}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', type=Path, help='folder of the videos, or a list of them')
    parser.add_argument(
        '--out', type=Path, default=Path('bad_videos.csv'), help='CSV file for the problems'
    )
    parser.add_argument(
        '--frames',
        choices=['all', 'headers'],
        default='all',
        help='decode all frames, or only the first and count the headers of the others',
    )
    add_job_options(parser)
    return parser.parse_args()


def main() -> None:
    """Check the videos and report."""
    args = parse_args()
    paths = list(list_videos(args.source, args.data_root).values())
    journal = args.out.with_suffix('.journal.csv')
    results = check_videos(paths, journal, args.frames, args.num_workers)
    rows = [(path, *problem) for path, problems in results.items() for problem in problems]
    write_csv(args.out, [('path', 'problem', 'detail'), *rows])
    num_bad = sum(map(bool, results.values()))
    print(f'{len(paths) - num_bad} of {len(paths)} videos are fine')
    for problem, count in Counter(problem for _, problem, _ in rows).most_common():
        example, detail = next((path, detail) for path, found, detail in rows if found == problem)
        print(f'  {count} {problem}, such as {escaped(example)}: {detail}')
    if rows:
        print(f'all problems are listed in {args.out}')
        sys.exit(1)


if __name__ == '__main__':
    run_command(main)
