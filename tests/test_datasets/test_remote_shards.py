"""Shards behind http:// and s3:// give the same samples; faults are retried, checked and told."""

import os

import pytest
import torch
from torch.utils.data import DataLoader

from tests.shards import pack, serve
from tests.test_datasets.test_video_dataset import PIPELINE
from vsslbox.datasets import EpochSampler, ShardDataset, VideoDataset
from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.shards import remote_shards
from vsslbox.errors import InputError
from vsslbox.structures import SampleKey

pytest.importorskip('pyarrow')
pytest.importorskip('fsspec')
pytest.importorskip('aiohttp')


@pytest.fixture(scope='module')
def shards(tmp_path_factory, video_folder):
    folder = tmp_path_factory.mktemp('remote') / 'shards'
    assert pack(video_folder, folder, '--size', '50KB') == 0
    return folder


@pytest.fixture
def server(shards):
    with serve(shards) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(remote_shards, '_FIRST_WAIT', 0.01)


def build(root, **options):
    return ShardDataset(data_root=root, pipeline=PIPELINE, test_mode=True, **options)


def first_shard(dataset):
    return dataset.get_data_info(0)['source'].shard


@pytest.mark.slow
@pytest.mark.parametrize('cached', [False, True])
def test_the_samples_are_those_of_files(tmp_path, server, video_folder, cached):
    cache = dict(folder=str(tmp_path / 'cache'), size='1GB') if cached else None
    files = VideoDataset(data_root=str(video_folder), pipeline=PIPELINE)
    remote = build(server.address, cache=cache)
    assert remote.list_hash() == files.list_hash()
    for epoch in range(2):
        # The workers are forked after this process has read the index.
        loader = DataLoader(
            remote,
            2,
            sampler=EpochSampler(remote, shuffle=False, seed=1),
            num_workers=2,
            collate_fn=list,
        )
        loader.sampler.set_epoch(epoch)
        samples = [sample for batch in loader for sample in batch]
        for index, sample in enumerate(samples):
            expected = files[SampleKey(index, epoch, 1)]['inputs']
            assert all(map(torch.equal, sample['inputs'], expected))
    fetched = [limits for name, limits in server.asked if name.endswith('.tar')]
    assert None not in fetched
    assert len(fetched) == (8 if cached else 16)


def test_the_member_is_opened_from_memory(server, monkeypatch):
    remote = build(server.address)
    monkeypatch.setattr(os, 'open', None)
    source = remote.get_data_info(3)['source']
    assert len(source.open().read()) == source.size
    asked = len(server.asked)
    source.open()  # as readers do that open a video again
    assert len(server.asked) == asked


@pytest.mark.slow
def test_failed_requests_are_tried_again(server):
    server.failures = 3
    remote = build(server.address)
    server.failures = 4
    remote[0]
    server.failures = 5
    with pytest.raises(VideoError, match=r'member 000000001.mp4 of http.*shard-000000.tar .* 503'):
        remote[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('fault', 'match'),
    [
        ('cut', 'cannot be read: ClientPayloadError'),
        ('changed', r'its sha256 is \w{64}, but \w{64} in the index: it is damaged'),
    ],
)
def test_wrong_replies_are_tried_again_and_told(server, fault, match):
    remote = build(server.address)
    name = first_shard(remote)
    server.faults[name] = fault
    with pytest.raises(VideoError, match=f'{name}/video0.mp4: .*member 000000000.mp4.*{match}'):
        remote[0]
    assert len([one for one in server.asked if one[0] == name]) == 5
    server.faults.clear()
    remote[0]


def test_a_bad_member_counts_as_a_bad_video(server):
    remote = ShardDataset(data_root=server.address, pipeline=PIPELINE)
    name = first_shard(remote)
    server.faults[name] = 'changed'
    (path, reason), *_ = remote[SampleKey(0)]['data_samples'].bad_videos
    assert path == f'{server.address}/{name}/video0.mp4'
    assert 'member 000000000.mp4' in reason


def test_a_missing_shard_is_asked_for_once(server, shards):
    remote = build(server.address)
    name = first_shard(remote)
    (shards / name).rename(shards / 'away')
    try:
        with pytest.raises(VideoError, match=f'{name} cannot be read: there is no such file'):
            remote[0]
    finally:
        (shards / 'away').rename(shards / name)
    assert len([one for one in server.asked if one[0] == name]) == 1


def test_a_server_that_ignores_ranges_is_refused(server):
    remote = build(server.address)
    server.faults = dict.fromkeys(['index.parquet', first_shard(remote)], 'whole')
    with pytest.raises(InputError, match='the server sends the whole file'):
        build(server.address)
    with pytest.raises(InputError, match='the server sends the whole file'):
        remote[0]


def test_no_index_and_no_server(server, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no index of shards at http.*/x/index.parquet'):
        build(f'{server.address}/x')
    with pytest.raises(InputError, match=r'index.parquet cannot be read: \w+'):
        build('http://127.0.0.1:9')
    with pytest.raises(InputError, match='`data_root` is odd://x'):
        build('odd://x')


def test_wrong_caches_are_refused(server, tmp_path):
    for cache, match in (
        (dict(folder='x'), r"`cache` must be dict\(folder=..., size='50GB'\)"),
        (dict(folder=str(tmp_path), size='much'), '`cache.size` must be a size such as'),
        (dict(folder='/proc/x/y', size='1GB'), '`cache.folder` /proc/x/y cannot be made'),
    ):
        with pytest.raises(InputError, match=match):
            build(server.address, cache=cache)


@pytest.mark.slow
def test_shards_in_s3(shards, video_folder, monkeypatch):
    pytest.importorskip('s3fs')
    moto = pytest.importorskip('moto.server')
    import s3fs

    server = moto.ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        options = dict(
            key='a', secret='b', client_kwargs=dict(endpoint_url=f'http://{host}:{port}')
        )
        system = s3fs.S3FileSystem(**options)
        system.mkdir('bucket')
        system.put(f'{shards}/', 'bucket/shards/', recursive=True)
        remote = build('s3://bucket/shards', storage_options=options)
        files = VideoDataset(data_root=str(video_folder), pipeline=PIPELINE)
        for index in (0, 7):
            views, expected = remote[SampleKey(index)], files[SampleKey(index)]
            assert all(map(torch.equal, views['inputs'], expected['inputs']))
        system.rm(f'bucket/shards/{first_shard(remote)}')
        with pytest.raises(
            VideoError, match=r'member 000000001.mp4 of s3://bucket/shards/.* no such'
        ):
            remote[1]
        with pytest.raises(FileNotFoundError, match='no index of shards at s3://bucket/elsewhere'):
            build('s3://bucket/elsewhere', storage_options=options)
    finally:
        server.stop()
