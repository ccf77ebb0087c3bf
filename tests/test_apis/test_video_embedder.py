"""Features by the checkpoint alone equal what a literal pipeline computes."""

import cv2
import numpy as np
import pytest
import torch

from tests.conftest import REPO, write_video
from vsslbox.apis import VideoClassifier, VideoEmbedder, load_backbone
from vsslbox.apis.checkpoint_config import pretrained_input, trained_config
from vsslbox.datasets.readers import PyAVReader, VideoError
from vsslbox.errors import InputError
from vsslbox.registry import INFERENCERS, MODELS

# Backbone, side in pixels, clip (None: single frames) and length of the features.
ZOO = {
    'vclr_r18w16_demo': ('NarrowResNet', None, 128),
    'cvrl_r3d18w12_demo': ('R3DResNet', dict(clip_len=8, frame_interval=3), 96),
    'vdim_r21dw8_demo': ('ProjectedBackbone', dict(clip_len=32, frame_interval=1), 64),
    'vie_3dresnet_r18w16_demo': ('PreActResNet3d', dict(clip_len=8, frame_interval=3), 128),
}
IMAGENET = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A folder of three videos of 48 frames of 100x80 pixels, one of them below another folder."""
    folder = tmp_path_factory.mktemp('videos')
    (folder / 'more').mkdir()
    for name in ('a', 'b', 'more/c'):
        rng = np.random.default_rng(ord(name[-1]))
        coarse = rng.integers(0, 256, (48, 8, 10, 3), dtype=np.uint8)
        write_video(folder / f'{name}.mp4', coarse.repeat(10, axis=1).repeat(10, axis=2))
    return folder


def all_frames(path):
    reader = PyAVReader(str(path))
    return np.stack(reader.read(range(reader.num_frames)))


def expected(name, frames):
    """Compute features with literal sampling, scaling, cropping and normalisation."""
    _, clip, _ = ZOO[name]
    if clip is None:
        views = [[round(place) - 1 for place in np.linspace(1, len(frames), 10)]]
    else:
        reach = clip['clip_len'] * clip['frame_interval']
        starts = [int(start) for start in np.linspace(0, len(frames) - reach, 3)]
        offsets = range(0, reach, clip['frame_interval'])
        views = [[start + offset for offset in offsets] for start in starts]
    seen = pretrained_input(f'zoo://{name}')
    mean = np.array(seen.preprocessor['mean'], np.float32)
    std = np.array(seen.preprocessor['std'], np.float32)
    height, width = 73, round(100 * 73 / 80)
    top, left = (height - 64) // 2, (width - 64) // 2
    model = MODELS.build(dict(type='FeatureExtractor', backbone=seen.backbone))
    model.load_state_dict(VideoEmbedder(f'zoo://{name}', device='cpu').model.state_dict())
    model.eval()
    features = []
    for places in views:
        images = [cv2.resize(frames[place], (width, height)) for place in places]
        crops = [image[top : top + 64, left : left + 64] for image in images]
        array = (np.stack(crops).astype(np.float32) - mean) / std
        with torch.no_grad():
            features.append(model([torch.from_numpy(array).permute(3, 0, 1, 2)[None]]))
    return torch.stack(features).mean(0)[0].numpy()


@pytest.mark.slow
@pytest.mark.parametrize('name', ZOO)
def test_features_are_those_of_a_literal_pipeline(folder, name):
    embedder = VideoEmbedder(f'zoo://{name}', device='cpu')
    backbone, _, length = ZOO[name]
    assert embedder.cfg.model.backbone.type == backbone
    found = embedder(folder / 'a.mp4')['predictions']
    assert found.shape == (1, length) and found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected(name, all_frames(folder / 'a.mp4')), atol=1e-5)


@pytest.mark.slow
def test_files_folders_patterns_and_arrays_are_accepted_alike(folder):
    embedder = VideoEmbedder('zoo://vclr_r18w16_demo', device='cpu')
    results = embedder(str(folder), batch_size=2)
    assert results['videos'] == [str(folder / n) for n in ('a.mp4', 'b.mp4', 'more/c.mp4')]
    a, b, c = results['predictions']
    listed = embedder([folder / 'more', str(folder / '*.mp4')])
    np.testing.assert_allclose(listed['predictions'], [c, a, b], atol=1e-6)
    arrays = embedder([all_frames(folder / 'b.mp4'), folder / 'a.mp4'], batch_size=1)
    assert arrays['videos'] == ['array 0', str(folder / 'a.mp4')]
    np.testing.assert_allclose(arrays['predictions'], [b, a], atol=1e-6)


@pytest.mark.slow
def test_workers_change_nothing(folder):
    here = VideoEmbedder('zoo://cvrl_r3d18w12_demo', device='cpu')(folder)
    there = VideoEmbedder('zoo://cvrl_r3d18w12_demo', device='cpu', num_workers=2)(folder)
    assert here['videos'] == there['videos']
    np.testing.assert_array_equal(here['predictions'], there['predictions'])


@pytest.mark.slow
def test_a_bad_video_ends_the_call_or_is_passed_over(folder, tmp_path):
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(b'no video')
    videos = [folder / 'a.mp4', bad, folder / 'b.mp4']
    with pytest.raises(VideoError, match=r'bad\.mp4'):
        VideoEmbedder('zoo://vclr_r18w16_demo', device='cpu')(videos)
    embedder = VideoEmbedder('zoo://vclr_r18w16_demo', device='cpu', skip_bad=True)
    results = embedder(videos)
    assert results['videos'] == [str(folder / 'a.mp4'), str(folder / 'b.mp4')]
    assert list(embedder.bad_videos) == [str(bad)]
    assert embedder([bad])['predictions'].shape[0] == 0


def test_a_backbone_with_its_normalisation(folder):
    encoder = load_backbone('zoo://cvrl_r3d18w12_demo')
    clips = torch.randint(0, 256, (2, 3, 8, 64, 64), dtype=torch.uint8)
    by_hand = encoder.backbone(clips.float() / 255).mean(dim=(2, 3, 4))
    torch.testing.assert_close(encoder(clips), by_hand)


def test_embedder_and_classifier_are_registered():
    assert INFERENCERS.get('VideoEmbedder') is VideoEmbedder
    assert INFERENCERS.get('VideoClassifier') is VideoClassifier


def test_a_missing_video_is_told():
    with pytest.raises(InputError, match=r'no video at nowhere\.mp4: give files, folders'):
        VideoEmbedder('zoo://vclr_r18w16_demo', device='cpu')('nowhere.mp4')


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros((4, 8, 8, 3), np.float32), 'array 0: frames must be .* uint8, got float32'),
        (np.zeros((4, 3, 8, 8), np.uint8), r'RGB of shape \[T, H, W, 3\], got \[4, 3, 8, 8\]'),
    ],
)
def test_an_array_of_another_form_is_refused(array, message):
    with pytest.raises(InputError if array.dtype == np.uint8 else TypeError, match=message):
        VideoEmbedder('zoo://vclr_r18w16_demo', device='cpu')([array])


def test_a_checkpoint_without_a_config_is_refused(tmp_path):
    path = tmp_path / 'plain.pth'
    torch.save(dict(state_dict={}, meta={}), path)
    with pytest.raises(InputError, match='does not say with which config it was trained'):
        trained_config(path)


def test_a_pretraining_does_not_classify():
    with pytest.raises(InputError, match='is a VCLR, not a classifier: fine-tune it first'):
        VideoClassifier('zoo://vclr_r18w16_demo')


NOT_PRETRAINING = ('attentive', 'bmn', 'detection', 'retrieval')
RECIPES = sorted(
    path
    for path in (REPO / 'configs').glob('*/*.py')
    if path.parent.name != '_base_' and not path.name.startswith(NOT_PRETRAINING)
)


@pytest.mark.parametrize('config', RECIPES, ids=lambda path: path.stem)
def test_every_recipe_says_what_its_backbone_sees(config, tmp_path, monkeypatch):
    """Whether clips and size can be told from all pretraining configs, but for TRN's bins."""
    from mmengine.config import Config

    path = tmp_path / 'weights.pth'
    torch.save(dict(meta=dict(cfg=Config.fromfile(config).pretty_text)), path)
    if 'trn' in config.name:
        with pytest.raises(InputError, match='does not say which clips its backbone sees'):
            pretrained_input(path)
        return
    seen = pretrained_input(path)
    assert seen.size in (64, 112, 128, 224, 227, 256, 384)
    assert 'init_cfg' not in seen.backbone
