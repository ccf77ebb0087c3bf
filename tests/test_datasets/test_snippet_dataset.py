"""Snippets of untrimmed videos, and the features of a network."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader

from vsslbox.datasets.readers import FallbackReader
from vsslbox.datasets.snippet_dataset import SnippetDataset
from vsslbox.datasets.transforms import CenterCrop, Resize
from vsslbox.evaluation.features.snippet_features import (
    class_scores,
    encode_snippets,
    pooled_features,
)
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
SIZES = dict(short_side=40, crop=32)


def recognizer(kind='2D', **backbone):
    if kind == '2D':
        parts = dict(backbone=dict(type='NarrowResNet', depth=18, base_channels=4, **backbone))
        head = dict(type='mmaction.TSNHead', in_channels=32)
    else:
        parts = dict(backbone=dict(type='R3DResNet', depth=18, base_channels=4, **backbone))
        head = dict(type='mmaction.I3DHead', in_channels=32)
    head.update(num_classes=5, loss_cls=dict(type='mmaction.CrossEntropyLoss'))
    shape = dict(format_shape='NCHW' if kind == '2D' else 'NCTHW', mean=MEAN, std=STD)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(
            dict(
                type=f'mmaction.Recognizer{kind}',
                data_preprocessor=dict(type='mmaction.ActionDataPreprocessor', **shape),
                cls_head=head,
                **parts,
            )
        )
    return model.eval()


@pytest.fixture
def videos(video_folder):
    """Three videos of 24 frames of 64x48 pixels."""
    return {f'video{n}': str(video_folder / f'video{n}.mp4') for n in range(3)}


def literal_clips(path, middles, offsets):
    """Read clips frame by frame, ``[n, C, T, 32, 32]``."""
    reader = FallbackReader(path, ['pyav'])
    clips = []
    for middle in middles:
        frames = []
        for offset in offsets:
            index = min(max(middle + offset, 0), reader.num_frames - 1)
            (frame,) = reader.read([index])
            frame = CenterCrop(32).apply_frame(Resize(short_side=40).apply_frame(frame))
            frames.append(torch.from_numpy(frame.copy()).permute(2, 0, 1))
        clips.append(torch.stack(frames, dim=1))
    reader.close()
    return torch.stack(clips)


@pytest.mark.parametrize(
    ('settings', 'middles', 'offsets'),
    [
        (dict(stride=16), [8], [0]),  # 8 frames are left over
        (dict(stride=5), [2, 7, 12, 17], [0]),
        (dict(stride=30), [15], [0]),  # longer than the video
        (dict(stride=60), [30], [0]),  # the middle is after the end
        (dict(stride=6, clip_len=4, frame_interval=3), [3, 9, 15, 21], [-6, -3, 0, 3]),
        (dict(stride=6, clip_len=3), [3, 9, 15, 21], [-1, 0, 1]),
    ],
)
def test_clips_are_around_the_middles(videos, settings, middles, offsets):
    batches = list(SnippetDataset(videos, batch_size=3, **settings, **SIZES))
    for video, path in videos.items():
        own = [batch for batch in batches if batch.video == video]
        assert all((b.num_frames, b.num_snippets, b.error) == (24, len(middles), '') for b in own)
        assert [len(batch.clips) for batch in own] == [3, 1][: len(own)] or len(middles) == 1
        clips = torch.cat([batch.clips for batch in own])
        assert torch.equal(clips, literal_clips(path, middles, offsets))


def test_workers_share_the_videos(videos):
    snippets = SnippetDataset(videos, stride=5, batch_size=3, **SIZES)

    def load(num_workers):
        loader = DataLoader(snippets, batch_size=None, num_workers=num_workers)
        return sorted((b.video, b.clips.shape[0], int(b.clips.sum())) for b in loader)

    assert load(0) == load(2)
    assert len(load(0)) == 6


@pytest.mark.parametrize('kind', ['2D', '3D'])
def test_scores_are_those_before_softmax(videos, kind):
    """As mmaction2 computes them in testing, snippet by snippet."""
    model = recognizer(kind)
    (batch, *_) = SnippetDataset(videos, stride=6, clip_len=4, **SIZES)
    with torch.inference_mode():
        scores = class_scores(model, batch.clips)
        expected = []
        for clip in batch.clips:
            inputs = clip.transpose(0, 1) if kind == '2D' else clip[None]
            data = model.data_preprocessor(dict(inputs=[inputs], data_samples=None))
            head_input, kwargs = model.extract_feat(data['inputs'], test_mode=True)
            expected.append(model.cls_head(head_input, **kwargs)[0])
    assert scores.shape == (4, 5)
    torch.testing.assert_close(scores, torch.stack(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('kind', ['2D', '3D', 'views'])
def test_pooled_features_are_normalised(videos, kind):
    if kind == 'views':
        backbone = dict(type='NarrowResNet', depth=18, base_channels=4)
        model = MODELS.build(dict(type='FeatureExtractor', backbone=backbone)).eval()
        with pytest.raises(ValueError, match='has no class scores'):
            class_scores(model, torch.zeros(1, 3, 1, 32, 32))
    else:
        model = recognizer(kind)
    (batch, *_) = SnippetDataset(videos, stride=6, clip_len=4, **SIZES)
    with torch.inference_mode():
        features = pooled_features(model, batch.clips)
        mean, std = (torch.tensor(values).view(3, 1, 1, 1) for values in (MEAN, STD))
        expected = encode_clips(model.backbone, (batch.clips - mean) / std)
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)


def test_shifts_among_frames_of_different_snippets_are_refused(videos):
    """TSM treats every 8 images as one clip, regardless of their snippets."""
    model = recognizer()
    model.backbone.num_segments = 8
    for encode in (class_scores, pooled_features):
        with pytest.raises(ValueError, match='8 frames together, but clips have 1'):
            encode(model, torch.zeros(8, 3, 1, 32, 32, dtype=torch.uint8))


def test_a_broken_video_does_not_stop_the_others(videos, tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    videos = {'broken': str(tmp_path / 'broken.mp4'), **videos}
    snippets = SnippetDataset(videos, stride=5, batch_size=3, **SIZES)
    model = recognizer()
    loader = DataLoader(snippets, batch_size=None)
    results = list(encode_snippets(model, class_scores, loader))
    assert [result.video for result in results] == ['broken', 'video0', 'video1', 'video2']
    assert [bool(result.error) for result in results] == [True, False, False, False]
    whole = list(SnippetDataset(videos, stride=5, batch_size=100, **SIZES))
    for result, batch in zip(results[1:], whole[1:], strict=True):
        assert result.num_frames == 24
        with torch.inference_mode():
            expected = class_scores(model, batch.clips).numpy()
        np.testing.assert_allclose(result.features, expected, rtol=1e-4, atol=1e-5)
