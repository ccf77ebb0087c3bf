"""Parameters and operations of a config's backbone, against a literal count."""

import re

import pytest

from tests.tools import imported_tool, run_main
from vsslbox.errors import InputError

CONFIG = """
model = dict(type='FeatureExtractor', backbone=dict(type='VideoResNet3d', base_channels={width}))
"""


def r3d18(width, frames, side):
    """Count R3D-18 layer by layer: parameters, and multiply-adds with two for each BatchNorm."""
    parameters = operations = 0

    def conv_norm(inside, outside, kernel, places):
        nonlocal parameters, operations
        size = inside * kernel[0] * kernel[1] * kernel[2]
        parameters += outside * size + 2 * outside
        operations += outside * places * size + 2 * outside * places

    side //= 2
    conv_norm(3, width, (3, 7, 7), frames * side * side)
    before = width
    for stage in range(4):
        planes = width * 2**stage
        if stage > 0:
            frames, side = -(-frames // 2), -(-side // 2)
        places = frames * side * side
        for _ in range(2):
            conv_norm(before, planes, (3, 3, 3), places)
            conv_norm(planes, planes, (3, 3, 3), places)
            if before != planes:
                conv_norm(before, planes, (1, 1, 1), places)
            before = planes
    return parameters, operations


@pytest.fixture
def count(tmp_path, monkeypatch, capsys):
    def count(config, *words):
        if '=' in config:
            (tmp_path / 'config.py').write_text(config)
            config = tmp_path / 'config.py'
        with imported_tool('analysis/complexity.py') as tool:
            assert run_main(tool, monkeypatch, config, *words) == 0
        line = capsys.readouterr().out.splitlines()[-1]
        parameters, operations = re.findall(r'([\d,]+) (?:parameters|operations)', line)
        return line, int(parameters.replace(',', '')), int(operations.replace(',', ''))

    return count


def test_a_3d_network_is_counted_layer_by_layer(count):
    line, *found = count(CONFIG.format(width=8), '--shape', 3, 8, 64, 64)
    assert tuple(found) == r3d18(8, 8, 64)
    assert line.startswith('VideoResNet3d, clip 3x8x64x64: ')


def test_the_literal_count_is_the_published_one():
    """33 371 472 parameters with 400 classes, and 40.70 billion multiply-adds without BatchNorm."""
    parameters, operations = r3d18(64, 16, 112)
    assert parameters + 512 * 400 + 400 == 33_371_472
    assert 40.69e9 < operations < 40.75e9


def test_a_pretraining_says_what_its_backbone_sees(count):
    name = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'
    line, parameters, operations = count(name)
    assert line.startswith('NarrowResNet, clip 3x1x64x64: ')
    _, same, four = count(name, '--shape', 3, 4, 64, 64)
    assert same == parameters and four == 4 * operations  # frames are encoded one by one


def test_an_unknown_shape_is_asked_for(count):
    with pytest.raises(InputError, match=r'config\.py does not say: give --shape'):
        count(CONFIG.format(width=4))
    with pytest.raises(InputError, match=r'config\.py has no backbone'):
        count("model = dict(type='FeatureExtractor')", '--shape', 3, 4, 32, 32)
