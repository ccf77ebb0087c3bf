"""A sheet of views: original frames with boxes, and the views beside them."""

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError

RED, BLUE = (214, 39, 40), (31, 119, 180)  # of the first and the second video
PIPELINE = """
pipeline = [
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=4),
    dict(type='DecodeViews'),
    dict(type='AugmentViews', transforms=[
        dict(type='CenterCrop', size=(32, 32)),
        dict(type='Defer', transforms=[dict(type='Solarize', threshold=0, prob=1.0)])]),
    dict(type='PackViews'),
]
"""
TRAIN = PIPELINE + "train_dataloader = dict(dataset=dict(type='VideoDataset', pipeline=pipeline))\n"
TEST = """
test_dataloader = dict(dataset=dict(type='VideoDataset', test_mode=True, pipeline=[
    dict(type='OpenVideo'),
    dict(type='SampleCentreSegmentFrames', num_segments=2),
    dict(type='DecodeViews'),
    dict(type='PackFrames'),
]))
"""


@pytest.fixture
def videos(tmp_path):
    """Two videos of one colour each."""
    for name, colour in (('red', (200, 40, 40)), ('blue', (40, 40, 200))):
        folder = tmp_path / 'videos'
        folder.mkdir(exist_ok=True)
        write_video(folder / f'{name} é.mp4', np.full((12, 32, 64, 3), colour, np.uint8))
    return tmp_path / 'videos'


@pytest.fixture
def draw(tmp_path, monkeypatch):
    def draw(config, *words):
        path, out = tmp_path / 'config.py', tmp_path / 'new' / 'sheet.png'
        path.write_text(config)
        with imported_tool('analysis/views.py') as tool:
            assert run_main(tool, monkeypatch, path, '-o', out, '--height', 64, *words) == 0
        return cv2.cvtColor(cv2.imread(str(out)), cv2.COLOR_BGR2RGB)

    return draw


def test_originals_have_boxes_and_views_their_colours(draw, videos):
    """Two rows of 4 originals of 128x64 and 4 views of 64x64 pixels."""
    sheet = draw(TRAIN, '--data-root', videos)
    assert sheet.shape == (2 * (20 + 64 + 4), 6 + 4 * (4 + 128) + 4 * (4 + 64), 3)
    found = []
    for row, colour in ((sheet[20:84], RED), (sheet[108:172], BLUE)):
        assert (row[:, :6] == colour).all()
        assert (row[:, 6:10] == 255).all()  # between the frames
        original, view = row[:, 10:138], row[:, 538:602]
        # The box is the middle half of the frame, 32 pixels from either side.
        on_border = (original[32] == colour).all(axis=1)
        assert np.flatnonzero(on_border)[[0, -1]].tolist() == [32, 95]
        assert (original[[0, 63], 64] == colour).all()
        assert (row[32, [64, 196, 328, 460]] == row[32, 64]).all()
        found.append((original[32, 64].astype(int), view[32, 32].astype(int)))
    found.sort(key=lambda pair: pair[0][2])
    for (original, view), colour in zip(found, ((200, 40, 40), (40, 40, 200))):
        assert np.abs(original - colour).max() < 6
        assert np.abs(view - (255 - np.array(colour))).max() < 6  # as the deferred step makes it


def test_the_views_of_an_evaluation(draw, videos):
    sheet = draw(TRAIN + TEST, '--data-root', videos, '--loader', 'test', '--samples', 1)
    assert sheet.shape == (20 + 64 + 4, 6 + 4 * (4 + 128), 3)
    row = sheet[20:84]
    assert (row[0, 20] == RED).all()  # the whole frame is seen
    assert np.abs(row[32, 10 + 64].astype(int) - row[32, 10 + 2 * 132 + 64]).max() == 0
    assert draw(TEST, '--data-root', videos).shape[0] == 2 * 88  # the only loader


def test_what_cannot_be_drawn_is_told(draw, videos, tmp_path, monkeypatch):
    with pytest.raises(InputError, match='the config has no val_dataloader'):
        draw(TRAIN, '--data-root', videos, '--loader', 'val')
    with pytest.raises(InputError, match=r'the config has no test_cfg\.gallery_dataloader'):
        draw(TRAIN, '--data-root', videos, '--loader', 'gallery')
    words = ['--data-root', videos, '-o', tmp_path / 'sheet.txt']
    message = r'sheet\.txt must end in \.png or \.jpg'
    with imported_tool('analysis/views.py') as tool, pytest.raises(InputError, match=message):
        run_main(tool, monkeypatch, tmp_path / 'config.py', *words)
