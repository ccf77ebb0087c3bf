"""The tool that extracts the frames of videos."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools import imported_tool, run_main
from vsslbox.datasets import RawframeDataset, VideoDataset
from vsslbox.datasets.readers import DecordReader, FramesReader, NpzReader, PyAVReader, ZipReader

KINDS = [
    'torchvision_assets/videos/SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi',
    'mmaction2/tests/data/rawvideo_dataset/part_0.mp4',
    'torchcodec/test/resources/h265_video.mp4',
]


@pytest.fixture(scope='module')
def tool():
    with imported_tool('data/extract_frames.py') as module:
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


def read_folder(path):
    return frames_of(path, lambda folder: FramesReader(folder, len(list(path.iterdir()))))


@pytest.fixture
def real_list(data_root, tmp_path):
    """Return a list of real files of several kinds, and the folder that it is relative to."""
    (tmp_path / 'real.txt').write_text('\n'.join(KINDS))
    return tmp_path / 'real.txt', data_root / 'formats'


PIPELINE = [dict(type='SampleEndToEndFrames', num_frames=4), dict(type='DecodeViews')]
PIPELINE.append(dict(type='PackViews'))


def sample_of(dataset):
    """Return the frames ``[T, H, W, 3]`` of each video, by its name without ending."""
    found = {}
    for index in range(len(dataset)):
        name = dataset.get_data_info(index)['attributes']['name']
        found[str(Path(name).with_suffix(''))] = dataset[index]['inputs'][0].numpy()
    return {name: view.transpose(1, 2, 3, 0) for name, view in found.items()}


@pytest.mark.slow
def test_both_formats_give_the_frames_of_the_videos(run, real_list, tmp_path):
    """Their number and pixels agree, with the readers alone and through the data sets."""
    source, root = real_list
    options = ('--data-root', str(root), '--quality', '95')
    assert run(source, tmp_path / 'jpg', *options) == 0
    assert run(source, tmp_path / 'zip', *options, '--format', 'zip') == 0
    for name in KINDS:
        expected = frames_of(root / name)
        stem = Path(name).with_suffix('')
        read = read_folder(tmp_path / 'jpg' / stem)
        packed = frames_of((tmp_path / 'zip' / stem).with_suffix('.zip'), ZipReader)
        assert read.shape == expected.shape
        assert np.array_equal(read, packed)
        assert np.abs(read.astype(float) - expected).mean() < 2.5
        shift = (read.astype(float) - expected).mean(axis=(0, 1, 2))
        assert np.abs(shift).max() < 2  # of each channel

    videos = VideoDataset(
        str(source), [dict(type='OpenVideo'), *PIPELINE], str(root), test_mode=True
    )
    folders = RawframeDataset(
        'list.txt', [dict(type='OpenFrames'), *PIPELINE], str(tmp_path / 'jpg'), test_mode=True
    )
    zips = VideoDataset(
        pipeline=[dict(type='OpenVideo', readers='zip'), *PIPELINE],
        data_root=str(tmp_path / 'zip'),
        endings=['.zip'],
        test_mode=True,
    )
    expected, read, packed = map(sample_of, (videos, folders, zips))
    assert set(expected) == set(read) == set(packed)
    for name, images in expected.items():
        assert np.abs(images.astype(float) - read[name]).mean() < 2.5
        assert np.array_equal(read[name], packed[name])


@pytest.mark.slow
def test_decoded_frames_are_those_of_the_videos(run, real_list, tmp_path):
    """To rounding: no JPEG lies between. Their rate is known."""
    source, root = real_list
    assert run(source, tmp_path / 'npz', '--data-root', str(root), '--format', 'npz') == 0
    for name in KINDS:
        made = NpzReader(str((tmp_path / 'npz' / name).with_suffix('.npz')))
        assert made.fps == pytest.approx(PyAVReader(str(root / name)).fps)
        read = np.array(made.read(range(made.num_frames)))
        expected = frames_of(root / name)
        assert read.shape == expected.shape
        assert np.abs(read.astype(float) - expected).mean() < 1


def test_decoded_frames_at_another_rate(run, video_folder, tmp_path):
    options = ('--format', 'npz', '--fps', '6', '--short-side', '25')
    assert run(video_folder, tmp_path / 'npz', *options) == 0
    made = NpzReader(str(tmp_path / 'npz' / 'video0.npz'))
    assert (made.num_frames, made.fps) == (6, 6)
    assert made.read([0])[0].shape == (25, 33, 3)


def test_videos_too_long_for_memory_are_told(run, video_folder, tmp_path, monkeypatch):
    monkeypatch.setenv('VSSLBOX_MAX_VIDEO_BYTES', '100000')
    assert run(video_folder, tmp_path / 'npz', '--format', 'npz') == 1
    assert 'VSSLBOX_MAX_VIDEO_BYTES' in (tmp_path / 'npz' / 'failed.csv').read_text()
    assert not list((tmp_path / 'npz').glob('*.npz'))


def test_names_list_and_storage(run, video_folder, tmp_path):
    options = ('--filename-tmpl', 'f{:03}.jpg', '--quality', '50')
    assert run(video_folder, tmp_path / 'jpg', *options) == 0
    assert run(video_folder, tmp_path / 'zip', *options, '--format', 'zip') == 0
    names = [f'f{number:03}.jpg' for number in range(1, 25)]
    for folder in (path for path in (tmp_path / 'jpg').iterdir() if path.is_dir()):
        assert sorted(path.name for path in folder.iterdir()) == names
        with zipfile.ZipFile(tmp_path / 'zip' / f'{folder.name}.zip') as packed:
            assert packed.namelist() == names
            assert {info.compress_type for info in packed.infolist()} == {zipfile.ZIP_STORED}
            for name in names:
                assert packed.read(name) == (folder / name).read_bytes()
    expected = ''.join(f'video{i} 24\n' for i in range(8))
    assert (tmp_path / 'jpg' / 'list.txt').read_text() == expected
    assert not (tmp_path / 'zip' / 'list.txt').exists()


@pytest.mark.slow
def test_size_and_rate(run, video_folder, tmp_path):
    """24 frames at 24 Hz become 6 at 6 Hz, the source's frames 0, 4, 8, ..."""
    options = ('--short-side', '25', '--fps', '6', '--quality', '100')
    assert run(video_folder, tmp_path / 'out', *options) == 0
    for index in range(8):
        before = frames_of(video_folder / f'video{index}.mp4')
        after = read_folder(tmp_path / 'out' / f'video{index}')
        assert after.shape == (6, 25, 33, 3)
        small = [cv2.resize(image, (33, 25), interpolation=cv2.INTER_AREA) for image in before]
        for place, image in enumerate(after):
            distances = [np.abs(other.astype(float) - image).mean() for other in small]
            assert np.argmin(distances) == 4 * place
    options = ('--short-side', '1000')
    assert run(video_folder, tmp_path / 'large', *options) == 0
    assert read_folder(tmp_path / 'large' / 'video0').shape == (24, 48, 64, 3)


