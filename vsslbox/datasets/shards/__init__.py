"""Videos in indexed tar files, on a disk or behind an address."""

from vsslbox.datasets.shards.disk_cache import DiskCache
from vsslbox.datasets.shards.local_shards import LocalShards
from vsslbox.datasets.shards.remote_shards import RemoteShards
from vsslbox.datasets.shards.shard_index import ShardIndex
from vsslbox.datasets.shards.shard_member import ShardMember, Shards

__all__ = ['DiskCache', 'LocalShards', 'RemoteShards', 'ShardIndex', 'ShardMember', 'Shards']
