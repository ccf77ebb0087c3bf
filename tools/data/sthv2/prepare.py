"""Write the lists of Something-Something-V2; the test list has no labels.

python tools/data/sthv2/prepare.py DOWNLOAD [--out data/sthv2] [--allow-missing]
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

SOURCES = {'train': 'train', 'val': 'validation', 'test': 'test'}
COUNTS = {'train': 168913, 'val': 24777, 'test': 27157}


def class_of(template: str) -> str:
    """Return the class of a template such as "Holding [something]": its text without brackets."""
    return template.replace('[', '').replace(']', '')


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'sthv2').parse_args()
    folder = find(args.download, 'labels', 'annotations')

    def annotations(name: str) -> dict | list:
        return read_json(find(folder, f'{name}.json', f'something-something-v2-{name}.json'))

    labels = {name: int(number) for name, number in annotations('labels').items()}
    videos = find(args.download, 'videos', '20bn-something-something-v2')
    files = link_files(videos, args.out / 'videos')
    lists = [
        DataList(
            f'sthv2_{split}_list_videos.txt',
            {
                video['id']: labels[class_of(video['template'])] if 'template' in video else None
                for video in annotations(source)
            },
            files,
            COUNTS[split],
        )
        for split, source in SOURCES.items()
    ]
    classes = sorted(labels, key=labels.__getitem__)
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
