"""Exported networks, run without vsslbox, give its features and scores."""

import json
import sys

import numpy as np
import pytest
import torch

from tests.classifiers import CLASSIFIERS, save_classifier
from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoClassifier, VideoEmbedder, export_network, network_of
from vsslbox.apis.export_network import WRITERS
from vsslbox.errors import InputError

CLASSES = ['jump', 'run', 'sit']
SLOW, FULL = pytest.mark.slow, (pytest.mark.slow, pytest.mark.full)
# A pretraining of each method, the clips of one video, and the length of the features.
ENCODERS = {
    'vclr_r18w16_demo': ((3, 'T', 64, 64), 128),
    'cvrl_r3d18w12_demo': ((3, 8, 64, 64), 96),
    'vdim_r21dw8_demo': ((3, 32, 64, 64), 64),
    'vie_3dresnet_r18w16_demo': ((3, 8, 64, 64), 128),
}


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'a b.mp4'
    coarse = np.random.default_rng(0).integers(0, 256, (48, 8, 10, 3), dtype=np.uint8)
    write_video(path, coarse.repeat(10, axis=1).repeat(10, axis=2))
    return path


@pytest.fixture
def export(tmp_path, monkeypatch, capsys):
    """Run the tool, and return the file and what was printed."""

    def export(checkpoint, suffix, *options):
        out = tmp_path / f'out{suffix}'
        with imported_tool('export.py') as tool:
            assert run_main(tool, monkeypatch, checkpoint, '-o', out, *options) == 0
        return out, capsys.readouterr().out

    return export


def run_onnx(path, clips):
    runtime = pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')
    session = runtime.InferenceSession(path)
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    (output,) = session.run([made.name], {given.name: clips})
    return output, (given, made, session.get_modelmeta().custom_metadata_map)


def run_pt2(path, clips):
    with torch.no_grad():
        return torch.export.load(path).module()(torch.from_numpy(clips)).numpy()


def sampled(inferencer, video):
    """Return what the pipeline makes of a video."""
    return next(inferencer.preprocess([str(video)]))['inputs']


@pytest.mark.parametrize(
    'name', [pytest.param(n, marks=SLOW if n[:4] in ('cvrl', 'vclr') else FULL) for n in ENCODERS]
)
def test_a_backbone_gives_the_features_of_a_video(export, video, name):
    pytest.importorskip('onnxscript', reason='onnxscript is not installed')
    shape, length = ENCODERS[name]
    path, printed = export(f'zoo://{name}', '.onnx')
    embedder = VideoEmbedder(f'zoo://{name}', device='cpu')
    views = torch.cat(sampled(embedder, video)).numpy()  # one to three clips of the video
    features, (given, made, meta) = run_onnx(path, views)
    expected = embedder(video)['predictions'][0]
    np.testing.assert_allclose(features.mean(axis=0), expected, atol=1e-5)
    if 'T' in shape:  # single frames too
        frames = views[0].transpose(1, 0, 2, 3)[:, :, None]
        features, _ = run_onnx(path, frames)
        np.testing.assert_allclose(features.mean(axis=0), expected, atol=1e-5)
    assert (given.name, given.type, given.shape) == ('clips', 'tensor(uint8)', ['N', *shape])
    assert (made.name, made.shape) == ('features', ['N', length])
    assert json.loads(meta['shape']) == ['N', *shape] and meta['layout'] == 'N C T H W'
    assert (meta['colours'], meta['normalisation']) == ('RGB, 0 to 255', 'inside')
    assert json.loads(meta['pipeline'])[0]['type'] == 'OpenVideo'
    assert printed.startswith(f'{path}: clips uint8 [N, {", ".join(map(str, shape))}] (N C T H W)')


