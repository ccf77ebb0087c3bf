"""Draw the confusion matrix of a file of predictions, and print how well each class is found.

python tools/analysis/confusion.py predictions.csv -o confusion.html

The file has the columns `truth` and `class`, as `predictions.csv` of fine-tuning and what
`tools/test.py --dump FILE.csv` writes. The output is .html, or .csv for the counts alone.
"""

import argparse
from pathlib import Path

from sklearn.metrics import classification_report

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, write_csv
from vsslbox.visualization import Section, confusion_matrix, confusion_plot, write_report


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('predictions', type=Path, help='CSV with the columns truth and class')
    parser.add_argument('-o', '--out', type=Path, default=Path('confusion.html'))
    return parser.parse_args()


def read_predictions(path: Path) -> tuple[list[str], list[str]]:
    """Return the true and the predicted classes, without videos whose class is not known.

    Raises:
        InputError: It is no such file, or no true class is known.
    """
    if path.suffix != '.csv':
        raise InputError(f'{path} is no CSV file: `tools/test.py --dump FILE.csv` writes one')
    rows = read_csv(path, 'truth', 'class')
    known = [row for row in rows if row['truth'].strip()]
    if not known:
        raise InputError(f'{path} has no video with a true class in the column truth')
    if len(known) < len(rows):
        print(f'{len(rows) - len(known)} of {len(rows)} videos have no true class: left out')
    return [row['truth'].strip() for row in known], [row['class'].strip() for row in known]


def main() -> None:
    """Draw the matrix."""
    args = parse_args()
    if args.out.suffix not in ('.html', '.csv'):
        raise InputError(f'{args.out} must end in .html or .csv')
    truth, predicted = read_predictions(args.predictions)
    classes, counts = confusion_matrix(truth, predicted)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.out.suffix == '.csv':
        rows = [(name, *row) for name, row in zip(classes, counts, strict=True)]
        write_csv(args.out, [('true \\ predicted', *classes), *rows])
    else:
        plot = confusion_plot(args.predictions.name, classes, counts)
        note = 'Rows are true classes, columns predicted ones; a row is as strong as its share.'
        write_report(
            args.out,
            title=f'Confusions of {args.predictions.name}',
            sections=[Section('Confusions', note, [plot])],
            details=dict(predictions=str(args.predictions), videos=len(truth)),
        )
    print(classification_report(truth, predicted, zero_division=0))
    print(f'{args.out}: {len(truth)} videos')


if __name__ == '__main__':
    run_command(main)
