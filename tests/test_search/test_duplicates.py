"""Near-duplicates: planted copies are found, other recordings of one camera are not."""

import numpy as np
import pytest
from mmengine.logging import MMLogger

from tests.conftest import write_video
from vsslbox.search import near_duplicates
from vsslbox.search.alignment import GEOMETRIES
from vsslbox.search.duplicates import duplicate_pairs
from vsslbox.search.frame_signatures import frame_signatures, mirrored

CAMERAS, TAKES, FRAMES, HEIGHT, WIDTH = 2, 2, 50, 96, 128


def recording(camera, take):
    """Frames of a fixed background, before which three bright spots wander."""
    background = np.random.default_rng(camera).uniform(0, 1, (6, 8))
    y, x = np.mgrid[:HEIGHT, :WIDTH] / [[[HEIGHT]], [[WIDTH]]]
    rng = np.random.default_rng([camera, take])
    times = np.arange(FRAMES)[:, None, None]
    image = 40 + 120 * background.repeat(16, axis=0).repeat(16, axis=1)
    frames = np.broadcast_to(image, (FRAMES, HEIGHT, WIDTH)).copy()
    for _ in range(3):
        speed, phase = rng.uniform(0.05, 0.2, 2), rng.uniform(0, 6, 2)
        place = [0.5 + 0.35 * np.sin(s * times + p) for s, p in zip(speed, phase)]
        frames += 90 * np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / 0.01)
    return np.repeat(frames.clip(0, 255).astype(np.uint8)[..., None], 3, axis=3)


def middle(frames, keep):
    top, left = (round(side * (1 - keep) / 4) * 2 for side in frames.shape[1:3])
    return frames[:, top : HEIGHT - top, left : WIDTH - left]


COPIES = {
    'the file again': lambda frames: dict(frames=frames),
    'another codec': lambda frames: dict(frames=frames, codec='mpeg4'),
    'half the size': lambda frames: dict(frames=frames[:, ::2, ::2]),
    'its middle, nine tenths of the sides': lambda frames: dict(frames=middle(frames, 0.9)),
    'its middle, eight tenths of the sides': lambda frames: dict(frames=middle(frames, 0.8)),
    'mirrored': lambda frames: dict(frames=frames[:, :, ::-1]),
    'brighter': lambda frames: dict(frames=(frames * 0.85 + 35).astype(np.uint8)),
    'cut': lambda frames: dict(frames=frames[12:44]),
    'faster': lambda frames: dict(frames=frames, fps=30),
    'slower': lambda frames: dict(frames=frames, fps=20),
}


@pytest.fixture(scope='module')
def recordings(tmp_path_factory):
    """Two recordings of each of two cameras: the videos and their frames."""
    folder, videos = tmp_path_factory.mktemp('recordings'), {}
    for camera in range(CAMERAS):
        for take in range(TAKES):
            path = folder / f'camera {camera}, take {take}.mp4'
            videos[path] = recording(camera, take)
            write_video(path, videos[path], fps=25)
    return videos


@pytest.mark.slow
@pytest.mark.parametrize('kind', COPIES)
def test_a_copy_is_found_and_nothing_else(kind, recordings, tmp_path):
    number = list(COPIES).index(kind) % len(recordings)
    copy = COPIES[kind](list(recordings.values())[number])
    path = tmp_path / ('copy.avi' if 'codec' in copy else 'copy.mp4')
    write_video(path, **{'fps': 25, **copy})
    paths = list(recordings)
    (found,) = near_duplicates(paths, [path], num_workers=1)
    assert found[:2] == (number, 0) and 0.82 < found[2] <= 1 + 1e-9
    (back,) = near_duplicates([path], paths, num_workers=1)
    assert back[:2] == (0, number)


def test_recordings_of_one_camera_are_no_copies(recordings):
    paths = list(recordings)
    found = near_duplicates(paths, paths, num_workers=1)
    assert sorted(pair[:2] for pair in found) == [(place, place) for place in range(len(paths))]


def test_unreadable_files_are_told_and_leave_the_indices_alone(
    recordings, tmp_path, caplog, monkeypatch
):
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'propagate', True)
    monkeypatch.setattr(logger, 'handlers', [caplog.handler])
    bad = tmp_path / 'bad.mp4'
    bad.write_bytes(b'no video')
    first, *_ = recordings
    found = near_duplicates([bad, first], [bad, bad, first], num_workers=1)
    assert [pair[:2] for pair in found] == [(1, 2)]
    assert '1 videos are not compared' in caplog.text and 'bad.mp4: Invalid data' in caplog.text
    assert near_duplicates([], [first], num_workers=1) == []


def test_signatures_are_weighted_cosine_sums(recordings):
    path = next(iter(recordings))
    found = frame_signatures(str(path))
    assert found.shape == (3, 25, 63) and found.dtype == np.float16
    frame = recordings[path][:2].mean(axis=(0, 3))  # two frames last 1 / 12.5 s
    y, x = (np.arange(side) + 0.5 for side in frame.shape)
    for down, along in ((0, 1), (3, 2), (1, 0)):
        wave = np.cos(np.pi * down * y / HEIGHT)[:, None] * np.cos(np.pi * along * x / WIDTH)
        # Video has 219 steps from black to white.
        expected = np.hypot(down, along) * (wave * frame).mean()
        assert found[0, 0, 8 * down + along - 1] == pytest.approx(expected, rel=0.05, abs=0.8)


