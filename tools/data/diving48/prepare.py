"""Write the lists of Diving48, with the labels of version 2.

python tools/data/diving48/prepare.py DOWNLOAD [--out data/diving48] [--allow-missing]
"""

from vsslbox.apis.command_line import run_command
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)
from vsslbox.preparation.text_files import read_json

SOURCES = {'train': 'train', 'val': 'test'}
COUNTS = {'train': 15027, 'val': 1970}


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'diving48').parse_args()
    vocabulary = read_json(find(args.download, 'Diving48_vocab.json'))
    annotations = {
        split: read_json(find(args.download, f'Diving48_V2_{source}.json'))
        for split, source in SOURCES.items()
    }
    files = link_files(find(args.download, 'videos', 'rgb'), args.out / 'videos')
    lists = [
        DataList(
            f'diving48_{split}_list_videos.txt',
            {dive['vid_name']: int(dive['label']) for dive in annotations[split]},
            files,
            COUNTS[split],
        )
        for split in SOURCES
    ]
    classes = [' '.join(parts) for parts in vocabulary]
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
