"""Reports and figures of results."""

from vsslbox.visualization.confusion import confusion_matrix, confusion_plot
from vsslbox.visualization.embedding import embed
from vsslbox.visualization.findings import findings, verdict
from vsslbox.visualization.heat_overlay import heat_overlay
from vsslbox.visualization.leaderboard_page import write_leaderboard
from vsslbox.visualization.leaderboard_table import (
    Method,
    choose_columns,
    leaderboard_markdown,
)
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
from vsslbox.visualization.training_curves import Panel, curves_figure, curves_html, panels_of
from vsslbox.visualization.training_log import TrainingLog, read_training_log
from vsslbox.visualization.video_file import (
    DEFAULT_RATE,
    draw_caption,
    enlarged_frames,
    write_video,
)
from vsslbox.visualization.view_sheet import SheetView, draw_view_sheet
from vsslbox.visualization.view_tracer import TracedView, ViewTracer

__all__ = [
    'DEFAULT_RATE',
    'Hit',
    'Method',
    'Mistakes',
    'Panel',
    'PaperNumbers',
    'Retrieval',
    'Section',
    'SheetView',
    'TimeSegment',
    'TracedView',
    'TrainingLog',
    'ViewTracer',
    'Warned',
    'choose_columns',
    'confusion_matrix',
    'confusion_plot',
    'curves_figure',
    'curves_html',
    'draw_caption',
    'draw_localization',
    'draw_view_sheet',
    'embed',
    'enlarged_frames',
    'figures_text',
    'findings',
    'heat_overlay',
    'leaderboard_markdown',
    'markdown_table',
    'metrics_text',
    'mistaken_videos',
    'nearest_videos',
    'panels_of',
    'read_training_log',
    'scatter_plot',
    'spread_points',
    'verdict',
    'write_leaderboard',
    'write_report',
    'write_video',
]
