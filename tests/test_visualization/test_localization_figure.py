"""The picture of segments over time."""

import numpy as np
import pytest

from vsslbox.visualization import TimeSegment, draw_localization
from vsslbox.visualization.localization_figure import FOUND, LEFT, MISSED, RIGHT, TRUE, WIDTH


def extent(image, colour):
    """The first and last rows and columns with a colour."""
    rows, columns = np.nonzero((image == colour).all(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


def x_of(share):
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def test_bars_are_where_the_segments_are():
    image = draw_localization(
        'video',
        50,
        [TimeSegment(10, 30, '')],
        [TimeSegment(12, 30, '0.9'), TimeSegment(40, 90, '0.1')],
    )
    assert image.dtype == np.uint8
    tops = []
    for colour, start, end in ((TRUE, 0.2, 0.6), (FOUND, 0.24, 0.6), (MISSED, 0.8, 1.0)):
        top, _, left, right = extent(image, colour)
        assert left == pytest.approx(x_of(start), abs=1.5)
        assert right == pytest.approx(x_of(end), abs=1.5)
        tops.append(top)
    assert tops == sorted(tops)


def test_thumbnails_lie_over_the_axis_in_order():
    shades = [np.full((30, 40, 3), value, np.uint8) for value in (10, 90, 170)]
    image = draw_localization('video', 9, [], [TimeSegment(0, 1, '')], shades)
    columns = [extent(image, shade[0, 0])[2:] for shade in shades]
    assert columns[0][0] == pytest.approx(LEFT, abs=2)
    assert columns[2][1] == pytest.approx(WIDTH - RIGHT, abs=3)
    assert columns[0][1] < columns[1][0] < columns[1][1] < columns[2][0]
    without = draw_localization('video', 9, [], [TimeSegment(0, 1, '')])
    assert image.shape[1] == without.shape[1]
    assert image.shape[0] > without.shape[0]


@pytest.mark.parametrize('seconds', [0.05, 1, 7.3, 600, 86400])
def test_videos_of_any_length(seconds):
    image = draw_localization('✓', seconds, [TimeSegment(0, seconds, 'Zürich')], [])
    assert extent(image, TRUE)[2:] == pytest.approx((LEFT, WIDTH - RIGHT), abs=2)


def test_a_video_without_length_is_refused():
    with pytest.raises(ValueError, match='length of 0 seconds'):
        draw_localization('video', 0, [], [])
