"""The benchmark compares like with like, and the sheet shows what the model sees."""

import json
from types import SimpleNamespace

import av
import numpy as np
import pytest
from mmengine.config import Config

from tests.conftest import REPO
from tests.tools import run_tool
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import PyAVReader
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.structures import SampleKey

TOOLS = REPO / 'tools' / 'benchmark'
DATASETS = REPO / 'configs' / '_base_' / 'datasets'
METHODS = ['cvrl', 'vclr', 'vdim', 'vie']


def run(tool, *args):
    done = run_tool(TOOLS / tool, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def stock_pipeline(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import stock_pipeline

    return stock_pipeline


def pipeline_of(method):
    config = Config.fromfile(DATASETS / f'{method}_pretrain.py')
    return config.train_dataloader.dataset.pipeline


@pytest.mark.parametrize('method', METHODS)
def test_the_peer_does_the_same_work(method, stock_pipeline, video_folder):
    """Without augmentation both return the same pixels; with it, the same shapes."""
    pipeline = pipeline_of(method)
    bare = [step for step in list_steps(pipeline) if step['type'] != 'AugmentViews']
    names = [str(video_folder / f'video{i}.mp4') for i in range(8)]
    for steps, same in ((bare, True), (pipeline, False)):
        ours = VideoDataset(data_root=str(video_folder), pipeline=steps)
        peer = stock_pipeline.StockDataset(names, steps)
        key = SampleKey(3, 1, 2)
        views, others = ours[key]['inputs'], [view['inputs'][0] for view in peer[key]]
        assert len(views) == len(others)
        for view, other in zip(views, others):
            assert view.dtype == other.dtype
            assert view.shape == other.shape
            assert np.array_equal(view, other) == same


def test_augmentations_without_a_stock_one_are_refused(stock_pipeline):
    with pytest.raises(ValueError, match='no stock transform for RandomRotation'):
        stock_pipeline.StockDataset(
            [], [dict(type='AugmentViews', transforms=[dict(type='RandomRotation')])]
        )


@pytest.mark.slow
def test_loader_benchmark(tmp_path, video_folder):
    report = tmp_path / 'report.json'
    out = run(
        'loader.py',
        *(DATASETS / 'vclr_pretrain.py', '--videos', video_folder, '--against', 'mmaction2'),
        *('--rounds', 2, '--samples', 8, '--batch-size', 2, '--workers', 1, '--json', report),
    )
    figures = json.loads(report.read_text())['reports']['vclr_pretrain']
    assert set(figures['videos_per_s']) == {'device', 'worker', 'mmaction2'}
    stages = figures['stages_ms']
    assert {'OpenVideo', 'DecodeViews', 'Defer', 'collate', 'rest'} <= set(stages['device'])
    assert {'ColorJitter', 'GaussianBlur'} <= set(stages['worker'])
    assert all(ms > 0 for times in stages.values() for ms in times.values())
    for place in ('device', 'worker'):
        decoding = stages[place]['OpenVideo'] + stages[place]['DecodeViews']
        share = decoding / sum(stages[place].values())
        assert figures['share_of_decoding'][place] == pytest.approx(share, abs=0.1)
        ratios = [r[place] / r['mmaction2'] for r in figures['rounds_videos_per_s']]
        assert min(ratios) <= figures['ratio'][place] <= max(ratios)
    assert 'x mmaction2' in out


@pytest.mark.slow
def test_decoding_benchmark(tmp_path, video_folder):
    report = tmp_path / 'decoding.json'
    configs = [DATASETS / f'{method}_pretrain.py' for method in ('cvrl', 'vdim')]
    options = ('--rounds', 3, '--samples', 4, '--json', report)
    out = run('decoding.py', *configs, '--videos', video_folder, *options)
    figures = json.loads(report.read_text())['milliseconds']
    assert list(figures) == ['cvrl_pretrain', 'vdim_pretrain']
    for rounds in figures.values():
        assert set(rounds) == {'vsslbox', 'FFmpeg, all frames', 'FFmpeg, needed frames'}
        assert all(len(times) == 3 and min(times) > 0 for times in rounds.values())
    assert 'cvrl_pretrain' in out


def test_barely_decoded_frames_are_those_of_a_sample(video_folder, monkeypatch):
    """From the key frame on, to the last frame and no further."""
    monkeypatch.syspath_prepend(str(TOOLS))
    from decoding import Note, decode

    path = str(video_folder / 'video0.mp4')
    views = [SimpleNamespace(frame_indices=np.array(own)) for own in ([9, 5], [7, 11])]
    note = Note()
    note(dict(reader=PyAVReader(path), views=views))
    with av.open(path) as file:
        times = [frame.pts for frame in file.decode(video=0)]
    assert note.samples == [(path, times[5], times[11])]
    assert decode(*note.samples[0], 'DEFAULT') == 12
    assert 1 <= decode(*note.samples[0], 'NONREF') <= 12


@pytest.mark.slow
def test_make_clips(tmp_path, video_folder):
    run('make_clips.py', video_folder / 'video0.mp4', '--out', tmp_path, '--seconds', 2)
    (path,) = tmp_path.iterdir()
    reader = PyAVReader(str(path))
    assert (reader.num_frames, reader.fps) == (50, 25)
    first, turn, last = reader.read([0, 23, 46])
    assert first.shape == (256, 340, 3)
    difference = [np.abs(first.astype(int) - image).mean() for image in (turn, last)]
    assert difference[1] < difference[0] / 3  # 24 frames forward, then back to the first


@pytest.mark.slow
def test_forms_benchmark(tmp_path, video_folder):
    """VCLR's workers read every form: as fast as the peer or not, all its samples."""
    report = tmp_path / 'forms.json'
    options = ('--rounds', 1, '--samples', 4, '--batch-size', 2, '--workers', 1)
    sizes = ('--short-sides', 32, '--methods', 'VCLR')
    out = run('forms.py', video_folder, *options, *sizes, '--json', report)
    figures = json.loads(report.read_text())
    forms = ['originals', *(f'{name}, 32 pixels' for name in (
        'H.264, key frame every 32', 'JPEG in zips', 'decoded frames'))]  # fmt: skip
    assert list(figures['disk']) == list(figures['ratios']['VCLR']) == forms
    assert figures['disk']['originals'] == 1
    assert all(ratio > 0 for ratio in figures['ratios']['VCLR'].values())
    assert all(name in out for name in forms)


@pytest.mark.slow
def test_neighbour_benchmark(tmp_path):
    report = tmp_path / 'report.json'
    sizes = ('--gallery', 500, '--queries', 20, '--dim', 16, '--classes', 5, '--k', 3)
    out = run('neighbours.py', '--folder', tmp_path, *sizes, '--rounds', 1, '--json', report)
    results = json.loads(report.read_text())['results']
    assert results['vsslbox bfloat16']['same'] == 1
    assert all(result['same'] > 0.9 for result in results.values())
    for name, result in results.items():
        assert name in out
        assert result['seconds'] > 0


@pytest.mark.slow
def test_svm_benchmark(tmp_path):
    """On such small data all solvers find the same weights."""
    report = tmp_path / 'report.json'
    sizes = ('--rows', 300, '--test-rows', 200, '--classes', 4, '--dim', 16)
    out = run('svm.py', *sizes, '--json', report)
    (figures,) = json.loads(report.read_text())['sizes'].values()
    assert 'times as fast as LinearSVC' in out
    objectives = [row['objective'] for row in figures.values()]
    assert len(objectives) == 3
    assert max(objectives) < 1.005 * min(objectives)
    for row in figures.values():
        assert row['seconds'] > 0
        assert 100 >= row['train_accuracy'] > 25  # chance
    out = run('svm.py', *sizes, '--kinetics', '--folder', tmp_path / 'rows', '--json', report)
    (mapped,) = json.loads(report.read_text())['sizes'].values()
    assert mapped['test_accuracy'] == pytest.approx(figures['vsslbox']['test_accuracy'])
    assert not list((tmp_path / 'rows').iterdir())
    assert 'peak memory' in out


@pytest.mark.slow
@pytest.mark.parametrize('depth', [1, 2])
def test_attentive_probe_benchmark(tmp_path, depth):
    """Both ways train the same heads."""
    report = tmp_path / 'report.json'
    sizes = ('--heads', 3, '--videos', 12, '--batch-size', 4, '--tokens', 5, '--width', 32)
    out = run(
        'attentive_probe.py', *sizes, '--depth', depth, '--classes', 4, '--rounds', 1,
        '--json', report,
    )  # fmt: skip
    figures = json.loads(report.read_text())['figures']
    assert f'3 heads of depth {depth}' in out
    assert figures['largest_relative_difference_of_scores'] < 1e-3
    assert figures['ratio'] == pytest.approx(figures['loop, CPU s'] / figures['one pass, CPU s'])


@pytest.mark.slow
def test_health_benchmark(tmp_path, video_folder):
    report = tmp_path / 'report.json'
    config = REPO / 'configs' / 'demo' / 'moco_r18w16_1xb32-64px.py'
    small = ('--cfg-options', 'train_dataloader.batch_size=4')
    sizes = ('--steps', 2, '--rounds', 3, '--json', report)
    run('health.py', config, '--data-root', video_folder, *sizes, *small)
    figures = json.loads(report.read_text())
    ratio = figures['measurement_ms'] / (figures['interval'] * figures['step_ms'])
    assert figures['interval'] == 50
    assert figures['cost_percent'] == pytest.approx(100 * ratio, rel=0.5)
    assert 0 < figures['measurement_ms'] < figures['step_ms']
