"""The report of an evaluation: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vsslbox.evaluation import Figure
from vsslbox.visualization.film_strip import film_strip
from vsslbox.visualization.findings import OTHERS, verdict
from vsslbox.visualization.page import flatten, write_page

__all__ = ['Hit', 'Mistakes', 'PaperNumbers', 'Retrieval', 'Section', 'Warned', 'write_report']


@dataclass
class Hit:
    """A video that was found.

    Args:
        image: Its thumbnail, RGB, uint8 ``[H, W, 3]``, or that of a clip, ``[T, H, W, 3]``.
        caption: The text below it.
        correct: Whether it has the query's label; None if that is not asked.
    """

    image: np.ndarray
    caption: str
    correct: bool | None


@dataclass
class Retrieval:
    """A query with its nearest videos.

    Args:
        query: The query's thumbnail, as that of a :class:`Hit`.
        query_caption: The text below it.
        hits: The nearest videos, best first.
    """

    query: np.ndarray
    query_caption: str
    hits: Sequence[Hit]


@dataclass
class Mistakes:
    """Queries of one class that were taken for another.

    Args:
        title: Which.
        examples: Some of them, each with the video that it was taken for.
    """

    title: str
    examples: Sequence[Retrieval]


@dataclass
class Warned:
    """A warning, such as of videos that are in both lists.

    Args:
        text: What is wrong, and what to do.
        pairs: Examples of two videos that are too much alike.
    """

    text: str
    pairs: Sequence[Retrieval] = ()


@dataclass
class PaperNumbers:
    """The numbers that a paper reports.

    Args:
        source: The paper, and the model.
        metrics: Its numbers by the metrics' names.
    """

    source: str
    metrics: Mapping[str, float]


@dataclass
class Section:
    """A further section of the report.

    Args:
        title: The heading.
        note: A line that explains it, as HTML.
        figures: The figures to show side by side, as HTML.
    """

    title: str
    note: str
    figures: Sequence[str]


def write_report(
    path: str | Path,
    *,
    title: str,
    findings: Sequence[str] = (),
    setting: str = '',
    warnings: Sequence[Warned] = (),
    figures: Sequence[Figure] = (),
    paper: PaperNumbers | None = None,
    retrievals: Sequence[Retrieval] = (),
    mistakes: Sequence[Mistakes] = (),
    sections: Sequence[Section] = (),
    details: Mapping[str, object] | None = None,
) -> None:
    """Write the report of an evaluation; empty sections are left out.

    Args:
        path: The HTML file to write; missing folders are created.
        title: The heading.
        findings: What was found, in sentences.
        setting: Which videos were evaluated, in a sentence.
        warnings: What makes the figures doubtful.
        figures: The figures, all compared with the same other features.
        paper: A paper's numbers, for a column of their own.
        retrievals: Queries with their nearest videos.
        mistakes: Wrong answers.
        sections: Sections to insert before the details.
        details: Further information by name, folded away; values may be mappings.

    Raises:
        ValueError: A thumbnail is empty or no uint8 array of RGB frames.
    """
    values = dict(
        title=title,
        findings=findings,
        setting=setting,
        warnings=warnings,
        figures=figures,
        others=_others(figures),
        paper=paper,
        retrievals=retrievals,
        mistakes=mistakes,
        sections=[part for part in sections if part.figures],
        details=list(flatten(details or {})),
    )
    functions = (film_strip, verdict)
    write_page(path, 'vsslbox.visualization', 'report.html', values, functions=functions)


def _others(figures: Sequence[Figure]) -> dict[str, str]:
    """Return the features that figures are compared with: what they are, by their short names."""
    names = dict.fromkeys(name for figure in figures for name in figure.comparisons)
    return {name: OTHERS.get(name, name) for name in names}
