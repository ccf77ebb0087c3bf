"""The tool that draws detections: the video that it writes, and its error messages."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.conftest import write_video
from tests.tools import run_tool
from vsslbox.datasets.readers import FallbackReader
from vsslbox.registry import MODELS

REPO = Path(__file__).resolve().parents[2]
TOOL = REPO / 'tools/visualize/detect.py'
LABELS = ''.join(f'item {{\n  name: "action{i}"\n  id: {i}\n}}\n' for i in range(1, 9))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A config, its weights, which score class 3 only, a grey video and the classes."""
    folder = tmp_path_factory.mktemp('detect')
    config = Config.fromfile(REPO / 'configs/demo/detection_r3d18w8_1xb16-8x3-96px.py')
    config.model.backbone.base_channels = 4
    config.model.roi_head.bbox_head.in_channels = 32
    config.dump(folder / 'config.py')
    model = MODELS.build(config.model)
    linear = model.roi_head.bbox_head.fc_cls
    torch.nn.init.zeros_(linear.weight)
    linear.bias.data = torch.where(torch.arange(9) == 3, 5.0, -5.0)
    torch.save(dict(state_dict=model.state_dict()), folder / 'weights.pth')
    (folder / 'labels.pbtxt').write_text(LABELS)
    write_video(folder / 'video.mp4', np.full((30, 96, 128, 3), 128, np.uint8), fps=10)
    return folder


def run(folder, boxes):
    (folder / 'boxes.csv').write_text(boxes)
    files = ('config.py', 'weights.pth', 'video.mp4', 'boxes.csv', 'out.mp4')
    names = [folder / name for name in files]
    return run_tool(TOOL, *names, '--labels', folder / 'labels.pbtxt')


def coloured(image):
    """Left, top and right of what is drawn on grey, in pixels of the original; None for nothing."""
    rows, columns = np.nonzero(np.ptp(image.astype(int), axis=2) > 60)
    return None if not len(rows) else np.array([columns.min(), rows.min(), columns.max()]) / 5


def test_boxes_and_actions_are_drawn(folder):
    done = run(folder, 'frame,track,left,top,right,bottom\n10,a,20,30,50,80\n')
    assert done.returncode == 0, done.stderr
    reader = FallbackReader(str(folder / 'out.mp4'), ['pyav'])
    assert (reader.num_frames, reader.fps) == (30, 10)
    near, far = reader.read([12, 25])
    assert near.shape == (480, 640, 3)
    assert coloured(far) is None
    left, top, right = coloured(near)
    assert abs(left - 20) < 1.5 and abs(top - 30) < 1.5
    assert right > 50 + 10  # the text is on its right


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ('frame,left,top,right,bottom\n', 'must begin with frame,track'),
        ('frame,track,left,top,right,bottom\n', 'has no boxes'),
        ('frame,track,left,top,right,bottom\n1,a,0,0,x,9\n', r'boxes\.csv:2'),
        ('frame,track,left,top,right,bottom\n1,a,140,0,150,9\n', 'track a at frame 1'),
    ],
)
def test_wrong_boxes_are_named(boxes, message, tmp_path):
    tool = runpy.run_path(str(TOOL))
    (tmp_path / 'boxes.csv').write_text(boxes)
    with pytest.raises(ValueError, match=message):
        tool['check_boxes'](tool['read_boxes'](tmp_path / 'boxes.csv'), 96, 128)