@pytest.mark.parametrize(
    'name', [pytest.param(n, marks=SLOW if n == 'tsm' else FULL) for n in CLASSIFIERS]
)
def test_a_classifier_gives_the_scores_of_a_video(export, tmp_path, video, name):
    pytest.importorskip('onnxscript', reason='onnxscript is not installed')
    checkpoint = save_classifier(tmp_path / 'best.pth', name, CLASSES)
    path, _ = export(checkpoint, '.onnx')
    classifier = VideoClassifier(checkpoint, device='cpu')
    clips = torch.stack(sampled(classifier, video)).numpy()
    reversed_too = np.concatenate([clips, clips[:, ::-1], clips])
    scores, (given, made, meta) = run_onnx(path, reversed_too)
    expected = classifier(video)['predictions'][0]['scores']
    for row in (0, 2):
        assert dict(zip(CLASSES, scores[row])) == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert 0.01 < max(expected.values()) < 0.999  # what is compared is not saturated
    assert given.shape == ['N', *CLASSIFIERS[name][2]] and made.name == 'scores'
    assert json.loads(meta['classes']) == CLASSES
    assert meta['checkpoint'] == 'best.pth' and len(meta['checkpoint_sha256']) == 64


@SLOW
def test_a_program_of_torch_export(export, video):
    path, _ = export('zoo://cvrl_r3d18w12_demo', '.pt2', '--dtype', 'float32')
    embedder = VideoEmbedder('zoo://cvrl_r3d18w12_demo', device='cpu')
    views = torch.cat(sampled(embedder, video)).float().numpy()
    features = run_pt2(path, views)
    np.testing.assert_allclose(features.mean(axis=0), embedder(video)['predictions'][0], atol=1e-5)
    extra = {'vsslbox.json': ''}
    torch.export.load(path, extra_files=extra)
    meta = json.loads(extra['vsslbox.json'])
    assert meta['std'] == [255, 255, 255] and meta['dtype'] == 'float32'


@SLOW
def test_classifiers_as_programs_of_torch_export(export, tmp_path, video):
    checkpoint = save_classifier(tmp_path / 'best.pth', '3d', CLASSES)
    path, _ = export(checkpoint, '.pt2')
    classifier = VideoClassifier(checkpoint, device='cpu')
    scores = run_pt2(path, torch.stack(sampled(classifier, video)).numpy())
    expected = classifier(video)['predictions'][0]['scores']
    assert dict(zip(CLASSES, scores[0])) == pytest.approx(expected, abs=1e-6)


@SLOW
@pytest.mark.parametrize('wrong', [2e-3, float('nan')])
def test_a_file_that_differs_is_removed(tmp_path, monkeypatch, wrong):
    write = WRITERS['.pt2']

    def differs(program, path, meta):
        run = write(program, path, meta)
        return lambda clips: run(clips) + (wrong if len(clips) == 3 else 0)

    monkeypatch.setitem(WRITERS, '.pt2', differs)
    network = network_of('zoo://cvrl_r3d18w12_demo')
    with pytest.raises(InputError, match=r'differ by (0\.002|nan) .* on a batch of 3; no file'):
        export_network(network, tmp_path / 'out.pt2')
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_without_onnxruntime_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    network = network_of('zoo://cvrl_r3d18w12_demo')
    with pytest.raises(ImportError, match=r"pip install 'vsslbox\[export\]'"):
        export_network(network, tmp_path / 'out.onnx')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['-o', 'out.pb'], r'out\.pb must end in one of \.onnx, \.pt2, \.safetensors, \.pth'),
        (['-o', 'out.onnx', '--names', 'torchvision'], r'--names is for weights'),
        (['-o', 'out.pth'], r'choose --names mmaction-tsn.*publish\.py'),
        (['-o', 'out.safetensors', '--dtype', 'float32'], r'--dtype is for networks'),
    ],
)
def test_options_that_do_not_go_together(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    with imported_tool('export.py') as tool, pytest.raises(InputError, match=message):
        run_main(tool, monkeypatch, 'zoo://cvrl_r3d18w12_demo', *words)
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_without_a_config_is_refused(tmp_path):
    path = tmp_path / 'plain.pth'
    torch.save(dict(state_dict=dict(x=torch.zeros(1))), path)
    with pytest.raises(InputError, match='does not say with which config it was trained'):
        network_of(path)
