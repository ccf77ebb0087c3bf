"""The tool that finds unreliable videos."""

import csv
import os
import signal
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main, run_tool
from vsslbox.preparation import video_jobs

TOOL = REPO / 'tools' / 'data' / 'check_videos.py'


@pytest.fixture(scope='module')
def tool():
    with imported_tool('data/check_videos.py') as module:
        yield module


@pytest.fixture
def run(tool, monkeypatch, tmp_path):
    """Return a function that runs the tool and returns its exit status and the problems by file."""

    def run(source, *options):
        out = tmp_path / 'out' / 'bad.csv'
        status = run_main(tool, monkeypatch, source, '--out', out, '--num-workers', 2, *options)
        found = {}
        with open(out, newline='', encoding='utf-8') as file:
            for row in csv.DictReader(file):
                problems = found.setdefault(Path(row['path']).name, {})
                problems[row['problem']] = row['detail']
        return status, found

    return run


def write_video(path, times, *, side=32):
    """Write a square video with frames at these times in milliseconds."""
    unit = Fraction(1, 1000)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'g': '5', 'crf': '18'})
        stream.width = stream.height = side
        stream.pix_fmt = 'yuv420p'
        stream.time_base = stream.codec_context.time_base = unit
        for number, time in enumerate(times):
            rng = np.random.default_rng(number)
            coarse = rng.integers(0, 256, (side // 4, side // 4, 3), dtype=np.uint8)
            image = coarse.repeat(4, axis=0).repeat(4, axis=1)
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = time, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.mark.slow
@pytest.mark.parametrize('frames', ['all', 'headers'])
def test_real_files(run, data_root, frames):
    """All problems of files of every kind are reported, and nothing else."""
    expected = {
        'corrupted.mp4': {'decode error': 'after 28 of 50 frames: Invalid data found'},
        'video_90.mov': {'rotated': 'by -90 degrees'},
        'video_180.mov': {'rotated': 'by -180 degrees'},
        'video_270.mov': {'rotated': 'by 90 degrees'},
        'nasa_13013.mp4': {'several video streams': '2: 320x180, 480x270'},
        'part_0.mp4': {'variable frame rate': 'frames last from 33.3 to 66.7 ms'},
        'part_1.mp4': {'variable frame rate': 'frames last from 33.3 to 66.7 ms'},
        'demo_skeleton.mp4': {'variable frame rate': 'frames last from 33.3 to 200.0 ms'},
        'RATRACE_wave_f_nm_np1_fr_goo_37.avi': {'fewer frames than promised': '72 of 73'},
        'SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi': {
            'fewer frames than promised': '74 of 75'
        },
        'TrumanShow_wave_f_nm_np1_fr_med_26.avi': {'fewer frames than promised': '48 of 49'},
        'hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi': {
            'fewer frames than promised': '83 of 84'
        },
    }
    if frames == 'headers':  # these are found only by decoding
        expected = {
            name: problems
            for name, problems in expected.items()
            if not {'decode error', 'fewer frames than promised'} & set(problems)
        }
    status, found = run(data_root / 'formats', '--frames', frames)
    assert status == 1
    assert {name: set(problems) for name, problems in found.items()} == {
        name: set(problems) for name, problems in expected.items()
    }
    for name, problems in expected.items():
        for problem, detail in problems.items():
            assert found[name][problem].startswith(detail), name


def test_files_that_are_not_videos(run, tmp_path, capsys):
    folder = tmp_path / 'videos'
    folder.mkdir()
    (folder / 'text.mp4').write_text('no video')
    (folder / 'zero.mp4').touch()
    with av.open(str(folder / 'sound.mp4'), 'w') as container:
        stream = container.add_stream('aac', rate=16000, layout='mono')
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
        silence.sample_rate = 16000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    write_video(folder / 'good.mp4', range(0, 400, 40))
    (folder / 'good list.csv').write_text('path\ngood.mp4\ngone.mp4\n')
    status, found = run(folder)
    assert status == 1
    assert {name: list(problems) for name, problems in found.items()} == {
        name: ['unreadable'] for name in ('text.mp4', 'zero.mp4', 'sound.mp4')
    }
    assert 'no video stream' in found['sound.mp4']['unreadable']
    assert '1 of 4 videos are fine' in capsys.readouterr().out
    status, found = run(folder / 'good list.csv')
    assert status == 1
    assert found == {'gone.mp4': {'unreadable': 'No such file or directory'}}
    assert capsys.readouterr().out.startswith('1 of 2 videos were checked before\n')


def copy_packets(source, target, chosen, **options):
    """Copy the packets of a video for which ``chosen`` holds."""
    with av.open(str(source)) as read, av.open(str(target), 'w', options=options) as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        written.start_encoding()
        for packet in read.demux(video=0):
            if packet.dts is not None and chosen(packet):
                packet.stream = stream
                written.mux(packet)


def test_no_frames(run, tmp_path):
    """A header alone, and a file without the key frames that all other frames refer to."""
    (tmp_path / 'videos').mkdir()
    write_video(tmp_path / 'whole.mp4', range(0, 160, 40))
    copy_packets(tmp_path / 'whole.mp4', tmp_path / 'videos' / 'none.avi', lambda packet: False)
    copy_packets(
        tmp_path / 'whole.mp4',
        tmp_path / 'videos' / 'keyless.mp4',
        lambda packet: not packet.is_keyframe,
    )
    status, found = run(tmp_path / 'videos')
    assert status == 1
    assert {name: list(problems) for name, problems in found.items()} == {
        'keyless.mp4': ['no frames'],
        'none.avi': ['no frames'],
    }


@pytest.mark.parametrize('frames', ['all', 'headers'])
def test_file_that_was_cut_off(run, tmp_path, frames):
    """An MP4 file with its index in front, whose last frames are missing."""
    (tmp_path / 'videos').mkdir()
    path = tmp_path / 'videos' / 'cut.mp4'
    write_video(tmp_path / 'whole.mp4', range(0, 2000, 40))
    copy_packets(tmp_path / 'whole.mp4', path, lambda packet: True, movflags='+faststart')
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    status, found = run(tmp_path / 'videos', '--frames', frames)
    assert status == 1
    (problem, detail), *others = found['cut.mp4'].items()
    assert not others
    assert problem in {'fewer frames than promised', 'decode error'}
    assert 'of 50' in detail


def test_damage_that_decoders_conceal(run, tmp_path):
    (tmp_path / 'videos').mkdir()
    path = tmp_path / 'videos' / 'damaged.mp4'
    write_video(path, range(0, 2000, 40), side=128)
    data = bytearray(path.read_bytes())
    start, middle = data.find(b'mdat'), len(data) // 2
    assert start < middle < data.find(b'moov') - 20
    data[middle : middle + 20] = np.random.default_rng(0).bytes(20)
    path.write_bytes(data)
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 50  # without an error
    status, found = run(tmp_path / 'videos')
    assert status == 1
    assert list(found['damaged.mp4']) == ['decode error']
    assert run(tmp_path / 'videos', '--frames', 'headers') == (0, {})


def test_frame_rates(run, tmp_path):
    """Rounding to milliseconds does not make a rate variable."""
    (tmp_path / 'videos').mkdir()
    write_video(tmp_path / 'videos' / 'rounded.mkv', [round(1000 * i / 30) for i in range(40)])
    write_video(tmp_path / 'videos' / 'hole.mkv', [*range(0, 400, 40), *range(440, 800, 40)])
    write_video(tmp_path / 'videos' / 'slower.mp4', [*range(0, 400, 40), *range(400, 800, 50)])
    status, found = run(tmp_path / 'videos')
    assert status == 1
    assert found == {
        'hole.mkv': {'variable frame rate': 'frames last from 40.0 to 80.0 ms'},
        'slower.mp4': {'variable frame rate': 'frames last from 40.0 to 50.0 ms'},
    }


def test_frames_that_an_edit_list_cuts_off_were_not_promised(run, tmp_path):
    """A copy from the eighth frame on holds the group from its key frame, the sixth."""
    (tmp_path / 'videos').mkdir()
    write_video(tmp_path / 'whole.mp4', range(0, 800, 40))
    path = tmp_path / 'videos' / 'copied.mp4'
    with av.open(str(tmp_path / 'whole.mp4')) as source, av.open(str(path), 'w') as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        shift = None
        for packet in source.demux(video=0):
            if packet.dts is None or (shift is None and not packet.pts):
                continue
            if shift is None and packet.is_keyframe:
                shift = packet.pts + 2 * packet.duration
            if shift is not None:
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = stream
                container.mux(packet)
    with av.open(str(path)) as container:
        promised, decoded = container.streams.video[0].frames, sum(1 for _ in container.decode())
    assert decoded < promised  # by the container's count
    assert run(tmp_path / 'videos') == (0, {})


@pytest.mark.slow
def test_second_run_checks_what_has_changed(run, tool, tmp_path, monkeypatch, capsys):
    folder = tmp_path / 'videos'
    folder.mkdir()
    for name in 'abc':
        write_video(folder / f'{name}.mp4', range(0, 400, 40))
    checked = tmp_path / 'checked.txt'
    check = tool.check_video

    def check_video(path, frames):
        with open(checked, 'a') as file:
            file.write(Path(path).name + '\n')
        return check(path, frames)

    monkeypatch.setattr(tool, 'check_video', check_video)
    check_video.__qualname__, check_video.__module__ = 'check_video', 'check_videos'
    assert run(folder) == (0, {})
    assert sorted(checked.read_text().split()) == ['a.mp4', 'b.mp4', 'c.mp4']
    checked.write_text('')

    journal = tmp_path / 'out' / 'bad.journal.csv'
    journal.write_text(journal.read_text()[:-8])  # interrupted while writing
    half_written = journal.read_text().splitlines()[-1].split(',')[0]
    (folder / 'b.mp4').write_text('no video')
    status, found = run(folder)
    assert status == 1
    assert list(found) == ['b.mp4']
    assert set(checked.read_text().split()) == {'b.mp4', Path(half_written).name}
    checked.write_text('')

    assert run(folder) == (1, found)
    assert checked.read_text() == ''
    assert '3 of 3 videos were checked before' in capsys.readouterr().out
    run(folder, '--frames', 'headers')  # another kind of check
    assert len(checked.read_text().split()) == 3


def test_a_file_that_kills_its_reader_is_reported(run, tmp_path, monkeypatch):
    folder = tmp_path / 'videos'
    folder.mkdir()
    for name in 'abcdefgh':
        write_video(folder / f'{name}.mp4', range(0, 400, 40))
    really_open = av.open

    def av_open(path, *args, **kwargs):
        if path.endswith(('c.mp4', 'f.mp4')):
            os.kill(os.getpid(), signal.SIGKILL)
        return really_open(path, *args, **kwargs)

    monkeypatch.setattr(av, 'open', av_open)
    status, found = run(folder)
    assert status == 1
    assert found == {
        name: {'unreadable': 'the process that read it died'} for name in ('c.mp4', 'f.mp4')
    }


def work_or_fail(job):
    if job % 3 == 0:
        raise RuntimeError(f'no {job}')
    return job * job


@pytest.mark.parametrize('num_workers', [1, 3])
def test_jobs_that_raise_do_not_stop_the_others(num_workers, capsys):
    results = dict(video_jobs.run_jobs(work_or_fail, range(10), num_workers, 'working'))
    assert results == {
        job: video_jobs.Failure(f'RuntimeError: no {job}') if job % 3 == 0 else job * job
        for job in range(10)
    }
    assert 'working' in capsys.readouterr().err


def test_a_wrong_folder_gives_one_message(tmp_path):
    result = run_tool(TOOL, tmp_path / 'nowhere', cwd=tmp_path)
    assert result.returncode == 1
    assert 'error: no list of videos at' in result.stderr
    assert 'Traceback' not in result.stderr
    assert not (tmp_path / 'bad_videos.csv').exists()
