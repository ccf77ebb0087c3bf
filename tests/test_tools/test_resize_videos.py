"""The tool that resizes videos."""

import csv
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.datasets.readers import DecordReader, PyAVReader


@pytest.fixture(scope='module')
def tool():
    with imported_tool('data/resize_videos.py') as module:
        yield module


@pytest.fixture
def run(tool, monkeypatch):
    """Return a function that runs the tool and returns its exit status."""

    def run(source, folder, *options):
        return run_main(tool, monkeypatch, source, folder, '--num-workers', 2, *options)

    return run


def frames_of(path, reader=PyAVReader):
    opened = reader(str(path))
    images = opened.read(range(opened.num_frames))
    opened.close()
    return np.array(images)


def write_levels(path, levels, times, unit=Fraction(1, 1000)):
    """Write grey frames of given levels at given times."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '1'})
        stream.width = stream.height = 32
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.time_base = unit
        for level, time in zip(levels, times, strict=True):
            image = np.full((32, 32, 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = time, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def levels_of(path):
    return frames_of(path).mean(axis=(1, 2, 3))


KINDS = [
    'torchvision_assets/videos/SOX5yA1l24A.mp4',  # with sound, 340x256
    'torchvision_assets/videos/TrumanShow_wave_f_nm_np1_fr_med_26.avi',  # counts one too many
    'torchcodec/test/resources/av1_video.mkv',
    'torchcodec/test/resources/bt709_full_range.mp4',
    'torchcodec/test/resources/h265_10bits.mp4',
]


@pytest.mark.slow
def test_frames_stay_what_they_are(run, data_root, tmp_path):
    """Number, size and colours are kept for every source format."""
    formats = data_root / 'formats'
    (tmp_path / 'list.txt').write_text('\n'.join(KINDS))
    options = ('--data-root', str(formats), '--short-side', '120', '--preset', 'train')
    assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 0
    for name in KINDS:
        made = tmp_path / 'out' / Path(name).with_suffix('.mp4')
        before, after = frames_of(formats / name), frames_of(made)
        assert len(before) == len(after), name
        height, width = before.shape[1:3]
        expected = round(120 / min(height, width) * max(height, width) / 2) * 2
        assert after.shape[1:3] == (120, expected), name
        for image, resized in zip(before[::10], after[::10]):
            reference = cv2.resize(image, (expected, 120), interpolation=cv2.INTER_AREA)
            assert np.abs(reference.astype(float) - resized).mean() < 8, name  # hard edges
            # A wrong range or matrix of the colours would shift whole channels.
            shift = (reference.astype(float) - resized).mean(axis=(0, 1))
            assert np.abs(shift).max() < 3, name
        with av.open(str(made)) as container:
            assert [stream.type for stream in container.streams] == ['video']
            with av.open(str(formats / name), metadata_errors='ignore') as source:
                rate = source.streams.video[0].average_rate
            assert container.streams.video[0].average_rate == rate
            packets = [packet for packet in container.demux() if packet.size]
            keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
            assert keys[0] == 0
            assert max(np.diff([*keys, len(packets)])) <= 32
            # Closed groups: what comes after a key frame is never shown before it.
            for key in keys:
                assert min(packet.pts for packet in packets[key:]) == packets[key].pts


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (['--preset', 'train'], ['cabac=0', 'deblock=0:0:0', 'weightp=0', 'keyint=32', 'crf=21.0']),
        (
            ['--preset', 'train', '--gop', '12', '--crf', '25.5'],
            ['cabac=0', 'keyint=12', 'crf=25.5', 'subme=7'],
        ),
        ([], ['cabac=1', 'keyint=250', 'crf=23.0']),
    ],
)
def test_options_reach_the_encoder(run, video_folder, tmp_path, options, expected):
    """x264 writes its options into the file."""
    (tmp_path / 'list.txt').write_text('video0.mp4\n')
    source = tmp_path / 'list.txt'
    assert run(source, tmp_path / 'out', '--data-root', str(video_folder), *options) == 0
    words = (tmp_path / 'out' / 'video0.mp4').read_bytes().split()
    for word in [*expected, 'threads=1', 'open_gop=0']:
        assert word.encode() in words


def test_hevc(run, video_folder, tmp_path):
    (tmp_path / 'list.txt').write_text('video0.mp4\n')
    options = ('--data-root', str(video_folder), '--codec', 'hevc', '--preset', 'train')
    assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 0
    with av.open(str(tmp_path / 'out' / 'video0.mp4')) as container:
        assert container.streams.video[0].codec_context.name == 'hevc'
    before, after = (
        frames_of(folder / 'video0.mp4') for folder in (video_folder, tmp_path / 'out')
    )
    assert before.shape == after.shape
    assert np.abs(before.astype(float) - after).mean() < 5


@pytest.mark.parametrize('angle', [0, 90, 180, 270])
def test_rotated_videos_become_upright(run, data_root, tmp_path, angle):
    """The frames equal those of decord, which rotates them itself."""
    folder = data_root / 'formats/decord/tests/test_data'
    name = f'video_{angle}.mov'
    (tmp_path / 'list.txt').write_text(name)
    options = ('--data-root', str(folder), '--crf', '10')
    assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 0
    made = tmp_path / 'out' / f'video_{angle}.mp4'
    upright, after = frames_of(folder / name, DecordReader), frames_of(made)
    assert upright.shape == after.shape
    assert np.abs(upright.astype(float) - after).mean() < 3
    with av.open(str(made)) as container:
        assert next(container.decode(video=0)).rotation == 0


@pytest.mark.slow
def test_rate_takes_the_nearest_frame_in_time(run, tmp_path):
    """A source whose frames last 20 to 200 ms, at fewer and at more frames per second."""
    times = [0, 40, 60, 100, 300, 340, 500, 540, 560, 700]
    levels = list(range(20, 220, 20))
    (tmp_path / 'in').mkdir()
    write_levels(tmp_path / 'in' / 'a.mkv', levels, times)
    before = levels_of(tmp_path / 'in' / 'a.mkv')
    with av.open(str(tmp_path / 'in' / 'a.mkv')) as container:
        last = 1000 / float(container.streams.video[0].average_rate)
    for fps in (5, 12.5, 30):
        expected = []
        while len(expected) * 1000 / fps < times[-1] + last:
            now = len(expected) * 1000 / fps
            distances = [abs(now - time) for time in times]
            # Of two that are equally near, the later one.
            expected.append(max(i for i, d in enumerate(distances) if d == min(distances)))
        folder = tmp_path / f'at{fps}'
        assert run(tmp_path / 'in', folder, '--fps', str(fps), '--crf', '1') == 0
        after = levels_of(folder / 'a.mp4')
        assert len(after) == len(expected)
        assert np.abs(after - before[expected]).max() < 3
        assert PyAVReader(str(folder / 'a.mp4')).fps == pytest.approx(fps)
        with av.open(str(folder / 'a.mp4')) as container:
            shown = [packet.pts for packet in container.demux() if packet.size]
        assert len(set(np.diff(sorted(shown)))) == 1  # a constant rate


@pytest.mark.slow
def test_rate_of_files_without_times(run, data_root, tmp_path):
    """HMDB51: times are missing or out of order. 48 frames at 30 Hz are 16 frames at 10 Hz."""
    name = 'TrumanShow_wave_f_nm_np1_fr_med_26.avi'
    folder = data_root / 'formats/torchvision_assets/videos'
    (tmp_path / 'list.txt').write_text(name)
    options = ('--data-root', str(folder), '--fps', '10', '--crf', '5')
    assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 0
    before, after = frames_of(folder / name), frames_of(next((tmp_path / 'out').glob('*.mp4')))
    assert len(after) == 16
    for place, image in enumerate(after):
        distances = [np.abs(other.astype(float) - image).mean() for other in before]
        assert np.argmin(distances) == 3 * place


@pytest.mark.slow
@pytest.mark.parametrize(
    ('size', 'short_side', 'expected'),
    [
        ((64, 48), 32, (42, 32)),
        ((48, 64), 32, (32, 42)),
        ((64, 48), 100, (64, 48)),  # never enlarged
        ((65, 49), None, (64, 48)),
        ((65, 49), 48, (64, 48)),
        ((64, 48), None, (64, 48)),
    ],
)
def test_sizes_are_even_and_never_larger(run, tmp_path, size, short_side, expected):
    (tmp_path / 'in').mkdir()
    images = np.zeros((3, size[1], size[0], 3), np.uint8)
    with av.open(str(tmp_path / 'in' / 'a.avi'), 'w') as container:
        stream = container.add_stream('png', rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = 'rgb24'
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())
    options = [] if short_side is None else ['--short-side', str(short_side)]
    assert run(tmp_path / 'in', tmp_path / 'out', *options) == 0
    assert frames_of(tmp_path / 'out' / 'a.mp4').shape == (3, expected[1], expected[0], 3)


@pytest.mark.slow
def test_second_run_makes_what_is_missing(run, video_folder, tmp_path, capsys):
    out = tmp_path / 'out'
    assert run(video_folder, out, '--short-side', '24', '--crf', '5') == 0
    assert '8 videos done, 0 already present, 0 failed' in capsys.readouterr().out
    assert len(list(out.glob('*.mp4'))) == 8
    before = frames_of(out / 'video3.mp4')
    (out / 'video3.mp4').unlink()
    (out / '.video3.unfinished.mp4').write_bytes(b'half')  # left by a run that was killed
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob('video*.mp4')}
    assert run(video_folder, out, '--short-side', '24', '--crf', '5') == 0
    assert '1 videos done, 7 already present, 0 failed' in capsys.readouterr().out
    after = frames_of(out / 'video3.mp4')  # x264's choices, and so the bytes, may vary a little
    assert np.abs(after.astype(float) - before).mean() < 3
    assert not list(out.glob('.*'))
    for name, time in kept.items():
        assert (out / name).stat().st_mtime_ns == time

    with pytest.raises(ValueError, match=r"out was made with .*'short_side': 24.*not with .*: 16"):
        run(video_folder, out, '--short-side', '16', '--crf', '5')
    assert run(video_folder, out, '--short-side', '16', '--overwrite') == 0
    assert all(frames_of(path).shape[1] == 16 for path in out.glob('*.mp4'))


@pytest.mark.slow
def test_a_file_that_fails_does_not_stop_the_others(run, video_folder, data_root, tmp_path, capsys):
    folder = tmp_path / 'in'
    (folder / 'deep').mkdir(parents=True)
    whole = (video_folder / 'video0.mp4').read_bytes()
    corrupted = data_root / 'formats/decord/tests/test_data/corrupted.mp4'
    (folder / 'broken.mp4').write_bytes(corrupted.read_bytes())
    (folder / 'deep' / 'text.avi').write_text('no video')
    (folder / 'deep' / 'whole.mp4').write_bytes(whole)
    out = tmp_path / 'out'
    assert run(folder, out) == 1
    assert '1 videos done, 0 already present, 2 failed' in (text := capsys.readouterr().out)
    files = {str(path.relative_to(out)) for path in out.rglob('*') if path.is_file()}
    assert files == {'deep/whole.mp4', 'failed.csv', 'resize_videos.json'}
    with open(out / 'failed.csv', newline='') as file:
        failed = {row['path']: row['reason'] for row in csv.DictReader(file)}
    assert set(failed) == {str(folder / 'broken.mp4'), str(folder / 'deep' / 'text.avi')}
    assert failed[str(folder / 'broken.mp4')].startswith('after 28 frames: ')
    assert all(f'{path}: {reason}' in text for path, reason in failed.items())

    for path in failed:
        Path(path).write_bytes(whole)
    assert run(folder, out) == 0
    assert not (out / 'failed.csv').exists()
    assert len(list(out.rglob('*.mp4'))) == 3


def test_sizes_and_quality_are_reported(run, tool, video_folder, tmp_path, capsys):
    """The PSNR of the sampled frames is recomputed from the grey images of both files."""
    (tmp_path / 'list.txt').write_text('video0.mp4\nvideo1.mp4\n')
    source = tmp_path / 'list.txt'
    assert run(source, tmp_path / 'out', '--data-root', str(video_folder), '--crf', '35') == 0
    text = capsys.readouterr().out
    means = []
    for name in ('video0.mp4', 'video1.mp4'):
        values = []
        lumas = []
        for folder in (video_folder, tmp_path / 'out'):
            with av.open(str(folder / name)) as container:
                decoded = [frame.to_ndarray()[:48] for frame in container.decode(video=0)]
            lumas.append(decoded)
        for place in (0, 5, 11, 17, 23):
            error = lumas[0][place].astype(np.float64) - lumas[1][place]
            values.append(10 * np.log10(255**2 / (error**2).mean()))
        means.append(np.mean(values))
    assert f'source: {np.mean(means):.1f} dB, the lowest {min(means):.1f} dB (of 2 v' in text
    before, after = (
        sum((folder / name).stat().st_size for name in ('video0.mp4', 'video1.mp4')) / 1e6
        for folder in (video_folder, tmp_path / 'out')
    )
    assert f'{before:.1f} MB became {after:.1f} MB' in text


def test_psnr(tool):
    first = np.array([[10, 250], [0, 128]], np.uint8)
    second = np.array([[12, 240], [5, 128]], np.uint8)
    error = (2**2 + 10**2 + 5**2 + 0) / 4
    assert tool.psnr(first, second) == pytest.approx(10 * np.log10(255 * 255 / error))
    assert tool.psnr(first, first) == 100


@pytest.mark.slow
def test_outputs_that_would_destroy_files_are_refused(run, tmp_path, capsys):
    folder = tmp_path / 'in'
    folder.mkdir()
    video = np.zeros((2, 16, 16, 3), np.uint8)
    for name in ('a.mp4', 'a.mkv'):
        write_video(folder / name, video)
    with pytest.raises(ValueError, match=r'a.mkv and a.mp4 would both become .*a.mp4: rename'):
        run(folder, tmp_path / 'out')
    for inside in (folder, folder / 'small'):
        with pytest.raises(ValueError, match=r'lies in .*in: choose a folder outside'):
            run(folder, inside)
    for name in (str(folder / 'a.mp4'), '../in/a.mp4'):
        (tmp_path / 'list.txt').write_text(name)
        with pytest.raises(ValueError, match=r'a.mp4 leads out of the folder'):
            run(tmp_path / 'list.txt', tmp_path / 'out', '--data-root', str(folder))
    (tmp_path / 'list.txt').write_text('a.mp4')
    with pytest.raises(ValueError, match=r'a.mp4 is a video of .*list.txt itself'):
        run(tmp_path / 'list.txt', folder, '--data-root', str(folder), '--overwrite')
    assert not (tmp_path / 'out').exists()
    assert sorted(path.name for path in folder.iterdir()) == ['a.mkv', 'a.mp4']
    for options in (['--short-side', '33'], ['--short-side', '0'], ['--fps', '0']):
        assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 2
