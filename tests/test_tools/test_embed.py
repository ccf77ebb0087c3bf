"""tools/embed.py: an index of real features, told in words."""

import os
import shutil

import numpy as np
import pytest

from tests.shards import pack
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoEmbedder
from vsslbox.errors import InputError
from vsslbox.preparation.video_frames import VideoFrames
from vsslbox.search import VideoIndex
from vsslbox.search.small_clips import small_clip

pytest.importorskip('pyarrow', reason='pyarrow is not installed')

CHECKPOINT = 'zoo://vclr_r18w16_demo'


@pytest.fixture
def embed(monkeypatch):
    with imported_tool('embed.py') as tool:
        yield lambda *arguments: run_main(
            tool, monkeypatch, '--checkpoint', CHECKPOINT, '--workers', 0, *arguments
        )


@pytest.mark.slow
def test_an_index_grows_and_shrinks_in_words(embed, video_folder, tmp_path, capsys):
    videos, out = tmp_path / 'my videos', tmp_path / 'index'
    videos.mkdir()
    for number in range(3):
        shutil.copy(video_folder / f'video{number}.mp4', videos / f'{number}.mp4')
    (videos / 'bad.mp4').write_bytes(b'no video')
    (tmp_path / 'labels.csv').write_text('path,action\n0.mp4,jump\n9.mp4,run\n', 'utf-8-sig')
    embed(videos, '-o', out, '--list', tmp_path / 'labels.csv')
    told = capsys.readouterr().out
    assert '1 rows of the list lead to no file:\n  9.mp4\n' in told
    assert f'1 videos could not be read (listed in {out}/bad_videos.csv):\n' in told
    assert f'  {videos}/bad.mp4: ' in told and 'Invalid data' in told
    assert told.endswith(f'{out}: 3 videos, 3 of them new\n')
    index = VideoIndex.read(out)
    expected = VideoEmbedder(CHECKPOINT, device='cpu')([videos / f'{n}.mp4' for n in range(3)])
    np.testing.assert_allclose(index.features, expected['predictions'], rtol=1e-5, atol=1e-6)
    assert index.names == ['0.mp4', '1.mp4', '2.mp4'] and index.checkpoint == CHECKPOINT
    assert index.labels == dict(action=['jump', None, None])

    os.remove(videos / '1.mp4')
    shutil.copy(video_folder / 'video7.mp4', videos / '2.mp4')
    shutil.copy(video_folder / 'video3.mp4', videos / 'new.mp4')
    embed(str(videos / '*.mp4'), '-o', out)
    told = capsys.readouterr().out
    assert f'no longer exist and were left out:\n  {videos}/1.mp4\n' in told
    assert f'have changed and were computed again:\n  {videos}/2.mp4\n' in told
    assert told.endswith(f'{out}: 3 videos, 1 of them new\n')
    assert VideoIndex.read(out).labels == dict(action=['jump', None, None])


@pytest.mark.slow
def test_another_checkpoint_is_refused(embed, video_folder, tmp_path):
    embed(video_folder / 'video0.mp4', '-o', tmp_path)
    with pytest.raises(InputError, match='has the features of another checkpoint'):
        embed(video_folder / 'video0.mp4', '-o', tmp_path, '--checkpoint', 'zoo://vdim_r21dw8_demo')


def test_an_empty_folder_is_refused(embed, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match=r'no videos in .*empty'):
        embed(tmp_path / 'empty', '-o', tmp_path / 'index')
    assert not (tmp_path / 'index').exists()


@pytest.mark.slow
def test_members_of_shards_have_the_features_of_their_files(embed, video_folder, tmp_path):
    folder, shards = tmp_path / 'videos', tmp_path / 'shards'
    folder.mkdir()
    for number in range(4):
        shutil.copy(video_folder / f'video{number}.mp4', folder)
    assert pack(folder, shards, '--size', '30KB') == 0
    embed(folder, '-o', tmp_path / 'by files', '--batch-size', 1)
    embed(shards, '-o', tmp_path / 'by shards', '--batch-size', 1)
    files, members = (VideoIndex.read(tmp_path / f'by {name}') for name in ('files', 'shards'))
    assert len({os.path.dirname(path) for path in members.paths}) > 1
    by_name = {os.path.basename(path): row for path, row in zip(members.paths, members.features)}
    for path, feature in zip(files.paths, files.features, strict=True):
        np.testing.assert_array_equal(by_name[os.path.basename(path)], feature)
    assert [size for size, _ in members.stamps] == [size for size, _ in files.stamps]
    assert all(members.is_current(place) for place in range(4))


@pytest.mark.slow
def test_segments_have_features_of_their_own(embed, video_folder, tmp_path, capsys):
    video, table = video_folder / 'video3.mp4', tmp_path / 'shots.csv'
    table.write_text(f'path,start,end\n{video},0,0.5\n{video},0.5,1\n{video},1.5,2\n')
    embed(table, '-o', tmp_path / 'index', '--batch-size', 1)
    assert '[1.5:2]: ' in capsys.readouterr().out
    index = VideoIndex.read(tmp_path / 'index')
    assert index.paths == [f'{video}[0.5:1]', f'{video}[0:0.5]']
    with VideoFrames(str(video)) as frames:
        images = np.stack([frame.to_ndarray(format='rgb24') for frame in frames])
    expected = VideoEmbedder(CHECKPOINT, device='cpu')([images[12:], images[:12]])['predictions']
    np.testing.assert_allclose(index.features, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(expected[0], expected[1], rtol=1e-2)
    assert index.is_current(0) and small_clip(index.paths[0]).width == 64
