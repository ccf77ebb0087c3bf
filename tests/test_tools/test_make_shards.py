"""Shards are plain tar files with the same bytes however they were packed, and nothing is lost."""

import csv
import hashlib
import json
import shutil
import tarfile

import pytest

from tests.shards import pack
from tests.tools import imported_tool
from vsslbox.errors import InputError

parquet = pytest.importorskip('pyarrow.parquet')


@pytest.fixture
def listed(tmp_path, video_folder):
    """Return a list of the videos, of which one name has a dot and one is there twice."""
    root = tmp_path / 'videos'
    shutil.copytree(video_folder, root)
    (root / 'video3.mp4').rename(root / 'a.dotted.MP4')
    with open(tmp_path / 'list.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['path', 'label', 'note'])
        for number in (0, 1, 2, 4, 5, 6, 7, 0):
            writer.writerow([f'./video{number}.mp4', number % 2, f'"{number}", ü'])
        writer.writerow(['a.dotted.MP4', 1, 'last'])
    return tmp_path / 'list.csv'


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows_of(folder):
    return parquet.read_table(folder / 'index.parquet').to_pylist()


def test_the_index_says_where_each_video_is(tmp_path, listed):
    videos, shards = tmp_path / 'videos', tmp_path / 'shards'
    assert pack(listed, shards, '--data-root', videos, '--size', '40KB') == 0
    rows = rows_of(shards)
    assert [row['path'] for row in rows] == [
        *(f'video{number}.mp4' for number in (0, 1, 2, 4, 5, 6, 7, 0)),
        'a.dotted.MP4',
    ]
    for row in rows:
        content = (shards / row['shard']).read_bytes()[row['offset'] :][: row['size']]
        assert content == (videos / row['path']).read_bytes()
        assert row['sha256'] == hashlib.sha256(content).digest()
    assert [row['label'] for row in rows] == list('010010101')
    assert rows[1]['note'] == '"1", ü'
    assert rows[0]['offset'] == rows[7]['offset'] and rows[0]['shard'] == rows[7]['shard']
    names = sorted({row['shard'] for row in rows})
    assert names == [f'shard-{number:06}.tar' for number in range(len(names))] and len(names) > 2
    assert all((shards / name).stat().st_size <= 40_000 for name in names)


def test_tar_files_hold_pairs_of_neighbours(tmp_path, listed):
    pack(listed, tmp_path / 'shards', '--data-root', tmp_path / 'videos')
    with tarfile.open(tmp_path / 'shards/shard-000000.tar') as tar:
        members = tar.getmembers()
        assert [member.name for member in members] == [
            name
            for number in range(8)
            for name in (f'00000000{number}.mp4', f'00000000{number}.json')
        ]
        for member in members:
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, '')
        note = json.loads(tar.extractfile('000000001.json').read())
        assert note == dict(path='video1.mp4', label=1, note='"1", ü')


def test_webdataset_reads_the_shards(tmp_path, listed):
    webdataset = pytest.importorskip('webdataset')
    videos, shards = tmp_path / 'videos', tmp_path / 'shards'
    pack(listed, shards, '--data-root', videos, '--size', '40KB')
    urls = sorted(map(str, shards.glob('*.tar')))
    samples = list(webdataset.WebDataset(urls, shardshuffle=False).decode())
    assert [sample['__key__'] for sample in samples] == [f'{number:09}' for number in range(8)]
    for sample in samples:
        assert sample['mp4'] == (videos / sample['json']['path']).read_bytes()


@pytest.mark.slow
def test_bytes_do_not_depend_on_processes_or_interruptions(tmp_path, listed, capsys):
    options = ('--data-root', tmp_path / 'videos', '--size', '40KB')
    pack(listed, tmp_path / 'one', *options)
    pack(listed, tmp_path / 'three', *options, '--num-workers', 3)
    expected = contents(tmp_path / 'one')
    assert contents(tmp_path / 'three') == expected
    # As a killed run leaves it: a shard without its record, one unfinished, one missing.
    killed = tmp_path / 'three'
    (killed / 'shard-000000.json').unlink()
    (killed / 'shard-000001.tar').rename(killed / 'shard-000001.tar.unfinished')
    (killed / 'shard-000002.json').unlink()
    (killed / 'shard-000002.tar').unlink()
    (killed / 'index.parquet').unlink()
    capsys.readouterr()
    assert pack(listed, killed, *options) == 0
    assert f'{len(expected) // 2 - 1 - 3} of which were already present' in capsys.readouterr().out
    assert contents(killed) == expected


@pytest.mark.slow
def test_another_list_needs_another_folder(tmp_path, listed):
    options = (tmp_path / 'shards', '--data-root', tmp_path / 'videos')
    pack(listed, *options)
    with pytest.raises(InputError, match='choose another folder or the same options'):
        pack(listed, *options, '--size', '2GB')
    listed.write_text('\n'.join(listed.read_text().splitlines()[:-1]))
    with pytest.raises(InputError, match='choose another folder or the same options'):
        pack(listed, *options)


def test_all_missing_and_unreadable_videos_are_listed(tmp_path, listed, capsys):
    (tmp_path / 'videos/video1.mp4').unlink()
    (tmp_path / 'videos/video2.mp4').unlink()
    (tmp_path / 'videos/video2.mp4').mkdir()
    shards = tmp_path / 'shards'
    assert pack(listed, shards, '--data-root', tmp_path / 'videos') == 1
    assert '2 of 9 videos cannot be read; nothing is packed' in capsys.readouterr().out
    assert [path.name for path in shards.iterdir()] == ['failed.csv']
    with open(shards / 'failed.csv', newline='') as file:
        assert list(csv.reader(file)) == [
            ['path', 'reason'],
            [f'{tmp_path}/videos/./video1.mp4', 'No such file or directory'],
            [f'{tmp_path}/videos/./video2.mp4', 'Is a directory'],
        ]


@pytest.mark.parametrize('change', [b'', b'longer' * 10_000])
def test_a_video_that_changes_meanwhile_is_no_part_of_a_shard(tmp_path, listed, change):
    with imported_tool('data/make_shards.py') as tool:
        videos, _ = tool.plan_videos(
            [
                dict(filename=str(tmp_path / f'videos/video{n}.mp4'), attributes=dict(name=str(n)))
                for n in range(3)
            ]
        )
        (shard,) = tool.plan_shards(videos, 10**9)
        (tmp_path / 'videos/video1.mp4').write_bytes(change)
        failures = tool.pack_shard(shard, tmp_path / 'videos')
    assert list(failures) == [str(tmp_path / 'videos/video1.mp4')]
    assert 'it no longer has the' in failures[str(tmp_path / 'videos/video1.mp4')]
    assert not list((tmp_path / 'videos').glob('shard*'))


def test_a_folder_of_shards_among_the_videos_is_refused(tmp_path, video_folder):
    with pytest.raises(InputError, match='choose a folder outside it'):
        pack(video_folder, video_folder / 'shards')


def test_a_column_that_the_index_needs_is_refused(tmp_path, video_folder):
    (tmp_path / 'list.csv').write_text('path,offset\nvideo0.mp4,3\n')
    with pytest.raises(InputError, match=r"has columns \['offset'\]"):
        pack(tmp_path / 'list.csv', tmp_path / 'shards', '--data-root', video_folder)
