"""Write the annotations of AVA v2.2, for the videos that are present.

python tools/data/ava/prepare.py DOWNLOAD [--out data/ava] [--allow-missing]
"""

from collections import defaultdict
from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_folder,
    list_parser,
)
from vsslbox.preparation.text_files import read_lines

COUNTS = {'train': 235, 'val': 64}
OTHERS = (
    'ava_train_excluded_timestamps_v2.2.csv',
    'ava_val_excluded_timestamps_v2.2.csv',
    'ava_action_list_v2.2_for_activitynet_2019.pbtxt',
    'ava_dense_proposals_train.FAIR.recall_93.9.pkl',
    'ava_dense_proposals_val.FAIR.recall_93.9.pkl',
)
START = 900  # the second of a movie at which its frames begin
FPS = 30


def has_frames(folder: Path, lines: list[str]) -> bool:
    """Return whether a folder has the frame of the last second in the lines `video,second,...`."""
    last = max(int(line.split(',')[1]) for line in lines)
    return (folder / f'img_{(last - START) * FPS + 1:05d}.jpg').is_file()


def main() -> None:
    """Check annotations and frames, and write the annotations of the videos that are present."""
    args = list_parser(__doc__, 'ava').parse_args()
    annotations = find(args.download, 'annotations', 'ava_v2.2')
    for name in OTHERS:
        find(annotations, name)
    link_folder(annotations, args.out / 'annotations')
    frames = link_folder(find(args.download, 'rawframes'), args.out / 'rawframes')
    lists = []
    for split, count in COUNTS.items():
        name = f'ava_{split}_v2.2.csv'
        lines = defaultdict(list)
        for line in read_lines(find(annotations, name)):
            lines[line.split(',')[0]].append(line)
        complete = {video: video for video in lines if has_frames(frames / video, lines[video])}
        lists.append(DataList(name, dict.fromkeys(lines), complete, count, lines))
    check_and_write_lists(lists, args.out, args.allow_missing)


if __name__ == '__main__':
    run_command(main)
