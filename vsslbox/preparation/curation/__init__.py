"""Curation of unlabelled videos: shots, scores, and what to keep; tables in, tables out."""

from vsslbox.preparation.curation.conditions import Condition, parse_condition
from vsslbox.preparation.curation.journal import journaled
from vsslbox.preparation.curation.scores import SCORES, score_spans
from vsslbox.preparation.curation.shots import ShotSettings, find_shots
from vsslbox.preparation.curation.tables import (
    Table,
    left_out_path,
    name_of,
    read_table,
    span_of,
    write_tables,
)

__all__ = [
    'SCORES',
    'Condition',
    'ShotSettings',
    'Table',
    'find_shots',
    'journaled',
    'left_out_path',
    'name_of',
    'parse_condition',
    'read_table',
    'score_spans',
    'span_of',
    'write_tables',
]