def test_signatures_are_means_over_time(recordings, tmp_path):
    """At 10 frames a second, the second signature is of a quarter of a frame and of the next."""
    images = next(iter(recordings.values()))[::10]
    write_video(tmp_path / 'slow.mp4', images, fps=10)
    for number in range(2):
        write_video(tmp_path / f'{number}.mp4', images[[number, number]], fps=25)
    slow, first, second = (
        frame_signatures(str(tmp_path / f'{name}.mp4'))[0].astype(float) for name in ('slow', 0, 1)
    )
    assert len(slow) == 6 and len(first) == len(second) == 1
    expected = [first[0], 0.25 * first[0] + 0.75 * second[0]]
    assert np.linalg.norm(slow[:2] - expected) < 0.02 * np.linalg.norm(expected)
    assert np.linalg.norm(first - second) > 0.2 * np.linalg.norm(first)


def test_signatures_of_a_mirrored_video(recordings, tmp_path):
    path, frames = next(iter(recordings.items()))
    write_video(tmp_path / 'mirrored.mp4', frames[:, :, ::-1], fps=25)
    expected = mirrored(frame_signatures(str(path))).astype(float)
    found = frame_signatures(str(tmp_path / 'mirrored.mp4')).astype(float)
    assert np.linalg.norm(found - expected) < 0.04 * np.linalg.norm(expected)


# --------------------------------------------------------------------------- against brute force


def brute_score(first, second, geometries):
    """The best score of two videos over everything, by loops."""
    best = -1.0
    for geometry in geometries:
        left = first[geometry.first].astype(float)
        if geometry.mirror:
            left = left * [-1 if (place + 1) % 8 % 2 else 1 for place in range(63)]
        right = second[geometry.second].astype(float)
        for speed in (0.8, 0.9, 0.96, 1.0, 1.04, 1.11, 1.25):
            best = max(best, brute_offsets(left, at_speed(right, speed)))
    return best


def at_speed(rows, speed):
    places = [place / speed for place in range(1000) if place / speed <= len(rows) - 1 + 1e-6]
    result = []
    for place in places:
        low = min(int(place), len(rows) - 1)
        high = min(low + 1, len(rows) - 1)
        result.append(rows[low] + (place - low) * (rows[high] - rows[low]))
    return np.array(result)


def brute_offsets(left, right):
    left, right = (rows / np.sqrt((rows**2).sum(1).mean()) for rows in (left, right))
    shorter, best = min(len(left), len(right)), -1.0
    for offset in range(-len(right), len(left)):
        start, end = max(0, offset), min(len(left), len(right) + offset)
        if end - start < max(shorter / 2, min(shorter, 12)):
            continue
        ours, theirs = left[start:end], right[start - offset : end - offset]
        mean, other = ours.mean(0), theirs.mean(0)
        if mean @ other < 0.9 * np.linalg.norm(mean) * np.linalg.norm(other):
            continue
        changes, others = ours[3:] - ours[:-3], theirs[3:] - theirs[:-3]
        noise = 3e-4 * (end - start)
        energy = ((changes**2).sum() + noise) * ((others**2).sum() + noise)
        best = max(best, ((changes * others).sum() + noise) / energy**0.5)
    return best


def brute_geometries(first, second):
    """The geometries in which any compared frames have a like layout."""
    like = []
    for geometry in GEOMETRIES:
        left = first[geometry.first, ::8].astype(float)
        if geometry.mirror:
            left = left * [-1 if (place + 1) % 8 % 2 else 1 for place in range(63)]
        right = second[geometry.second].astype(float)
        cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for a in left for b in right]
        if max(cosines) >= 0.8:
            like.append(geometry)
    return like


def drawn_signatures(rng):
    """Signatures of two places; videos of one share the layout, and some the motion."""
    layouts = rng.normal(0, 1, (2, 63))
    motions = [rng.normal(0, 0.3, (60, 63)).cumsum(0) * 0.3 for _ in range(4)]
    videos = []
    for number in range(10):
        start, length = rng.integers(0, 15), rng.integers(20, 45)
        rows = layouts[number % 2] + motions[number % 4][start : start + length]
        rows = rows + rng.normal(0, 0.02, rows.shape)
        if number % 5 == 0:
            rows = mirrored(rows)
        crops = [rows + rng.normal(0, amount, rows.shape) for amount in (0, 0.05, 0.1)]
        videos.append(np.stack(crops).astype(np.float16))
    return videos


@pytest.fixture(scope='module')
def drawn():
    """Signatures, and the scores of all ordered pairs that brute force finds."""
    videos, scores = drawn_signatures(np.random.default_rng(0)), {}
    for i, first in enumerate(videos):
        for j, second in enumerate(videos):
            geometries = brute_geometries(first, second)
            score = brute_score(first, second, geometries) if geometries else -1
            if score >= 0.82:
                scores[i, j] = score
    return videos, scores


@pytest.mark.slow
@pytest.mark.parametrize('block', [7, 4096])
def test_the_fast_path_equals_brute_force(block, drawn, monkeypatch):
    monkeypatch.setattr('vsslbox.search.duplicates.BLOCK', block)
    videos, expected = drawn
    within = {pair[:2]: pair.alignment.score for pair in duplicate_pairs(videos)}
    assert within == pytest.approx({(i, j): expected[i, j] for i, j in expected if i < j}, abs=1e-5)
    between = duplicate_pairs(videos[:6], videos[6:])
    assert {(i, j + 6): alignment.score for i, j, alignment in between} == pytest.approx(
        {(i, j): score for (i, j), score in expected.items() if i < 6 <= j}, abs=1e-5
    )
    assert len(within) > 5 and len(between) > 3
    assert [p.alignment.score for p in between] == sorted(
        (p.alignment.score for p in between), reverse=True
    )
