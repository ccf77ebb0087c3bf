"""The memory that activations take."""

import json

import pytest
import torch
from torch import nn

from tests.conftest import REPO
from tests.tools import imported_tool, run_main


@pytest.fixture(autouse=True)
def beside_the_tool(monkeypatch):
    monkeypatch.syspath_prepend(REPO / 'tools' / 'benchmark')  # as for a script


def test_kept_bytes_by_hand():
    """A linear layer keeps its input, a ReLU its output, which is the next layer's input."""
    network = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    with imported_tool('benchmark/memory.py') as tool:
        assert tool.kept_bytes(network, torch.randn(10, 5)) == 4 * 10 * (5 + 7)


@pytest.mark.slow
def test_a_step_in_chunks_raises_the_peak_less(tmp_path, monkeypatch):
    out = tmp_path / 'memory.json'
    with imported_tool('benchmark/memory.py') as tool:
        monkeypatch.setitem(tool.CVRL['backbone'], 'base_channels', 8)
        monkeypatch.setitem(tool.CVRL['neck'], 'in_channels', 64)
        options = ('--backbones', 'S3D', '--step', '512:0', '512:32', '--json', out)
        assert run_main(tool, monkeypatch, *options) == 0
    figures = json.loads(out.read_text())
    every, inputs = figures['kept_mib']['S3D']
    assert inputs < every / 3
    assert figures['peak_mib']['512:32'] < 0.6 * figures['peak_mib']['512:0']
