"""Videos of unusual lengths, sizes, pixel formats and times, from the file to a packed view."""

from fractions import Fraction

import av
import numpy as np
import pytest

from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import PyAVReader, TooLargeError
from vsslbox.structures import SampleKey

# Codec, pixel format, height, width, number of frames.
KINDS = {
    'one_frame.mp4': ('libx264', 'yuv420p', 48, 64, 1),
    'one_frame.avi': ('mpeg4', 'yuv420p', 48, 64, 1),
    'one_frame.webm': ('libvpx-vp9', 'yuv420p', 48, 64, 1),
    'one_pixel_wide.mp4': ('libx264', 'yuv444p', 48, 1, 12),
    'one_pixel_high.mkv': ('ffv1', 'yuv444p', 1, 64, 12),
    'one_pixel.mkv': ('ffv1', 'yuv444p', 1, 1, 12),
    'thin.mov': ('png', 'rgb24', 1, 4000, 12),
    'constant.mp4': ('libx264', 'yuv420p', 48, 64, 12),
    'odd.mp4': ('libx264', 'yuv444p', 47, 63, 12),
    'grey.mkv': ('ffv1', 'gray', 48, 64, 12),
    'portrait.mp4': ('libx264', 'yuv420p', 96, 54, 12),
    'ten_bit.mp4': ('libx264', 'yuv420p10le', 48, 64, 12),
    'ten_bit.mkv': ('libx265', 'yuv420p10le', 64, 64, 12),
    'variable_rate.mp4': ('libx264', 'yuv420p', 48, 64, 12),
    'variable_rate.mkv': ('libvpx-vp9', 'yuv420p', 48, 64, 12),
    'rotated.mp4': ('libx264', 'yuv420p', 48, 64, 12),
}
GAPS = [1, 2, 5, 1, 1, 9, 3, 1, 4, 1, 1, 2]  # between frames, in units of 1/25 s


def write(path):
    codec, pix_fmt, height, width, num_frames = KINDS[path.name]
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        options = {'x265-params': 'log-level=none'} if codec == 'libx265' else {'g': '5'}
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, pix_fmt
        stream.codec_context.time_base = Fraction(1, 25)
        if path.name.startswith('rotated'):
            stream.set_display_rotation(90)
        time = 0
        for t in range(num_frames):
            image = rng.integers(0, 256, (height, width, 3), np.uint8) // 4 + np.uint8(15 * t)
            if path.name.startswith('constant'):
                image = np.full_like(image, 128)
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 25)
            time += GAPS[t] if path.name.startswith('variable') else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(params=KINDS)
def path(request, tmp_path):
    path = tmp_path / request.param
    write(path)
    return path


def test_frames_are_those_of_a_sequential_decode(path):
    _, _, height, width, num_frames = KINDS[path.name]
    with av.open(str(path)) as container:
        decoded = list(container.decode(container.streams.video[0]))
    expected = [frame.to_ndarray(format='rgb24') for frame in decoded]
    gaps = np.diff([frame.pts for frame in decoded])
    assert (len(set(gaps)) > 2) == path.name.startswith('variable')
    assert decoded[0].format.name.startswith(KINDS[path.name][1])
    assert (decoded[0].rotation != 0) == path.name.startswith('rotated')
    reader = PyAVReader(str(path))
    assert (reader.num_frames, len(expected)) == (num_frames, num_frames)
    assert reader.fps > 0
    for indices in ([num_frames - 1], [0], [num_frames // 2], range(num_frames)):
        for index, image in zip(indices, reader.read(indices), strict=True):
            assert image.shape == (height, width, 3)
            assert np.array_equal(image, expected[index])
    if path.name.startswith('grey'):
        assert np.array_equal(expected[0].min(axis=2), expected[0].max(axis=2))


def pipeline(*transforms):
    return [
        dict(type='OpenVideo'),
        dict(type='SampleRandomClip', clip_len=8),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=[dict(transform) for transform in transforms]),
        dict(type='PackViews'),
    ]


CROPS = {
    'area': [dict(type='RandomResizedCrop', size=16)],
    'narrow': [dict(type='RandomResizedCrop', size=16, ratio=(3, 4))],
    'distorted': [dict(type='DistortedBoxCrop', size=16)],
    'scales': [dict(type='MultiScaleCrop', size=16)],
    'middle': [dict(type='Resize', short_side=16), dict(type='CenterCrop', size=16)],
    'random': [dict(type='RandomShortSide', low=16, high=20), dict(type='RandomCrop', size=16)],
}


@pytest.mark.slow
@pytest.mark.parametrize('crop', CROPS)
def test_views_of_every_kind(path, crop):
    """A random clip, cropped and resized, repeats the frames of a short video."""
    dataset = VideoDataset(data_root=str(path.parent), pipeline=pipeline(*CROPS[crop]))
    for epoch in range(5):
        sample = dataset[SampleKey(0, epoch)]
        assert sample['data_samples'].bad_videos == []
        (view,) = sample['inputs']
        assert view.shape == (3, 8, 16, 16)
        frames = view.numpy().transpose(1, 0, 2, 3).astype(int)
        if path.name.startswith(('one_frame', 'constant')):
            assert (frames == frames[:1]).all()
        elif path.name.startswith('grey'):
            assert (frames == frames[:, :1]).all()
        else:
            assert frames.std() > 1


@pytest.mark.parametrize(
    'transform',
    [dict(type='Resize', short_side=64), dict(type='RandomShortSide', low=60, high=64)],
    ids=['fixed', 'random'],
)
def test_frames_that_are_too_thin_to_be_scaled_are_replaced(tmp_path, transform, monkeypatch):
    """A short side of 64 pixels makes 0.4 GB of a file of 2 KB."""
    for name in ('thin.mov', 'portrait.mp4'):
        write(tmp_path / name)
    steps = pipeline(transform, dict(type='RandomCrop', size=16))
    dataset = VideoDataset(data_root=str(tmp_path), pipeline=steps)
    monkeypatch.setenv('VSSLBOX_MAX_VIDEO_BYTES', str(10**8))
    sample = dataset[SampleKey(1)]
    ((path, reason),) = sample['data_samples'].bad_videos
    assert path == str(tmp_path / 'thin.mov')
    assert '8 frames with a short side of 6' in reason and '00 long, need more than' in reason
    dataset.test_mode = True
    with pytest.raises(TooLargeError, match=r'/thin.mov: 8 frames with a short side'):
        dataset[1]
