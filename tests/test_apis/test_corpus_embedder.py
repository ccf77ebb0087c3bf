"""The index of a corpus is that of one machine, whatever was killed meanwhile."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest

from tests.conftest import REPO
from tests.distributed import FORKS
from tests.tools import imported_tool, run_main
from vsslbox.apis import VideoEmbedder
from vsslbox.apis.corpus_embedder import CorpusEmbedder, _PartEmbedder, _split
from vsslbox.checkpoints.zoo import local_path
from vsslbox.errors import InputError
from vsslbox.search import embed_rows, update_index
from vsslbox.search.video_rows import Stamp
from vsslbox.utils import file_sha256

pytest.importorskip('pyarrow', reason='pyarrow is not installed')
ray = pytest.importorskip('ray', reason='Ray is not installed')

CHECKPOINT = 'zoo://vclr_r18w16_demo'


@pytest.fixture(scope='module')
def cluster():
    """A cluster of two cores on this machine; its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('RAY_USAGE_STATS_ENABLED', '0')
        ray.init(
            address='local',
            num_cpus=2,
            include_dashboard=False,
            logging_level='error',
            log_to_driver=False,
            object_store_memory=200 * 2**20,
        )
        yield ray.get_runtime_context().gcs_address
        ray.shutdown()


@pytest.fixture(scope='module')
def videos(video_folder, tmp_path_factory):
    """Eight videos and one that cannot be read."""
    bad = tmp_path_factory.mktemp('bad') / 'bad.mp4'
    bad.write_bytes(b'no video')
    return [*map(str, sorted(video_folder.glob('*.mp4'))), str(bad)]


@pytest.fixture(scope='module')
def expected(videos, tmp_path_factory):
    """The files of the index that one machine makes."""
    embed = partial(embed_rows, VideoEmbedder(CHECKPOINT, device='cpu', skip_bad=True))
    return made(tmp_path_factory.mktemp('expected'), videos, partial(embed, batch_size=1))


def made(folder, videos, embed):
    """Make an index, and return its files by name."""
    sha256 = file_sha256(local_path(CHECKPOINT))
    update_index(folder, videos, embed, CHECKPOINT, sha256)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def corpus_embedder(**kwargs):
    return CorpusEmbedder(CHECKPOINT, file_sha256(local_path(CHECKPOINT)), 1, **kwargs)


def workers_alive():
    return [p for p in psutil.process_iter(['name']) if 'MapWorker' in (p.info['name'] or '')]


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(cluster, videos, expected, tmp_path):
    embedder, parts = corpus_embedder(), []

    def embed(stamps):
        before = {worker.pid for worker in workers_alive()}
        for rows in embedder(stamps):
            if not parts:
                own = [worker for worker in workers_alive() if worker.pid not in before]
                own[0].send_signal(signal.SIGKILL)
            parts.append(list(rows))
            yield rows

    assert made(tmp_path, videos, embed) == expected
    assert sorted(path for part in parts for path in part) == sorted(videos)
    assert len(parts) == len(videos)


@pytest.mark.slow
def test_a_killed_command_goes_on(cluster, videos, expected, tmp_path):
    script = (
        'import runpy, sys; from vsslbox.search import index_update\n'
        'index_update.SAVE_SECONDS = 0\n'
        'sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")'
    )
    tool = REPO / 'tools' / 'embed_corpus.py'
    options = ['--checkpoint', CHECKPOINT, '--batch-size', '1', '--workers', '1']
    options += ['--address', cluster, '-o']
    command = [sys.executable, '-c', script, str(tool), *videos, *options, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPO) as process:
        while not (tmp_path / 'new-000001.parquet').exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / 'videos.parquet').exists()
    asked = []

    def embed(stamps):
        asked.extend(stamps)
        return corpus_embedder(num_workers=1)(stamps)

    assert made(tmp_path, videos, embed) == expected
    assert 0 < len(asked) <= len(videos) - 2


@pytest.mark.slow
def test_the_command_makes_the_index_of_embed(cluster, videos, tmp_path, monkeypatch, capsys):
    (tmp_path / 'videos.csv').write_text('\n'.join(['path', *videos]) + '\n')
    folders = tmp_path / 'one', tmp_path / 'many'
    for name, folder, options in [
        ('embed.py', folders[0], ['--workers', 0, '--device', 'cpu']),
        ('embed_corpus.py', folders[1], ['--cpus', 2]),
    ]:
        with imported_tool(name) as tool:
            given = [tmp_path / 'videos.csv', '--checkpoint', CHECKPOINT, '--batch-size', 4]
            run_main(tool, monkeypatch, *given, '-o', folder, *options)
        assert capsys.readouterr().out.endswith(f'{folder}: 8 videos, 8 of them new\n')
    one, many = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders)
    assert one == many and 'videos.parquet' in one


@pytest.mark.slow
def test_what_does_not_fit_is_refused(cluster, videos):
    stamps = {video: Stamp.of(video) for video in videos}
    with pytest.raises(InputError, match=r"with \{'CPU': 3\} fits on the cluster, which has 2 CPU"):
        next(corpus_embedder(cpus=3)(stamps))
    with pytest.raises(InputError, match='--workers must be at least 1, got 0'):
        corpus_embedder(num_workers=0)


def test_parts_are_whole_batches_in_order():
    stamps = {str(number): Stamp(number, 0) for number in range(2003)}
    for batch_size, workers, size in [(8, 2, 31 * 8), (8, 100, 8), (2, 1, 64 * 2), (3000, 1, 3000)]:
        parts = _split(stamps, batch_size, workers)
        assert [path for part in parts for path in part] == list(stamps)
        assert {len(part) for part in parts[:-1]} <= {size} and len(parts[-1]) <= size
    assert _split({}, 8, 1) == []


class DeadlyEmbedder:
    """Features of some videos; reading one whose name has `deadly` ends the process."""

    num_workers = 0

    def pipeline(self, sample):
        if 'deadly' in sample['filename']:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_video_that_ends_workers_gets_a_reason(monkeypatch):
    worker = _PartEmbedder.__new__(_PartEmbedder)
    worker.embedder = DeadlyEmbedder()
    monkeypatch.setattr(worker, '_embed', lambda stamps: dict.fromkeys(stamps, 'a row'))
    names = ['a.mp4', 'b deadly.mp4', 'c.mp4']
    rows = worker._rows({name: Stamp(1, 2) for name in names}, is_safe=False)
    deadly = rows.pop('b deadly.mp4')
    assert rows == {'a.mp4': 'a row', 'c.mp4': 'a row'}
    assert deadly.reason == 'the process that read it died' and deadly.stamp == (1, 2)
    assert deadly.feature is None


@pytest.mark.slow
def test_ray_is_imported_by_the_command_alone():
    script = "import sys, vsslbox.apis.corpus_embedder; sys.exit('ray' in sys.modules)"
    process = FORKS.Process(target=exec, args=(script,))
    process.start()
    process.join()
    assert process.exitcode == 0
