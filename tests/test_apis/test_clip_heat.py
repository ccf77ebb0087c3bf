"""Grad-CAM equals its formula, and lies on what a class depends on."""

import sys

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.classifiers import save_classifier
from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoClassifier, VideoEmbedder, load_backbone
from vsslbox.apis.clip_heat import class_heat, grad_cam, similarity_heat
from vsslbox.datasets.readers import PyAVReader
from vsslbox.errors import InputError
from vsslbox.visualization.heat_overlay import heat_overlay

pytest.importorskip('captum', reason='captum is not installed')
CLASSES = ['jump', 'run', 'sit']


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Two videos of 48 frames of 100x80 pixels."""
    folder = tmp_path_factory.mktemp('videos')
    for number, name in enumerate(('a b', 'other')):
        coarse = np.random.default_rng(number).integers(0, 256, (48, 8, 10, 3), dtype=np.uint8)
        write_video(folder / f'{name}.mp4', coarse.repeat(10, axis=1).repeat(10, axis=2))
    return folder / 'a b.mp4', folder / 'other.mp4'


class SmallNet(nn.Module):
    """Scores ``S_k = sum_c w_kc m_c^2``, where m_c is the mean of the map A_c."""

    def __init__(self, conv, dim):
        super().__init__()
        self.maps = nn.Sequential(conv(2, 5, 3, stride=2), nn.ReLU())
        self.weights = nn.Parameter(torch.randn(3, 5))
        self.dims = tuple(range(2, 2 + dim))

    def forward(self, x):
        return self.maps(x).mean(self.dims).square() @ self.weights.T


@pytest.mark.parametrize(('conv', 'size'), [(nn.Conv2d, (9, 11)), (nn.Conv3d, (5, 9, 11))])
def test_the_heat_is_that_of_the_formula(conv, size):
    torch.manual_seed(0)
    net = SmallNet(conv, len(size)).double()
    x = torch.randn(2, 2, *size, dtype=torch.float64)
    found = grad_cam(net, net.maps, x, target=1)
    with torch.no_grad():
        maps = net.maps(x).numpy()
    weights = net.weights.detach().numpy()
    expected = np.zeros((2, *maps.shape[2:]))
    for n in range(2):
        for c in range(5):
            positions = maps[n, c].size
            slope = 2 * weights[1, c] * maps[n, c].mean() / positions  # dS_1 / dA_c at any place
            expected[n] += slope * maps[n, c]
    assert (expected > 1e-4).any() and (expected < -1e-4).any()
    np.testing.assert_allclose(found, np.maximum(expected, 0), rtol=1e-10, atol=1e-14)


@pytest.mark.slow
def test_heat_lies_where_the_class_is():
    """A 3D network learns classes that depend on one corner each: it is bright, or it is dark."""
    torch.manual_seed(0)
    corners = (slice(18, 24), slice(0, 6)), (slice(0, 6), slice(18, 24))

    def batch(number):
        clips, labels = 0.5 * torch.randn(number, 1, 4, 24, 24), torch.arange(number) % 2
        for label, (rows, columns) in enumerate(corners):
            clips[labels == label, :, :, rows, columns] += 3 if label else -3
        return clips, labels

    maps = nn.Sequential(
        *(nn.Conv3d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool3d((1, 3, 3))),
        *(nn.Conv3d(8, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU()),
    )
    net = nn.Sequential(maps, nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters(), 3e-2)
    for _ in range(60):
        clips, labels = batch(16)
        optimizer.zero_grad()
        F.cross_entropy(net(clips), labels).backward()
        optimizer.step()
    net.eval()
    clips, labels = batch(40)
    with torch.no_grad():
        assert (net(clips).argmax(1) == labels).all()
    for label, (rows, columns) in enumerate(corners):
        heat = grad_cam(net, maps, clips[labels == label], target=label).mean((0, 1))  # [8, 8]
        inside = torch.zeros(24, 24, dtype=torch.bool)
        inside[rows, columns] = True
        inside = inside[1::3, 1::3]
        assert heat[inside].mean() > 3 * heat[~inside].mean()
        assert inside.flatten()[heat.argmax()]


def spread(maps, size):
    """Spread maps ``[V, t, h, w]`` over clips, and scale the hottest place to 1."""
    heat = F.interpolate(maps[:, None], size, mode='trilinear')[:, 0]
    return heat / heat.max()


def literal_maps(backbone, clips, preprocessor):
    """Return the last maps of normalised clips or frames ``[N, 3, ..., H, W]``."""
    shape = (1, 3, *[1] * (clips.ndim - 2))
    mean, std = (getattr(preprocessor, name).view(shape) for name in ('mean', 'std'))
    with torch.no_grad():
        return backbone((clips.float() - mean) / std)


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['tsn', '3d'])
def test_a_class_of_a_classifier(tmp_path, videos, kind):
    """With a linear head on means, the heat is ``relu(sum_c w_kc A_c)`` up to its scale."""
    checkpoint = save_classifier(tmp_path / 'best.pth', kind, CLASSES)
    classifier = VideoClassifier(checkpoint, device='cpu')
    found = class_heat(classifier, videos[0], 'run')
    clips = next(classifier.preprocess([str(videos[0])]))['inputs'][0]
    maps = literal_maps(classifier.model.backbone, clips, classifier.model.data_preprocessor)
    weight = classifier.model.cls_head.fc_cls.weight[1].detach()
    expected = sum(w * maps[:, c] for c, w in enumerate(weight)).clamp(min=0)
    if kind == 'tsn':
        expected, clips = expected[None], clips.transpose(0, 1)[None]
    expected = spread(expected, clips.shape[2:])
    assert len(found) == len(clips) == dict(tsn=1, **{'3d': 3})[kind]
    for clip, its_heat, its_frames in zip(found, expected, clips, strict=True):
        np.testing.assert_array_equal(clip.frames, its_frames.permute(1, 2, 3, 0))
        np.testing.assert_allclose(clip.heat, its_heat, atol=1e-5)
    assert max(clip.heat.max() for clip in found) == pytest.approx(1)


@pytest.mark.slow
def test_shifts_in_time_have_heat_for_each_frame(tmp_path, videos):
    checkpoint = save_classifier(tmp_path / 'best.pth', 'tsm', CLASSES)
    (clip,) = class_heat(VideoClassifier(checkpoint, device='cpu'), videos[0], 'jump')
    assert clip.heat.shape == clip.frames.shape[:3] == (8, 64, 64)
    assert 0 <= clip.heat.min() < clip.heat.max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize('name', ['vclr_r18w16_demo', 'cvrl_r3d18w12_demo'])
@pytest.mark.parametrize('of', ['itself', 'another'])
def test_the_likeness_of_a_pretraining(videos, name, of):
    """The heat is ``relu(sum_c r_c A_c)`` up to its scale, r being the normalised feature."""
    embedder = VideoEmbedder(f'zoo://{name}', device='cpu')
    found = similarity_heat(embedder, videos[0], None if of == 'itself' else videos[1])
    encoder = load_backbone(f'zoo://{name}')
    clips, others = (torch.cat(next(embedder.preprocess([str(v)]))['inputs']) for v in videos)
    with torch.no_grad():
        likeness = encoder(clips if of == 'itself' else others).mean(dim=0)
    likeness = likeness / likeness.norm()
    is_2d = name.startswith('vclr')
    seen = clips.transpose(1, 2).flatten(0, 1) if is_2d else clips
    maps = literal_maps(encoder.backbone, seen, encoder.model.data_preprocessor)
    expected = sum(r * maps[:, c] for c, r in enumerate(likeness)).clamp(min=0)
    expected = spread(expected[None] if is_2d else expected, clips.shape[2:])
    np.testing.assert_allclose(np.stack([clip.heat for clip in found]), expected, atol=1e-5)


def test_an_overlay_keeps_what_is_cold():
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    heat = np.zeros((2, 4, 6))
    heat[1, 2, 3] = 1
    drawn = heat_overlay(frames, heat)
    hottest = 0.4 * frames[1, 2, 3] + 0.6 * np.array([128, 0, 0])  # dark red
    np.testing.assert_allclose(drawn[1, 2, 3], hottest, atol=0.5)
    drawn[1, 2, 3] = frames[1, 2, 3]
    np.testing.assert_array_equal(drawn, frames)


@pytest.mark.slow
def test_the_tool_writes_a_picture_and_a_video(tmp_path, videos, monkeypatch, capsys):
    checkpoint = save_classifier(tmp_path / 'best.pth', '3d', CLASSES)
    scores = VideoClassifier(checkpoint, device='cpu')(videos[0])['predictions'][0]['scores']
    picture, film = tmp_path / 'new' / 'cam.png', tmp_path / 'cam.mp4'
    with imported_tool('analysis/cam.py') as tool:
        words = [checkpoint, videos[0], '--class', 'sit', '-o', picture, '--frames', 2]
        assert run_main(tool, monkeypatch, *words) == 0
        sat = capsys.readouterr().out
        assert run_main(tool, monkeypatch, checkpoint, videos[0], '-o', film) == 0
    assert sat.startswith(f'{picture}: {videos[0]}, class sit, score {scores["sit"]:.3f}')
    best = max(scores, key=scores.get)
    assert f'class {best}, score {scores[best]:.3f}' in capsys.readouterr().out
    # Three clips, each with two frames and their heat, of 64 pixels enlarged to 224.
    assert cv2.imread(str(picture)).shape == (3 * (20 + 224 + 4), 6 + 4 * (4 + 224), 3)
    reader = PyAVReader(str(film))
    assert reader.num_frames == 3 * 8 and reader.read([0])[0].shape == (448, 896, 3)


@pytest.mark.slow
def test_what_cannot_be_drawn_is_told(tmp_path, videos, monkeypatch):
    checkpoint = save_classifier(tmp_path / 'best.pth', 'tsn', CLASSES)
    pretrained = 'zoo://cvrl_r3d18w12_demo'
    wrong = [
        ([checkpoint, videos[0], '--class', 'fly'], "no class 'fly', only jump, run, sit"),
        ([checkpoint, videos[0], '--other', videos[1]], '--other is for pretrained backbones'),
        ([pretrained, videos[0], '--class', 'run'], 'is no classifier, it has no classes'),
        ([pretrained, videos[0].parent], r'are 2 videos: name one'),
        ([pretrained, videos[0], '-o', 'cam.gif'], r'cam\.gif must end in \.png or \.mp4'),
    ]
    monkeypatch.chdir(tmp_path)
    with imported_tool('analysis/cam.py') as tool:
        for words, message in wrong:
            with pytest.raises(InputError, match=message):
                run_main(tool, monkeypatch, *words)
        monkeypatch.setitem(sys.modules, 'captum.attr', None)
        with pytest.raises(ImportError, match=r"pip install 'vsslbox\[cam\]'"):
            run_main(tool, monkeypatch, pretrained, videos[0])
    assert not list(tmp_path.glob('cam.*'))
