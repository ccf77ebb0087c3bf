"""The tables of the papers, row by row, as ``configs/*/metafile.yml`` has them under ``Tables``.

A row has the paper's numbers (``Paper``) and how to rerun it: ``Pretrain``, a config or the name of
weights (``zoo://NAME``), and ``Evaluate``, the config of a protocol or of a training. If a protocol
starts from several pretrainings, ``Pretrain`` names one for each variable of the environment that
its config reads; a later one may start from an earlier one. A row that takes other steps has a
``Guide``, the page that describes them, and one that cannot be rerun here a ``Reason``.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.fileio import load

from vsslbox.errors import InputError

__all__ = ['PaperRow', 'PaperTable', 'read_paper_tables', 'start_variables']

_KEYS = {'Row', 'Paper', 'Pretrain', 'Evaluate', 'Guide', 'Reason'}
# A variable of the environment whose default is a checkpoint, not a folder of data.
_START = re.compile(r'\{\{\s*\$(\w+):(zoo://[^}]*|[^}]*\.(?:pth|pt|tar))\}\}')


@dataclass(frozen=True)
class PaperRow:
    """A row of a table.

    Attributes:
        name: What the paper calls it.
        paper: The paper's numbers, by metric.
        pretrain: The config or the weights to start from, by the variable that names them to the
            configs after it; an empty name stands for all variables that the evaluation reads.
        evaluate: The config that is trained or tested after it, if any.
        guide: The page with the steps, for a row that takes others.
        reason: Why the row cannot be rerun, or nothing.
    """

    name: str
    paper: dict[str, float] = field(default_factory=dict)
    pretrain: dict[str, str] = field(default_factory=dict)
    evaluate: str | None = None
    guide: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PaperTable:
    """A table or figure of a paper: its number, caption and rows."""

    number: str
    caption: str
    rows: list[PaperRow]


def read_paper_tables(metafile: Path) -> list[PaperTable]:
    """Read the tables of a metafile; one without any gives none.

    Raises:
        InputError: A row has an unknown key, or neither configs nor a reason, or both.
    """
    tables = load(metafile).get('Tables', [])
    return [
        PaperTable(
            str(table['Table']), table['Caption'], [_row(r, metafile) for r in table['Rows']]
        )
        for table in tables
    ]


def _row(content: dict[str, Any], metafile: Path) -> PaperRow:
    where = f'{metafile}, row "{content.get("Row")}"'
    if unknown := content.keys() - _KEYS:
        raise InputError(f'{where}: unknown keys {sorted(unknown)}; known are {sorted(_KEYS)}')
    pretrain = content.get('Pretrain', {})
    row = PaperRow(
        name=content['Row'],
        paper=content.get('Paper', {}),
        pretrain={'': pretrain} if isinstance(pretrain, str) else pretrain,
        evaluate=content.get('Evaluate'),
        guide=content.get('Guide'),
        reason=content.get('Reason'),
    )
    if bool(row.pretrain or row.evaluate) == bool(row.reason):
        raise InputError(f'{where} needs Pretrain or Evaluate, or else a Reason')
    return row


def start_variables(config_file: Path) -> list[str]:
    """Return the variables of the environment that name the start weights of a config's model."""
    config = Config.fromfile(config_file)
    read = repr([config.get('model'), config.get('load_from')])
    named = _START.findall(config.text)  # a variable may have several defaults
    return sorted({name for name, start in named if repr(os.environ.get(name, start)) in read})
