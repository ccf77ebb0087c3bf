"""Write lists of the videos and clips of ActivityNet 1.3, and annotations for BMN.

python tools/data/activitynet/prepare.py DOWNLOAD [--out data/activitynet] [--allow-missing]

The outputs depend on the folders that exist: `videos`, `clips`, `features`.
"""

import json
from collections import defaultdict
from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.datasets.video_dataset import ENDINGS
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_lists,
    find,
    link_files,
    list_parser,
    write_lists,
)
from vsslbox.preparation.text_files import read_csv, read_json, write_text

FOLDERS = ('videos', 'clips', 'features')
SUBSETS = {'train': 'training', 'val': 'validation'}
COUNTS = {'train': 10024, 'val': 4926}
COUNTS_CLIPS = {'train': 15410, 'val': 7654}
COUNTS_BMN = {'train': 9649, 'val': 4728}


def label_videos(entries: dict[str, dict], classes: list[str]) -> dict[str, int]:
    """Return the label of the first segment of each video."""
    return {v: classes.index(entry['annotations'][0]['label']) for v, entry in entries.items()}


def label_clips(entries: dict[str, dict], classes: list[str]) -> dict[str, int]:
    """Return the label of each segment; segment 0 of `v_ID` is the clip `v_ID_0`."""
    return {
        f'{video}_{number}': classes.index(segment['label'])
        for video, entry in entries.items()
        for number, segment in enumerate(entry['annotations'])
    }


def cuts(entries: dict[str, dict], videos: dict[str, str]) -> list[str]:
    """Return CSV lines that tell where to cut the clips, in seconds."""
    lines = []
    for video in sorted(entries.keys() & videos.keys()):
        for number, segment in enumerate(entries[video]['annotations']):
            start, end = segment['segment']
            lines.append(f'{video}_{number}.mp4,{videos[video]},{start:.3f},{end - start:.3f}')
    return lines


def read_bmn(folder: Path) -> dict[str, dict[str, dict]]:
    """Return the annotations that mmaction2's `ActivityNetDataset` needs, by subset and video."""
    annotations = read_json(find(folder, 'anet_anno_action.json'))
    subsets = defaultdict(dict)
    columns = 'video', 'fps', 'rfps', 'subset'
    for row in read_csv(find(folder, 'video_info_new.csv'), *columns):
        rates = dict(fps=float(row['fps']), rfps=float(row['rfps']))
        subsets[row['subset']][row['video']] = {**annotations[row['video']], **rates}
    return subsets


def lists_of(
    kind: str, labels: dict[str, dict[str, int]], files: dict[str, str], counts: dict[str, int]
) -> list[DataList]:
    """Return the lists of videos or clips of all splits."""
    return [
        DataList(f'activitynet_{split}_list_{kind}.txt', labels[split], files, counts[split])
        for split in SUBSETS
    ]


def main() -> None:
    """Check the download, and write the lists of what is present."""
    args = list_parser(__doc__, 'activitynet').parse_args()
    find(args.download, *FOLDERS)  # one is enough
    files = {
        name: link_files(
            args.download / name, args.out / name, ['.csv'] if name == 'features' else ENDINGS
        )
        for name in FOLDERS
        if (args.download / name).is_dir()
    }
    annotations = find(args.download, 'annotations')
    database = read_json(find(annotations, 'activity_net.v1-3.min.json'))['database']
    classes = sorted({a['label'] for entry in database.values() for a in entry['annotations']})
    entries = {
        split: {f'v_{video}': entry for video, entry in database.items() if entry['subset'] == name}
        for split, name in SUBSETS.items()
    }
    lists, bmn_lists, table = [], [], []
    if 'videos' in files:
        table = [line for split in SUBSETS for line in cuts(entries[split], files['videos'])]
        labels = {split: label_videos(entries[split], classes) for split in SUBSETS}
        lists += lists_of('videos', labels, files['videos'], COUNTS)
    if 'clips' in files:
        labels = {split: label_clips(entries[split], classes) for split in SUBSETS}
        lists += lists_of('clips', labels, files['clips'], COUNTS_CLIPS)
    if 'features' in files:
        bmn = read_bmn(annotations)
        bmn_lists = [
            DataList(
                f'anet_anno_{split}.json',
                dict.fromkeys(bmn[name]),
                files['features'],
                COUNTS_BMN[split],
            )
            for split, name in SUBSETS.items()
        ]
    check_lists([*lists, *bmn_lists], args.out, args.allow_missing)
    write_lists(lists, args.out, classes)
    if table:
        write_text(args.out / 'cuts.csv', ['clip,video,start,duration', *table])
    for one, name in zip(bmn_lists, SUBSETS.values()):
        there = {video: bmn[name][video] for video in one.found}
        write_text(args.out / one.name, [json.dumps(there)])


if __name__ == '__main__':
    run_command(main)
