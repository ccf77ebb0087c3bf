"""Predict the classes of videos by a fine-tuned model.

python tools/predict.py CHECKPOINT VIDEOS... --out predictions.csv [--overlay FOLDER]

VIDEOS are files, folders or patterns. The file has a row for each video: its class, the score of
that class and the scores of all classes. Videos that cannot be read are listed at the end and in
the file `predictions.bad.csv` beside it. `--overlay` writes copies of the videos (without sound)
that show their three most probable classes.
"""

import argparse
from contextlib import closing
from itertools import chain, count
from pathlib import Path

from vsslbox.apis import VideoClassifier
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers import FallbackReader, VideoError
from vsslbox.datasets.transforms import OpenVideo
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.utils import escaped, track, whole_number
from vsslbox.visualization import DEFAULT_RATE, draw_caption, enlarged_frames, write_video


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='a checkpoint of fine-tuning')
    parser.add_argument('videos', nargs='+', help='files, folders or patterns')
    parser.add_argument('--out', type=Path, default=Path('predictions.csv'), help='the CSV file')
    parser.add_argument('--overlay', type=Path, help='folder for videos with their classes drawn')
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--workers', type=whole_number(0), default=2, help='processes that decode')
    parser.add_argument('--device', help='a GPU if there is one')
    return parser.parse_args()


def free_name(folder: Path, stem: str, taken: set[Path]) -> Path:
    """Return a path for a video that no other of the same name has, and take it."""
    names = (f'{stem} ({number}).mp4' for number in count(2))
    path = next(folder / n for n in chain([f'{stem}.mp4'], names) if folder / n not in taken)
    taken.add(path)
    return path


def draw_classes(folder: Path, results: dict) -> dict[str, str]:
    """Write each video with its classes drawn.

    Returns:
        The videos that cannot be decoded to their ends, and why.
    """
    bad, taken = {}, set()
    videos, predictions = results['videos'], results['predictions']
    for video, prediction in track(zip(videos, predictions, strict=True), 'videos', len(videos)):
        path = free_name(folder, Path(video).stem, taken)
        likely = sorted(prediction['scores'].items(), key=lambda item: -item[1])[:3]
        lines = [f'{class_}  {100 * score:.0f} %' for class_, score in likely]
        try:
            with closing(FallbackReader(video, OpenVideo().readers)) as reader:
                frames = (draw_caption(image, lines) for image, _ in enlarged_frames(reader))
                write_video(path, frames, reader.fps or DEFAULT_RATE)
        except VideoError as error:
            bad[video] = error.reason
    print(f'{folder}: {len(videos) - len(bad)} videos')
    return bad


def main() -> None:
    """Predict."""
    args = parse_args()
    classifier = VideoClassifier(
        args.checkpoint,
        device=args.device,
        num_workers=args.workers,
        show_progress=True,
        skip_bad=True,
    )
    results = classifier(args.videos, batch_size=args.batch_size)
    rows = [
        [video, prediction['class'], f'{prediction["score"]:.6f}']
        + [f'{score:.6f}' for score in prediction['scores'].values()]
        for video, prediction in zip(results['videos'], results['predictions'], strict=True)
    ]
    write_csv(args.out, [['name', 'class', 'score', *classifier.classes], *rows])
    print(f'{args.out}: {len(rows)} videos')
    bad = dict(classifier.bad_videos)
    if args.overlay is not None:
        bad |= draw_classes(args.overlay, results)
    if bad:
        bad_file = args.out.with_suffix('.bad.csv')
        write_csv(bad_file, [('name', 'reason'), *bad.items()])
        for video, reason in bad.items():
            print(f'not read: {escaped(video)}: {reason}')
        print(f'{bad_file}: {len(bad)} videos that could not be read')
    if not rows:
        raise InputError('none of the videos could be read')


if __name__ == '__main__':
    run_command(main)
