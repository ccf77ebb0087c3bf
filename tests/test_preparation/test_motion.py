"""The motion benchmark: captured poses, what is drawn for each video, and the picture."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('pybullet', reason='the extra motion is not installed')

from vsslbox.preparation.motion import (
    ACTIONS,
    SPLITS,
    Capture,
    plan_videos,
    read_capture,
    render_video,
    split_rows,
)
from vsslbox.preparation.motion.camera import Camera
from vsslbox.preparation.motion.humanoid import Humanoid
from vsslbox.preparation.motion.simulation import simulation
from vsslbox.preparation.motion.textures import TEXTURES, draw_texture

PARTS = 'train', 'test'
KNEE = 19  # of the right leg, in a pose


def pose(x=0.0, z=0.0, yaw=0.0, knee=0.0):
    """Return a pose whose joints are straight but for a knee; the root is turned about y."""
    joints = [0, 0, 0, 1]
    root = [x, 1, z, 0, np.sin(yaw / 2), 0, np.cos(yaw / 2)]
    legs = [*joints, 0.0, *joints, *joints, 0.0]
    found = np.array([*root, *joints, *joints, *legs, *legs])
    found[KNEE] = knee
    return found


def yaw_of(found):
    return 2 * np.arctan2(found[4], found[6])


def test_a_pose_has_its_joints_in_place():
    assert len(pose()) == 43
    walk = read_capture('walk').at(np.arange(0, 1, 0.1))
    parts = [walk[:, 3:7], walk[:, 7:11], walk[:, 15:19], walk[:, 20:24], walk[:, 24:28]]
    for part in parts:
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1)
    assert walk[:, 19].min() < -0.3 and walk[:, 19].max() <= 0  # knees bend backwards
    assert walk[:, 28].min() >= 0  # elbows bend forwards


def test_a_repeating_capture_goes_on_from_where_it_ended():
    """Each cycle of a second goes 1 m ahead and a quarter turn about the vertical."""
    times = np.array([0.0, 0.5, 1.0])
    quarter = np.pi / 2
    capture = Capture(
        times, np.stack([pose(), pose(0.5, knee=1), pose(1, yaw=quarter)]), repeats=True
    )
    found = capture.at(np.array([0.0, 0.25, 1.0, 1.5, 2.0, 3.0]))
    # About y, a quarter turns x to -z.
    places = [(0, 0), (0.25, 0), (1, 0), (1, -0.5), (1, -1), (0, -1)]
    np.testing.assert_allclose(found[:, [0, 2]], places, atol=1e-9)
    np.testing.assert_allclose(found[:, 1], 1)
    np.testing.assert_allclose(found[:, KNEE], [0, 0.5, 0, 1, 0, 0], atol=1e-9)
    turns = [yaw_of(found[n]) / quarter for n in (0, 2, 4, 5)]
    np.testing.assert_allclose(np.array(turns) % 4, [0, 1, 2, 3], atol=1e-9)


def test_another_capture_is_held_at_both_ends():
    capture = Capture(np.array([0.0, 1.0]), np.stack([pose(), pose(2, knee=1)]), repeats=False)
    found = capture.at(np.array([-1.0, 0.0, 0.5, 1.0, 7.0]))
    assert found[:, 0].tolist() == [0, 0, 1, 2, 2]


def test_quaternions_turn_the_short_way():
    there, back = pose(yaw=0.2), pose(yaw=0.4)
    back[3:7] *= -1
    capture = Capture(np.array([0.0, 1.0]), np.stack([there, back]), repeats=False)
    assert yaw_of(capture.at(np.array([0.5]))[0]) == pytest.approx(0.3)


def test_the_mirror_exchanges_left_and_right():
    kick = read_capture('kick')
    mirrored = kick.mirrored()
    times = np.linspace(0, kick.duration, 9)
    there, found = kick.at(times), mirrored.at(times)
    np.testing.assert_allclose(found[:, 2], -there[:, 2])
    np.testing.assert_allclose(found[:, 33], there[:, 19])  # the knees
    np.testing.assert_allclose(abs(mirrored.mirrored().at(times)), abs(there), atol=1e-12)
    with simulation() as bullet:
        body = Humanoid(bullet)
        for own, other in zip(there, found):
            spots = []
            for given, foot in ((own, 'right_ankle'), (other, 'left_ankle')):
                body.pose(given)
                state = bullet.getLinkState(body.body, body.links[foot], computeForwardKinematics=1)
                spots.append(np.array(state[0]))
            np.testing.assert_allclose(spots[0] * (1, -1, 1), spots[1], atol=1e-6)


@pytest.mark.parametrize('action', ACTIONS)
def test_captures_do_not_jump(action):
    """Between frames no joint moves much faster at the seam of two cycles than elsewhere."""
    capture = read_capture(action)
    assert 0.5 < capture.duration < 5
    found = capture.at(np.arange(0, 2.5 * capture.duration, 1 / 120))
    steps = np.abs(np.diff(found[:, :3], axis=0)).max(axis=1)
    turns = [
        1 - np.abs((found[1:, part] * found[:-1, part]).sum(axis=1))
        for part in (slice(3, 7), slice(7, 11), slice(15, 19), slice(24, 28), slice(29, 33))
    ]
    within = int(0.9 * capture.duration * 120) - 24
    assert steps.max() < max(2 * steps[:within].max(), 0.03)
    assert np.max(turns) < max(4 * np.max([turn[:within] for turn in turns]), 0.005)


def test_the_body_stands_on_the_ground_whatever_its_proportions():
    walk = read_capture('walk').at(np.linspace(0, 2, 9))
    with simulation() as bullet:
        for proportions in ((1, 1, 1), (0.9, 1.1, 1.2), (1.1, 0.9, 0.85)):
            body = Humanoid(bullet, *proportions)
            for own in walk:
                body.pose(own, clearance=0.05)
                heights = [bullet.getAABB(body.body, n)[0][2] for n in body.links.values()]
                assert min(heights) == pytest.approx(0.05, abs=1e-6)
            state = bullet.getLinkState(body.body, body.links['neck'], computeForwardKinematics=1)
            assert 1.25 < state[0][2] - 0.05 < 1.75  # the head is up
            assert abs(body.root()[1]) < 0.2 < body.root()[0]  # it walks along x


def test_a_camera_sees_points_where_its_rays_meet_them():
    camera = Camera(np.array([3.0, -1.0, 2.0]), np.array([0.0, 0.5, 0.8]), 40.0)
    rays = camera.rays(10)
    points = camera.eye + 3.5 * rays
    columns, rows = np.meshgrid(np.arange(10), np.arange(10))
    np.testing.assert_allclose(camera.see(points, 10), np.dstack([columns, rows]), atol=1e-4)
    assert rays[0, 0, 2] > rays[9, 0, 2]  # the first row is on top
    with simulation() as bullet:
        shape = bullet.createVisualShape(bullet.GEOM_SPHERE, radius=0.05)
        bullet.createMultiBody(baseVisualShapeIndex=shape, basePosition=[0.2, 0.1, 1.1])
        opacity = camera.shoot(bullet, 200)[..., 3]
    seen = camera.see(np.float32([0.2, 0.1, 1.1]), 200)
    found = np.argwhere(opacity).mean(axis=0)[::-1]
    np.testing.assert_allclose(found, seen, atol=0.7)


@pytest.fixture(scope='module')
def videos():
    return plan_videos(1500, 7, 64)


def test_every_split_tests_a_quarter_of_every_action(videos):
    assert Counter(video.action for video in videos) == dict.fromkeys(ACTIONS, 100)
    for split in SPLITS:
        header, *rows = split_rows(videos, split)
        assert header[:3] == ('path', 'split', 'action')
        tests = Counter(row[2] for row in rows if row[1] == 'test')
        assert tests == dict.fromkeys(ACTIONS, 25)
        assert {row[1] for row in rows} == {'train', 'test'}


def values(videos, split, part, column):
    header, *rows = split_rows(videos, split)
    return [row[header.index(column)] for row in rows if row[1] == part]


def test_what_is_unseen_is_unseen(videos):
    azimuths = {part: values(videos, 'unseen_cameras', part, 'camera_azimuth') for part in PARTS}
    assert max(map(abs, azimuths['test'])) <= 45 <= min(map(abs, azimuths['train']))
    speeds = {part: values(videos, 'unseen_speeds', part, 'speed') for part in PARTS}
    assert min(speeds['train']) >= 0.7 and max(speeds['train']) < 1.225
    assert min(speeds['test']) >= 1.225 and max(speeds['test']) <= 1.4
    for column in ('floor', 'background'):
        kinds = {part: set(values(videos, 'unseen_textures', part, column)) for part in PARTS}
        assert kinds['test'] == {'bricks', 'dots'}
        assert kinds['train'] == set(TEXTURES) - kinds['test']


def test_nuisances_do_not_tell_the_action(videos):
    """The mean of each within an action is that of all, up to 4 standard errors."""
    for column in (
        'camera_azimuth', 'camera_height', 'camera_distance', 'camera_fov', 'camera_pan', 'speed',
        'legs', 'arms', 'girth', 'light_azimuth', 'light_elevation', 'distractors',
    ):  # fmt: skip
        own = {action: [] for action in ACTIONS}
        for video in videos:
            own[video.action].append(getattr(video, column))
        every = np.concatenate([*own.values()])
        for found in own.values():
            assert abs(np.mean(found) - every.mean()) < 4 * every.std() / np.sqrt(len(found))
    for column in ('mirror', 'shirt', 'trousers', 'floor', 'background', 'light', 'shadow'):
        counts = Counter((video.action, getattr(video, column)) for video in videos)
        every = Counter(getattr(video, column) for video in videos)
        for (_, value), count in counts.items():
            share = every[value] / len(videos)
            assert abs(count / 100 - share) < 4 * np.sqrt(share * (1 - share) / 100)


def test_draws_depend_on_the_seed_alone():
    assert plan_videos(30, 3, 64) == plan_videos(30, 3, 64)
    assert plan_videos(30, 4, 64) != plan_videos(30, 3, 64)


def test_textures_have_no_seams_and_differ():
    rng = np.random.default_rng(0)
    for kind in TEXTURES:
        texture = draw_texture(kind, rng)
        assert texture.shape == (256, 256, 3) and 0 <= texture.min() <= texture.max() <= 1
        assert texture.std(axis=(0, 1)).max() > 0.02
        for axis in (0, 1):
            inside = np.abs(np.diff(texture, axis=axis)).max()
            seam = np.abs(texture.take(0, axis=axis) - texture.take(-1, axis=axis)).max()
            assert seam <= 1.5 * inside


def test_pictures_show_the_body_in_its_colours_and_its_shadow(videos):
    plain = replace(
        videos[14], camera_azimuth=0.0, camera_height=1.0, camera_distance=3.0, camera_fov=45.0,
        camera_pan=0.0, shirt='red', trousers='blue', light='neutral', light_azimuth=90.0,
        light_elevation=45.0, shadow='no', distractors=0, girth=1.2,
    )  # fmt: skip
    (image,) = render_video(plain, 0, 64, 1)
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    (lit,) = render_video(replace(plain, shadow='yes'), 0, 64, 1)
    darker = image.astype(int) - lit
    assert darker.min() == 0  # nothing gets lighter
    rows, columns = np.nonzero(darker.sum(axis=2) > 20)
    assert len(rows) > 20 and rows.min() > 32  # on the ground
    # The light stands at the right of the picture, as the camera looks along -x.
    assert columns.mean() < 32

    (other,) = render_video(replace(plain, shirt='green'), 0, 64, 1)
    rows, columns = np.nonzero((image != other).any(axis=2))
    assert rows.min() > 15 and rows.max() < 40  # the trunk and the upper arms
    assert 22 < columns.mean() < 42
    shirt, green = image[rows, columns].mean(axis=0), other[rows, columns].mean(axis=0)
    assert shirt.argmax() == 0 and green.argmax() == 1


def test_every_action_stays_in_the_picture(videos, monkeypatch):
    """The body is large enough to be seen, and hardly any of it is cut off."""
    shoot, seen = Camera.shoot, []

    def watch(camera, *args, **kwargs):
        picture = shoot(camera, *args, **kwargs)
        seen.append(picture[..., 3] > 0)
        return picture

    monkeypatch.setattr(Camera, 'shoot', watch)
    for video in videos[: len(ACTIONS)]:
        seen.clear()
        bare = replace(video, distractors=0, shadow='no')
        assert len([*render_video(bare, 0, 32, 20)]) == 20
        bodies = np.array(seen)
        assert 0.02 < bodies.mean() < 0.3, video.action
        edge = bodies.copy()
        edge[:, 1:-1, 1:-1] = False
        assert edge.sum() < 0.01 * bodies.sum(), video.action
