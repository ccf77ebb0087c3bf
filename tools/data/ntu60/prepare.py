"""Write the lists of NTU RGB+D (60 classes) by its two protocols: cross-subject and cross-view.

python tools/data/ntu60/prepare.py DOWNLOAD [--out data/ntu60] [--allow-missing]
"""

import re
from collections.abc import Callable

from vsslbox.apis.command_line import run_command
from vsslbox.errors import InputError
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)

TRAIN_SUBJECTS = {1, 2, 4, 5, 8, 9, *range(13, 20), 25, 27, 28, 31, 34, 35, 38}
TRAIN_CAMERAS = {2, 3}
CLASSES = 60
COUNTS = {'xsub': (40320, 16560), 'xview': (37920, 18960)}
# Setup, camera, performer, repetition and action.
NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})(_rgb)?')

Trains = Callable[[int, int], bool]
PROTOCOLS: dict[str, Trains] = {
    'xsub': lambda camera, subject: subject in TRAIN_SUBJECTS,
    'xview': lambda camera, subject: camera in TRAIN_CAMERAS,
}


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'ntu60').parse_args()
    files = link_files(find(args.download, 'videos', 'nturgb+d_rgb'), args.out / 'videos')
    known = {name: match for name in files if (match := NAME.fullmatch(name))}
    if not known:
        raise InputError(
            f'no video of {args.download} has a name such as S001C002P003R002A013_rgb.avi'
        )
    rows: dict[str, dict[str, int]] = {
        f'{protocol}_{split}': {} for protocol in PROTOCOLS for split in ('train', 'val')
    }
    for name, match in known.items():
        _, camera, subject, _, action = map(int, match.groups()[:5])
        if action > CLASSES:  # of NTU RGB+D 120
            continue
        for protocol, trains in PROTOCOLS.items():
            split = 'train' if trains(camera, subject) else 'val'
            rows[f'{protocol}_{split}'][name] = action - 1
    lists = [
        DataList(
            f'ntu60_{name}_list_videos.txt',
            labels,
            {video: files[video] for video in labels},
            COUNTS[name.split('_')[0]][name.endswith('val')],
        )
        for name, labels in rows.items()
    ]
    check_and_write_lists(lists, args.out, args.allow_missing)


if __name__ == '__main__':
    run_command(main)
