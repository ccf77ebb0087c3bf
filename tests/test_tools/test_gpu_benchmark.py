"""The measurements of a GPU, on a CPU and small models."""

import json

import pytest

from tests.conftest import REPO
from tests.tools import run_tool

TOOL = REPO / 'tools/benchmark/gpu.py'


@pytest.mark.slow
def test_a_dry_run_measures_every_part(tmp_path):
    out, page = tmp_path / 'gpu.json', tmp_path / 'gpu.md'
    options = ('--device', 'cpu', '--tiny', '--methods', 'VideoMAE', '--minutes', 30)
    done = run_tool(TOOL, *options, '--json', out, '--markdown', page)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    # On one device both sides are equal.
    assert found['parity'] == {'VideoMAE': {'features': 0, 'loss': 0}}
    variants = ('float32', 'bfloat16', 'bfloat16, channels last', 'bfloat16, compiled')
    names = [f'VideoMAE, {variant}' for variant in variants]
    assert list(found['steps']) == names
    for step in found['steps'].values():
        assert step['clips'] == 4
        assert step['clips_per_second'] == pytest.approx(step['clips'] / step['seconds'])
    counted = found['steps']['VideoMAE, float32']
    assert counted['share_of_peak'] == pytest.approx(counted['tflop'] / counted['seconds'] / 494.7)
    assert found['colours']['VideoMAE']['milliseconds'] > 0
    text = page.read_text()
    assert all(f'| {name} | ' in text for name in names)


@pytest.mark.slow
def test_without_a_gpu_it_says_how_to_go_on(tmp_path, monkeypatch):
    done = run_tool(TOOL, '--json', tmp_path / 'gpu.json', CUDA_VISIBLE_DEVICES='')
    assert done.returncode == 1
    assert 'no CUDA device: --device cpu --tiny makes a dry run' in done.stderr
