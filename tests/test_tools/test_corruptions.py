"""A sheet of corruptions: a kind in each row, a severity in each column."""

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError


@pytest.fixture
def video(tmp_path):
    """Frames of one grey each, which become brighter with time."""
    levels = np.arange(20).reshape(-1, 1, 1, 1) * 6 + 20
    write_video(tmp_path / 'a.mp4', np.broadcast_to(levels, (20, 40, 80, 3)).astype(np.uint8))
    return tmp_path / 'a.mp4'


def test_rows_are_kinds_and_columns_severities(video, tmp_path, monkeypatch):
    out = tmp_path / 'new' / 'sheet.png'
    words = ['--kinds', 'brightness', 'frame_rate', '--height', 40, '--frame', 11]
    with imported_tool('analysis/corruptions.py') as tool:
        assert run_main(tool, monkeypatch, video, '-o', out, *words) == 0
    sheet = cv2.imread(str(out)).astype(int)
    assert sheet.shape == (2 * 40, 130 + 6 * 80, 3)
    cells = sheet[:, 130:].reshape(2, 40, 6, 80, 3).mean(axis=(1, 3, 4))
    brighter = 86 + 255 * np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert cells[0] == pytest.approx(brighter, abs=3)
    held = 20 + 6 * np.array([11, 10, 8, 8, 0, 0])  # of frame 11
    assert cells[1] == pytest.approx(held, abs=3)


def test_what_cannot_be_drawn_is_told(video, tmp_path, monkeypatch):
    for words, message in (
        (['-o', tmp_path / 'a.txt'], r'a\.txt must end in \.png or \.jpg'),
        (['--frame', 20], r'--frame 20: .*a\.mp4 has the frames 0 to 19'),
        (['--kinds', 'rain'], 'kind of CorruptVideo must be one of gaussian_noise, '),
    ):
        with (
            imported_tool('analysis/corruptions.py') as tool,
            pytest.raises(InputError, match=message),
        ):
            run_main(tool, monkeypatch, video, *words)
