"""Write the lists of ImageNet (ILSVRC 2012), for any layout of its validation images.

python tools/data/imagenet/prepare.py DOWNLOAD [--out data/imagenet] [--allow-missing]
"""

from pathlib import Path, PurePath

from scipy.io import loadmat

from vsslbox.apis.command_line import run_command
from vsslbox.errors import InputError
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)
from vsslbox.preparation.text_files import read_csv, read_lines

COUNTS = {'train': 1281167, 'val': 50000}
NUM_CLASSES = 1000
ENDINGS = ('.jpeg', '.jpg')
DEVKIT = 'ILSVRC2012_devkit_t12/data'


def classes_by_folder(files: dict[str, str]) -> dict[str, str]:
    """Return the classes of images in folders named by class, such as n01440764."""
    return {image: PurePath(path).parent.name for image, path in files.items()}


def classes_by_annotation(download: Path) -> dict[str, str]:
    """Return the classes of the validation images, from Kaggle's table or the development kit."""
    source = find(download, 'LOC_val_solution.csv', DEVKIT)
    if source.is_file():
        rows = read_csv(source, 'ImageId', 'PredictionString')
        return {row['ImageId']: row['PredictionString'].split()[0] for row in rows}
    synsets = loadmat(source / 'meta.mat', squeeze_me=True)['synsets']
    names = dict(zip(synsets['ILSVRC2012_ID'].tolist(), synsets['WNID'].tolist()))
    numbers = read_lines(source / 'ILSVRC2012_validation_ground_truth.txt')
    return {
        f'ILSVRC2012_val_{image:08d}': names[int(number)]
        for image, number in enumerate(numbers, start=1)
    }


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'imagenet').parse_args()
    files = {
        split: link_files(
            find(args.download, split, f'ILSVRC/Data/CLS-LOC/{split}'), args.out / split, ENDINGS
        )
        for split in COUNTS
    }
    names = {split: classes_by_folder(files[split]) for split in COUNTS}
    classes = sorted(set(names['train'].values()))
    if len(classes) != NUM_CLASSES:
        raise InputError(f'{args.out / "train"} has {len(classes)} folders, not {NUM_CLASSES}')
    if '' in names['val'].values():
        names['val'] = classes_by_annotation(args.download)
    labels = {name: number for number, name in enumerate(classes)}
    lists = [
        DataList(
            f'imagenet_{split}_list_images.txt',
            {image: labels[name] for image, name in names[split].items()},
            files[split],
            COUNTS[split],
        )
        for split in COUNTS
    ]
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
