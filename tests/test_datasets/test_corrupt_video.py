"""Corruptions: what they do, on what they depend, and that severity grows."""

import hashlib

import av
import numpy as np
import pytest

from vsslbox.datasets.corruptions import CORRUPTIONS, CorruptedReader, coding
from vsslbox.datasets.readers import ArrayReader
from vsslbox.datasets.transforms import CorruptVideo
from vsslbox.errors import InputError

KINDS = list(CORRUPTIONS)


def moving_blobs(num_frames=40, height=63, width=80):
    """A video with soft blobs that move, of an odd height."""
    y, x = np.mgrid[:height, :width]
    frames = []
    for time in range(num_frames):
        wave = np.sin((x + 2 * time) / 6) * np.cos((y - time) / 5)
        frames.append(np.stack([128 + 90 * wave, 110 + 70 * wave, 140 - 80 * wave], axis=2))
    return np.rint(frames).clip(0, 255).astype(np.uint8)


VIDEO = moving_blobs()
ALL = list(range(len(VIDEO)))


def corrupted(kind, severity, indices=ALL, name='a.mp4', seed=0, video=VIDEO):
    results = dict(reader=ArrayReader(video), attributes=dict(name=name))
    reader = CorruptVideo(kind, severity, seed)(results)['reader']
    assert (reader.num_frames, reader.path) == (len(video), 'array')
    return np.stack(reader.read(indices))


def damage(kind, severity):
    return np.abs(corrupted(kind, severity).astype(int) - VIDEO).mean()


@pytest.mark.parametrize('kind', KINDS)
def test_severity_0_is_the_video_bit_for_bit_and_5_is_worse_than_1(kind):
    reader = ArrayReader(VIDEO)
    assert CorruptVideo(kind, 0)(dict(reader=reader))['reader'] is reader
    mild, middle, severe = (damage(kind, severity) for severity in (1, 3, 5))
    assert 0 < mild < middle < severe


@pytest.mark.parametrize('kind', KINDS)
def test_frames_depend_on_seed_name_and_kind_alone(kind):
    before = VIDEO.copy()
    first = corrupted(kind, 4)
    assert first.dtype == np.uint8 and first.shape == VIDEO.shape
    assert all(np.array_equal(first, corrupted(kind, 4)) for _ in range(3))
    assert np.array_equal(VIDEO, before)
    if CORRUPTIONS[kind].of == 'frames':  # codecs need the frames before
        assert np.array_equal(first[[3, 17]], corrupted(kind, 4, [3, 17]))
    is_random = kind not in (
        'defocus_blur',
        'h264',
        'mpeg4',
        'frame_rate',
        'brightness',
        'contrast',
    )
    for other in (dict(name='b.mp4'), dict(seed=1)):
        assert np.array_equal(first, corrupted(kind, 4, **other)) != is_random


def test_the_draws_are_those_of_the_documented_key():
    seed = int.from_bytes(hashlib.sha256(b'0/gaussian_noise/a.mp4').digest()[:8], 'big')
    noise = np.random.default_rng((seed, 7)).standard_normal(VIDEO[7].shape, np.float32)
    expected = np.rint(VIDEO[7] + 255 * 0.18 * noise).clip(0, 255)
    assert np.array_equal(corrupted('gaussian_noise', 3, [7])[0], expected)


def test_noise_has_the_deviation_of_its_table():
    grey = np.full((1, 200, 200, 3), 128, np.uint8)
    values = corrupted('gaussian_noise', 1, [0], video=grey) / 255
    assert values.std() == pytest.approx(0.08, rel=0.02)
    values = corrupted('shot_noise', 1, [0], video=grey) / 255
    assert values.std() == pytest.approx((128 / 255 / 250) ** 0.5, rel=0.02)  # of a Poisson number
    assert values.mean() == pytest.approx(128 / 255, abs=2e-3)
    values = corrupted('impulse_noise', 5, [0], video=grey)
    assert np.mean(values == 0) == pytest.approx(0.135, abs=0.005)
    assert np.mean(values == 255) == pytest.approx(0.135, abs=0.005)
    assert np.mean(values == 128) == pytest.approx(0.73, abs=0.01)


def test_light_by_hand():
    video = np.array([[[[200, 100, 0], [0, 0, 0], [20, 40, 60], [20, 20, 20]]]], np.uint8)
    (brighter,) = corrupted('brightness', 2, [0], video=video)
    assert brighter.tolist() == [[[251, 126, 0], [51, 51, 51], [37, 74, 111], [71, 71, 71]]]
    (flat,) = corrupted('contrast', 3, [0], video=video)
    mean = video[0, 0].mean(axis=0)
    assert flat[0].tolist() == np.rint((video[0, 0] - mean) * 0.2 + mean).tolist()


