"""Indexes: what is in them, what a second run does, and that a kill changes nothing."""

import itertools
import os
import shutil
import signal
import time
from functools import partial

import numpy as np
import pytest
import torch

from tests.conftest import write_video
from tests.distributed import FORKS
from vsslbox.errors import InputError
from vsslbox.search import VideoIndex, embed_rows, index_update, read_labels, update_index

parquet = pytest.importorskip('pyarrow.parquet', reason='pyarrow is not installed')

NUM_VIDEOS = 7


class CountingEmbedder:
    """Features of a video's name and its place in its batch; ``bad`` in a name is unreadable.

    Args:
        die_after: Number of batches after which the process is killed.
    """

    def __init__(self, die_after=None):
        self.die_after = die_after
        self.read, self.videos, self.bad_videos = [], [], {}

    def preprocess(self, inputs, batch_size):
        self.videos, self.bad_videos = [], {}
        for start in range(0, len(inputs), batch_size):
            if self.die_after is not None and start // batch_size == self.die_after:
                os.kill(os.getpid(), signal.SIGKILL)
            batch = inputs[start : start + batch_size]
            self.read += batch
            good = [video for video in batch if 'bad' not in os.path.basename(video)]
            self.bad_videos.update((video, 'it is bad') for video in batch if video not in good)
            self.videos += good
            if good:
                yield dict(inputs=good)

    def forward(self, inputs):
        rows = [feature_of(video, place) for place, video in enumerate(inputs['inputs'])]
        return torch.tensor(np.stack(rows))


def feature_of(video, place):
    rng = np.random.default_rng([len(video), os.path.getsize(video), place, ord(video[-5])])
    return rng.normal(size=5).astype(np.float32)


@pytest.fixture
def videos(tmp_path):
    """Seven short videos with spaces and line breaks in their names."""
    folder = tmp_path / 'videos of\nthe test'
    folder.mkdir()
    for number in range(NUM_VIDEOS):
        frames = np.full((number + 2, 32, 32, 3), 20 * number, np.uint8)
        write_video(folder / f'video {number}.mp4', frames, fps=10)
    return folder


def files(folder):
    return sorted(map(str, folder.glob('*.mp4')))


def update(folder, videos, embedder=None, **kwargs):
    embedder = embedder or CountingEmbedder()
    embed = partial(embed_rows, embedder, batch_size=2)
    report = update_index(folder, videos, embed, 'zoo://some', '0' * 64, **kwargs)
    return report, embedder


def test_an_index_has_what_is_known_of_each_video(videos, tmp_path):
    labels = dict(action={files(videos)[2]: 'jump'}, scene={})
    report, _ = update(tmp_path / 'index', files(videos)[::-1], labels=labels)
    assert (report.total, report.added, report.gone) == (NUM_VIDEOS, files(videos), [])
    table = parquet.read_table(tmp_path / 'index' / 'videos.parquet')
    assert table['path'].to_pylist() == files(videos)
    assert table['bytes'].to_pylist() == [os.path.getsize(video) for video in files(videos)]
    assert table['modified'].to_pylist() == [os.stat(video).st_mtime_ns for video in files(videos)]
    assert table['seconds'].to_pylist() == pytest.approx([(2 + n) / 10 for n in range(NUM_VIDEOS)])
    assert table['fps'].to_pylist() == [10] * NUM_VIDEOS
    assert str(table.schema.field('feature').type).startswith('fixed_size_list<')
    expected = [feature_of(video, place % 2) for place, video in enumerate(files(videos))]
    np.testing.assert_array_equal(np.array(table['feature'].to_pylist(), np.float32), expected)
    np.testing.assert_array_equal(np.load(tmp_path / 'index' / 'features.npy'), expected)
    index = VideoIndex.read(tmp_path / 'index')
    assert (index.checkpoint, index.checkpoint_sha256) == ('zoo://some', '0' * 64)
    np.testing.assert_array_equal(index.features, expected)
    assert index.labels == dict(action=[None] * 2 + ['jump'] + [None] * 4, scene=[None] * 7)
    assert index.names == [os.path.basename(video) for video in files(videos)]


