"""Reports and figures of results."""

from vsslbox.visualization.confusion import confusion_matrix, confusion_plot
from vsslbox.visualization.embedding import embed
from vsslbox.visualization.findings import findings, verdict
from vsslbox.visualization.localization_figure import TimeSegment, draw_localization
from vsslbox.visualization.report import (
    Hit,
    Mistakes,
    PaperNumbers,
    Retrieval,
    Section,
    Warned,
    write_report,
)
from vsslbox.visualization.retrieval_grid import mistaken_videos, nearest_videos
from vsslbox.visualization.scatter import scatter_plot, spread_points
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
    'Mistakes',
    'PaperNumbers',
    'Retrieval',
    'Section',
    'TimeSegment',
    'Warned',
    'confusion_matrix',
    'confusion_plot',
    'draw_caption',
    'draw_localization',
    'embed',
    'enlarged_frames',
    'figures_text',
    'findings',
    'markdown_table',
    'metrics_text',
    'mistaken_videos',
    'nearest_videos',
    'scatter_plot',
    'spread_points',
    'verdict',
    'write_report',
    'write_video',
]