def test_a_point_is_blurred_to_the_kernel():
    """The lengths are those of a short side of 224 pixels."""
    point = np.zeros((1, 112, 150, 3), np.uint8)
    point[0, 50, 70] = 255
    disk = corrupted('defocus_blur', 5, [0], video=point)[0, ..., 0]
    rows, columns = np.nonzero(disk)
    assert (np.ptp(rows), np.ptp(columns)) == (10, 10)  # a radius of 5 pixels
    line = corrupted('motion_blur', 1, [0], video=point)[0, ..., 0].astype(float)
    rows, columns = np.nonzero(line)
    assert columns.min() >= 60 and columns.max() <= 80
    assert line.sum() == pytest.approx(255, rel=0.1)
    assert len(np.unique(columns)) >= 3


def test_frames_are_held_and_a_box_covers_its_share():
    assert np.array_equal(corrupted('frame_rate', 2, [0, 3, 4, 9]), VIDEO[[0, 0, 4, 8]])
    white = np.full((2, 100, 120, 3), 255, np.uint8)
    for severity, share in enumerate((0.1, 0.2, 0.3, 0.4, 0.5), start=1):
        first, second = corrupted('occlusion', severity, [0, 1], video=white)
        assert np.mean(first == 0) == pytest.approx(share, abs=0.01)
        assert np.array_equal(first, second)


def test_a_shaken_camera_moves_a_frame_within_its_range():
    video = np.zeros((30, 224, 300, 3), np.uint8)
    video[:, 108:116, 146:154] = 255
    centres = [
        np.argwhere(frame[..., 0] > 127).mean(axis=0)
        for frame in corrupted('shake', 2, range(30), video=video)
    ]
    offsets = np.array(centres) - np.array([111.5, 149.5])
    assert 3 < np.abs(offsets).max() <= 7.5 + 0.6
    assert len(np.unique(offsets.round(1), axis=0)) > 25


def test_codecs_see_the_frames_between_those_that_are_read():
    few = corrupted('h264', 5, [2, 11, 20])
    assert np.array_equal(few, corrupted('h264', 5, list(range(2, 21)))[[0, 9, 18]])
    long = moving_blobs(90)
    parts = corrupted('h264', 5, [0, 5, 80, 85], video=long)  # coded apart
    assert np.array_equal(parts[2:], corrupted('h264', 5, [80, 85], video=long))


def test_compression_is_that_of_the_codec():
    """The same packets, written to a file and decoded as one, give the same frames."""
    options = {**coding.X264, 'crf': '35'}
    packets = coding._encode('libx264', list(VIDEO), options)
    assert len(packets) == len(VIDEO)
    assert len(b''.join(packets)) < 20000  # of 604800 bytes
    decoder = av.CodecContext.create('h264', 'r')
    parsed = [*decoder.parse(b''.join(packets)), *decoder.parse()]
    pictures = [p for packet in parsed for p in decoder.decode(packet)]
    pictures += decoder.decode(None)
    expected = np.stack([picture.to_ndarray(format='rgb24')[:63] for picture in pictures])
    assert np.array_equal(corrupted('h264', 2), expected)


def test_lost_packets_leave_the_first_frame_and_damage_more_and_more():
    whole = coding.lose_packets(list(VIDEO), 0.0, np.random.default_rng(0))
    assert np.abs(np.stack(whole).astype(int) - VIDEO).mean() < damage('h264', 1)
    for severity in (1, 3, 5):
        frames = corrupted('packet_loss', severity)
        # x264 does not give the same bits every time on a busy machine.
        assert np.abs(frames[0].astype(int) - VIDEO[0]).mean() < damage('h264', 1)
    worst = np.abs(frames[1:].astype(int) - np.stack(whole)[1:]).mean(axis=(1, 2, 3))
    assert worst.max() > 10


@pytest.mark.parametrize(
    ('kind', 'severity', 'message'),
    [
        ('rain', 1, r"must be one of gaussian_noise, .*, got 'rain'"),
        ('h264', 6, r'severity of CorruptVideo must be an integer from 0 \(none\) to 5, got 6'),
        ('h264', 1.5, r'got 1.5'),
    ],
)
def test_other_kinds_and_severities_are_refused(kind, severity, message):
    with pytest.raises(InputError, match=message):
        CorruptVideo(kind, severity)


def test_the_reader_of_a_short_video_of_one_frame():
    for kind in KINDS:
        assert corrupted(kind, 5, [0], video=VIDEO[:1]).shape == (1, 63, 80, 3)
    closed = []
    reader = ArrayReader(VIDEO)
    reader.close = lambda: closed.append(True)
    CorruptedReader(reader, 'h264', 1, 'key').close()
    assert closed
