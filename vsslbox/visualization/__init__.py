"""Reports and figures of results."""

from vsslbox.visualization.confusion import confusion_matrix, confusion_plot
from vsslbox.visualization.embedding import embed
from vsslbox.visualization.localization_figure import TimeSegment, draw_localization
from vsslbox.visualization.report import Hit, PaperNumbers, Retrieval, Section, write_report
from vsslbox.visualization.retrieval_grid import nearest_videos
from vsslbox.visualization.scatter import scatter_plot
from vsslbox.visualization.text_table import markdown_table, metrics_text

__all__ = [
    'Hit',
    'PaperNumbers',
    'Retrieval',
    'Section',
    'TimeSegment',
    'confusion_matrix',
    'confusion_plot',
    'draw_localization',
    'embed',
    'markdown_table',
    'metrics_text',
    'nearest_videos',
    'scatter_plot',
    'write_report',
]