@pytest.mark.parametrize('angle', [0, 90, 180, 270])
def test_rotated_videos_become_upright(run, data_root, tmp_path, angle):
    """The frames equal those of decord, which rotates them itself."""
    folder = data_root / 'formats/decord/tests/test_data'
    (tmp_path / 'list.txt').write_text(f'video_{angle}.mov')
    options = ('--data-root', str(folder), '--quality', '100')
    assert run(tmp_path / 'list.txt', tmp_path / 'out', *options) == 0
    upright = frames_of(folder / f'video_{angle}.mov', DecordReader)
    images = read_folder(tmp_path / 'out' / f'video_{angle}')
    assert images.shape == upright.shape
    assert np.abs(images.astype(float) - upright).mean() < 2


@pytest.mark.slow
@pytest.mark.parametrize('ending', ['', '.npz', '.zip'])
def test_second_run_makes_what_is_missing(run, video_folder, tmp_path, ending, capsys):
    options = ('--format', ending[1:] or 'jpg')
    out = tmp_path / 'out'
    assert run(video_folder, out, *options) == 0
    times = {path.name: path.stat().st_mtime_ns for path in out.glob(f'video*{ending}')}
    assert len(times) == 8
    missing = out / f'video3{ending}'
    unfinished = out / f'.video3.unfinished{ending}'  # left by a run that was killed
    missing.rename(unfinished)
    if not ending:
        (unfinished / 'img_99999.jpg').touch()
    capsys.readouterr()
    assert run(video_folder, out, *options) == 0
    assert '1 videos done, 7 already present, 0 failed\n24 images' in capsys.readouterr().out
    assert not list(out.glob('.*'))
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob(f'video*{ending}')}
    assert kept.pop(missing.name) != times.pop(missing.name)
    assert kept == times
    if ending:
        reader = dict(npz=NpzReader, zip=ZipReader)[ending[1:]]
        assert reader(str(missing)).num_frames == 24
    else:
        assert len(list(missing.iterdir())) == 24
        assert 'video3 24\n' in (out / 'list.txt').read_text()
    with pytest.raises(ValueError, match=r"out was made with .*'quality': 90.*not with .*: 80"):
        run(video_folder, out, *options, '--quality', '80')