def test_only_what_is_new_or_changed_is_read(videos, tmp_path):
    given = files(videos)
    update(tmp_path / 'index', given[:4], labels=dict(action={given[0]: 'run'}))
    before = VideoIndex.read(tmp_path / 'index')
    shutil.copy(given[5], given[1])
    os.remove(given[3])
    report, embedder = update(tmp_path / 'index', [given[4], given[0]])
    assert embedder.read == [given[1], given[4]]
    assert (report.added, report.changed, report.gone) == ([given[4]], [given[1]], [given[3]])
    index = VideoIndex.read(tmp_path / 'index')
    assert index.paths == [given[0], given[1], given[2], given[4]]
    assert index.labels == dict(action=['run', None, None, None])
    np.testing.assert_array_equal(index.features[[0, 2]], before.features[[0, 2]])
    np.testing.assert_array_equal(index.features[1], feature_of(given[1], 0))


def test_unreadable_videos_are_listed_and_tried_again_when_they_change(videos, tmp_path):
    good, bad = files(videos)[:2], videos / 'bad, it is.mp4'
    bad.write_bytes(b'no video')
    odd = os.fsdecode(os.fsencode(videos) + b'/\xff.mp4')
    shutil.copy(bad, odd)
    given = [*good, str(bad), odd]
    report, _ = update(tmp_path / 'index', given)
    unfit = 'its name is not UTF-8: rename it'
    assert report.bad == {str(bad): 'it is bad', odd: unfit} and report.total == 2
    listed = (tmp_path / 'index' / 'bad_videos.csv').read_text('utf-8')
    assert 'bad, it is.mp4",8,' in listed and f'\\xff.mp4,,,{unfit}' in listed
    report, embedder = update(tmp_path / 'index', given)
    assert embedder.read == [] and report.bad[str(bad)] == 'it is bad'
    bad.write_bytes(b'another video')
    report, embedder = update(tmp_path / 'index', good)
    assert embedder.read == [str(bad)] and report.bad == {str(bad): 'it is bad'}
    assert (report.added, report.changed) == ([], [])
    os.remove(bad)
    update(tmp_path / 'index', good)
    assert not (tmp_path / 'index' / 'bad_videos.csv').exists()
    with pytest.raises(InputError, match=r'none of the videos could be read: .*it is bad'):
        bad.write_bytes(b'no video')
        update(tmp_path / 'other', [str(bad)])


def test_features_that_are_not_finite_are_bad(videos, tmp_path):
    embedder = CountingEmbedder()
    embedder.forward = lambda inputs: torch.tensor(
        [[1.0, np.nan if video == files(videos)[0] else 2.0] for video in inputs['inputs']]
    )
    report, _ = update(tmp_path / 'index', files(videos)[:2], embedder)
    assert report.bad == {files(videos)[0]: 'its features are not finite'} and report.total == 1


def test_another_checkpoint_is_refused(videos, tmp_path):
    update(tmp_path / 'index', files(videos)[:1])
    with pytest.raises(InputError, match=r'has the features of another checkpoint \(zoo://some'):
        update_index(tmp_path / 'index', files(videos), dict, 'b.pth', '1' * 64)


def test_a_missing_disk_does_not_empty_the_index(videos, tmp_path):
    update(tmp_path / 'index', files(videos))
    videos.rename(tmp_path / 'moved')
    before = (tmp_path / 'index' / 'videos.parquet').read_bytes()
    with pytest.raises(InputError, match=r'none of the 7 videos .* exists any more'):
        update(tmp_path / 'index', files(tmp_path / 'moved'))
    assert (tmp_path / 'index' / 'videos.parquet').read_bytes() == before


def hold(folder, videos, held):
    embedder = CountingEmbedder()
    embedder.forward = lambda inputs: held.set() or time.sleep(60)
    update(folder, videos, embedder)


