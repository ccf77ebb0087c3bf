"""Score the motion and the quality of videos or shots, and keep those that meet conditions.

python tools/data/score_videos.py TABLE -o scored.csv --keep 'motion>0.001' 'brightness>0.08'

TABLE is a folder or a list (text, CSV or Parquet with a column `path`, and `start` and `end` in
seconds for segments of videos, as `find_shots` writes them). The new table has its columns and

* seconds, width, height, fps;
* motion: the mean optical flow, in lengths of the frame (width plus height) a second;
* sharpness: the share of the fine structure that a blur would remove, from 0 to 1;
* brightness from 0 to 1, and contrast, its spread.

Rows that miss a condition of `--keep` are listed in `scored.left_out.csv` beside it, with the
conditions that they miss; so are videos that cannot be read. Conditions may name any column of
numbers. Scores are noted in a journal beside the table: a second run, with other conditions too,
reads only what is new or has changed.
"""

import argparse

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.preparation.curation import (
    SCORES,
    Table,
    journaled,
    parse_condition,
    read_table,
    score_spans,
    span_of,
    write_tables,
)
from vsslbox.preparation.curation.tables import REASON, add_table_options, check_output
from vsslbox.preparation.video_jobs import Failure

Spans = tuple[tuple[float, float] | None, ...]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add_table_options(parser)
    parser.add_argument(
        '--keep', nargs='+', default=[], metavar='CONDITION', help="such as 'motion>0.001'"
    )
    return parser.parse_args()


def score(job: tuple[str, Spans]) -> list[dict[str, float] | None]:
    """Return the scores of segments of a video."""
    return score_spans(*job)


def main() -> None:
    """Score."""
    args = parse_args()
    check_output(args.source, args.out)
    conditions = [parse_condition(text) for text in args.keep]
    table = read_table(args.source)
    columns = list(dict.fromkeys([*table.columns, *SCORES]))
    if unknown := [str(one) for one in conditions if one.column not in columns]:
        raise InputError(f'--keep {" ".join(unknown)}: there are only the columns {columns}')
    places: dict[str, list[int]] = {}
    for place, row in enumerate(table.rows):
        places.setdefault(row['path'], []).append(place)
    spans = [span_of(row, args.source) for row in table.rows]
    found = journaled(
        score,
        {path: (path, tuple(spans[place] for place in own)) for path, own in places.items()},
        SCORES,
        args.out.with_suffix('.journal.jsonl'),
        args.num_workers,
        'scoring',
    )
    scores: list = [None] * len(table.rows)
    for path, own in places.items():
        failed = isinstance(found[path], Failure)
        for place, result in zip(own, [found[path]] * len(own) if failed else found[path]):
            scores[place] = result
    kept, left_out = [], []
    for row, result in zip(table.rows, scores):
        if result is None or isinstance(result, Failure):
            reason = 'has no frame of the segment' if result is None else result.reason
            left_out.append({**row, REASON: reason})
            continue
        row = {**row, **result}
        missed = [str(condition) for condition in conditions if not condition.is_met(row)]
        if missed:
            left_out.append({**row, REASON: f'not {" ".join(missed)}'})
        else:
            kept.append(row)
    write_tables(args.out, Table(columns, kept), Table([*columns, REASON], left_out))


if __name__ == '__main__':
    run_command(main)
