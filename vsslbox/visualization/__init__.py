"""Results to look at."""

from vsslbox.visualization.report import Hit, Retrieval, write_report

__all__ = ['Hit', 'Retrieval', 'write_report']
