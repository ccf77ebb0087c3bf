"""Write BMN's annotations for the features of snippet_features.py.

python tools/data/activitynet/annotate_features.py ANNOTATIONS FEATURES [--out FOLDER]

ANNOTATIONS is ActivityNet's activity_net.v1-3.min.json, or your own file of the same form:

{"database": {"ID": {"subset": "training", "duration": 12.5,
                     "annotations": [{"segment": [1.5, 7.25], "label": "diving"}, ...]}, ...}}

The features of ID are in `v_ID.csv` or `ID.csv` (or .npy). The tool writes `anet_anno_train.json`,
`anet_anno_val.json` and `anet_anno_test.json`, each if there are features of its videos.
"""

import argparse
import json
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.evaluation.features.snippet_files import noted_videos
from vsslbox.preparation.text_files import read_json, write_text

SUBSETS = {'training': 'train', 'validation': 'val', 'testing': 'test'}
NEEDED = {'subset', 'duration', 'annotations'}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('annotations', type=Path, help="ActivityNet's JSON file")
    parser.add_argument('features', type=Path, help='folder of the features')
    parser.add_argument(
        '--out', type=Path, help='folder for the annotations (default: the parent of FEATURES)'
    )
    return parser.parse_args()


def annotate(
    database: dict[str, dict], videos: dict[str, tuple[int, int]]
) -> dict[str, dict[str, dict]]:
    """Return BMN's annotations of the videos that have features, by subset.

    Args:
        database: ActivityNet's annotations, by the video's ID.
        videos: The frames of each video, and the number of frames that its features cover.

    Raises:
        InputError: An annotation is incomplete.
    """
    subsets: dict[str, dict[str, dict]] = {}
    for video, (frames, covered) in sorted(videos.items()):
        name = video if video in database else video.removeprefix('v_')
        if name not in database:
            continue
        entry = database[name]
        if not entry.keys() >= NEEDED or entry['subset'] not in SUBSETS:
            raise InputError(
                f'the annotations of {name} need {sorted(NEEDED)}, and one of {list(SUBSETS)} as '
                f'subset; they have {entry}'
            )
        subsets.setdefault(entry['subset'], {})[video] = dict(
            duration_second=entry['duration'],
            duration_frame=frames,
            feature_frame=covered,
            annotations=entry['annotations'],
        )
    return subsets


def main() -> None:
    """Write the annotations of the videos that have features."""
    args = parse_args()
    videos = noted_videos(args.features)
    if not videos:
        raise FileNotFoundError(f'{args.features} has no features of snippet_features.py')
    database = read_json(args.annotations)
    if 'database' not in database:
        raise InputError(f"{args.annotations} has no key 'database': give ActivityNet's JSON file")
    subsets = annotate(database['database'], videos)
    without = len(videos) - sum(map(len, subsets.values()))
    print(f'{without} of {len(videos)} videos with features are not in {args.annotations}')
    for subset, entries in subsets.items():
        path = (args.out or args.features.parent) / f'anet_anno_{SUBSETS[subset]}.json'
        write_text(path, [json.dumps(entries)])
        print(f'{len(entries)} videos in {path}')


if __name__ == '__main__':
    run_command(main)
