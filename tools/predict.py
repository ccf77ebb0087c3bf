"""Predict the classes of videos by a fine-tuned model.

python tools/predict.py CHECKPOINT VIDEOS... --out predictions.csv

VIDEOS are files, folders or patterns. The file has a row for each video: its class, the score of
that class and the scores of all classes. Videos that cannot be read are listed at the end and in
the file `predictions.bad.csv` beside it.
"""

import argparse
from pathlib import Path

from vsslbox.apis import VideoClassifier
from vsslbox.apis.command_line import run_command
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.utils import escaped


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='a checkpoint of fine-tuning')
    parser.add_argument('videos', nargs='+', help='files, folders or patterns')
    parser.add_argument('--out', type=Path, default=Path('predictions.csv'), help='the CSV file')
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--workers', type=int, default=2, help='processes that decode')
    parser.add_argument('--device', help='a GPU if there is one')
    return parser.parse_args()


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
    bad = classifier.bad_videos
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