@pytest.mark.parametrize('ending', ['', '.npz', '.zip'])
def test_a_file_that_fails_leaves_nothing(run, video_folder, data_root, tmp_path, ending):
    """It fails at frame 28 of 50, when some images exist already."""
    folder = tmp_path / 'in'
    folder.mkdir()
    corrupted = data_root / 'formats/decord/tests/test_data/corrupted.mp4'
    (folder / 'broken.mp4').write_bytes(corrupted.read_bytes())
    (folder / 'whole.mp4').write_bytes((video_folder / 'video0.mp4').read_bytes())
    out = tmp_path / 'out'
    assert run(folder, out, '--format', ending[1:] or 'jpg') == 1
    names = {path.name for path in out.iterdir()} - {'list.txt', 'extract_frames.json'}
    assert names == {f'whole{ending}', 'failed.csv'}
    assert f'{folder}/broken.mp4,after 28 frames: ' in (out / 'failed.csv').read_text()
    if not ending:
        assert (out / 'list.txt').read_text() == 'whole 24\n'


def test_names_with_spaces_are_not_in_the_list(run, tmp_path, capsys):
    (tmp_path / 'in' / 'long jump').mkdir(parents=True)
    video = np.zeros((2, 16, 16, 3), np.uint8)
    write_video(tmp_path / 'in' / 'long jump' / 'a.mp4', video)
    write_video(tmp_path / 'in' / 'b.mp4', video)
    assert run(tmp_path / 'in', tmp_path / 'out') == 0
    assert '1 folders have spaces in their names' in capsys.readouterr().out
    assert (tmp_path / 'out' / 'list.txt').read_text() == 'b 2\n'
    found = RawframeDataset(data_root=str(tmp_path / 'out'))
    names = [found.get_data_info(index)['attributes']['name'] for index in range(len(found))]
    assert names == ['b', 'long jump/a']


def test_wrong_arguments(run, tmp_path):
    (tmp_path / 'in' / 'a').mkdir(parents=True)
    for name in ('a.mp4', 'a/b.mp4'):
        (tmp_path / 'in' / name).touch()
    with pytest.raises(
        ValueError, match=r'a/b.mp4 would go into .*out/a, the output of a.mp4: rename'
    ):
        run(tmp_path / 'in', tmp_path / 'out')
    for options in (
        ['--filename-tmpl', 'img.jpg'],
        ['--filename-tmpl', 'img_{}.png'],
        ['--filename-tmpl', 'a/{}.jpg'],
        ['--quality', '0'],
        ['--short-side', '0'],
        ['--fps', '0'],
    ):
        assert run(tmp_path / 'in', tmp_path / 'out', *options) == 2
    assert not (tmp_path / 'out').exists()
