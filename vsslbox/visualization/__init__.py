"""Reports and figures of results."""

from vsslbox.visualization.confusion import confusion_matrix, confusion_plot
from vsslbox.visualization.embedding import embed
from vsslbox.visualization.findings import findings, verdict
from vsslbox.visualization.localization_figure import TimeSegment, draw_localization
from vsslbox.visualization.report import Hit, PaperNumbers, Retrieval, Section, write_report
from vsslbox.visualization.retrieval_grid import nearest_videos
from vsslbox.visualization.scatter import scatter_plot
from vsslbox.visualization.text_table import figures_text, markdown_table, metrics_text
from vsslbox.visualization.video_file import (
    DEFAULT_RATE,
    draw_caption,
    enlarged_frames,
    write_video,
)

__all__ = [
    'DEFAULT_RATE',
    'Hit',
    'PaperNumbers',
    'Retrieval',
    'Section',
    'TimeSegment',
    'confusion_matrix',
    'confusion_plot',
    'draw_caption',
    'draw_localization',
    'embed',
    'figures_text',
    'findings',
    'enlarged_frames',
    'markdown_table',
    'metrics_text',
    'nearest_videos',
    'scatter_plot',
    'verdict',
    'write_report',
    'write_video',
]