def test_two_processes_do_not_write_at_once(videos, tmp_path):
    held = FORKS.Event()
    process = FORKS.Process(target=hold, args=(tmp_path / 'index', files(videos), held))
    process.start()
    assert held.wait(30)
    with pytest.raises(InputError, match='another process writes to the index'):
        update(tmp_path / 'index', files(videos))
    process.kill()
    process.join()
    assert update(tmp_path / 'index', files(videos))[0].total == NUM_VIDEOS


def die_at(name, call, folder, videos):
    """Update, saving each batch, and die within the work or at a call of a function of ``os``."""
    index_update.SAVE_SECONDS = 0
    embedder = CountingEmbedder(die_after=call if name == 'batch' else None)
    if name != 'batch':
        function, calls = getattr(os, name), itertools.count()

        def watched(*args, **kwargs):
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        setattr(os, name, watched)
    update(folder, videos, embedder)


# Seven videos are new, in four batches: each is a file; then come the index, its copy for other
# code and the bad videos.
KILLS = [('batch', 2, 3), ('replace', 1, 5), ('replace', 4, 0), ('unlink', 0, 5)]
MORE_KILLS = [
    *[('batch', 0, 7), ('batch', 1, 5), ('batch', 3, 1)],
    *[
        ('replace', 0, 7),
        ('replace', 2, 3),
        ('replace', 3, 1),
        ('replace', 5, 0),
        ('replace', 6, 0),
    ],
    *[('fsync', 2, 3), ('fsync', 4, 0), ('unlink', 6, 0)],
]


@pytest.mark.parametrize(
    ('name', 'call', 'left'),
    [*KILLS, *[pytest.param(*kill, marks=pytest.mark.slow) for kill in MORE_KILLS]],
)
def test_a_kill_changes_nothing(name, call, left, videos, tmp_path):
    (videos / 'video 3 bad.mp4').write_bytes(b'no video')
    given, folders = files(videos), (tmp_path / 'killed', tmp_path / 'never stopped')
    for folder in folders:
        update(folder, given[:1])
    update(folders[1], given)
    before, after = ((folder / 'videos.parquet').read_bytes() for folder in folders)
    process = FORKS.Process(target=die_at, args=(name, call, folders[0], given))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (folders[0] / 'videos.parquet').read_bytes() in (before, after)
    _, embedder = update(folders[0], given)
    assert embedder.read == given[len(given) - left :]
    killed, straight = ({path.name: path.read_bytes() for path in f.iterdir()} for f in folders)
    assert killed == straight
    assert set(straight) == {
        *('videos.parquet', 'features.npy', 'index.json', 'bad_videos.csv', 'index.lock')
    }


@pytest.mark.parametrize('content', [b'no table', b''])
def test_a_damaged_index_is_told(content, videos, tmp_path):
    update(tmp_path / 'index', files(videos))
    (tmp_path / 'index' / 'videos.parquet').write_bytes(content)
    with pytest.raises(InputError, match=r'videos\.parquet is damaged'):
        VideoIndex.read(tmp_path / 'index')
    os.remove(tmp_path / 'index' / 'videos.parquet')
    with pytest.raises(InputError, match='is not finished: run `vsslbox embed` again'):
        VideoIndex.read(tmp_path / 'index')
    with pytest.raises(FileNotFoundError, match='no index at'):
        VideoIndex.read(tmp_path)


def test_labels_of_a_list(videos, tmp_path):
    path = tmp_path / 'labels.csv'
    rows = ['path,action,fps', 'video 0.mp4,jump,10', 'video 1.mp4,,10', 'video 9.mp4,run,10']
    path.write_text('\n'.join(rows), encoding='utf-8-sig')
    labels, missing = read_labels(path, [str(videos)])
    assert labels == dict(action={files(videos)[0]: 'jump'}) and missing == ['video 9.mp4']
    with pytest.raises(InputError, match='none of its 3 paths leads to a file, such as video 0'):
        read_labels(path, [])
    path.write_text('\n'.join([*rows[:2], rows[1]]))
    with pytest.raises(InputError, match=r'has video 0\.mp4 twice'):
        read_labels(path, [str(videos)])
