"""The index of shards."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vsslbox.datasets.shards.shard_member import ShardMember, Shards
from vsslbox.errors import InputError
from vsslbox.utils import optional_module, whole_file

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ['INDEX', 'LABELS', 'PLACE', 'ShardIndex']

INDEX = 'index.parquet'
PLACE = ('shard', 'member', 'offset', 'size', 'sha256')  # the columns that say where a video is
LABELS = 'labels'  # the column of the labels of a text list
_KEY = b'vsslbox_shards'


class ShardIndex:
    """A table with one row for each row of the list that was packed.

    It has the columns ``shard``, ``member``, ``offset``, ``size``, ``sha256``, the video's ``path``
    in the list, and as text the list's other columns.

    Args:
        table: The table, whose meta data has the name of the list ('' for a folder) and the size of
            each shard.
        source: Where it is from, for messages.
    """

    def __init__(self, table: 'pa.Table', source: str) -> None:
        described = json.loads((table.schema.metadata or {})[_KEY])
        self.source = source
        self.list_name: str = described['list']
        self.sizes: dict[str, int] = described['shards']
        self._table = table
        self._place = [table[name] for name in PLACE]
        names = {*table['shard'].unique().to_pylist(), *self.sizes}
        if names != self.sizes.keys() or any('/' in name for name in names):
            raise ValueError('its shards are not files of its folder')
        if any(table[name].null_count for name in table.column_names):
            raise ValueError('it has values that are missing')

    @classmethod
    def read(cls, shards: Shards) -> 'ShardIndex':
        """Read the index of shards.

        Raises:
            FileNotFoundError: There is none.
            InputError: It is damaged, or something else.
            ImportError: pyarrow is not installed.
        """
        parquet = optional_module('pyarrow.parquet', 'shards')
        source = f'{shards.root}/{INDEX}'
        content: Path | BinaryIO = shards.read_index(INDEX)
        try:
            with parquet.ParquetFile(
                content, read_dictionary=['shard'], page_checksum_verification=True
            ) as file:
                return cls(file.read().combine_chunks(), source)
        except KeyError:
            raise InputError(
                f'{source} is no index of shards, as `vsslbox shards` writes it'
            ) from None
        except (NotImplementedError, OSError, ValueError) as error:
            raise InputError(
                f'{source} cannot be read: {str(error)[:300]}; is it cut off? Copy it again, or '
                'run `vsslbox shards` again'
            ) from None

    @staticmethod
    def write(
        folder: Path, columns: dict[str, Sequence], list_name: str, sizes: dict[str, int]
    ) -> None:
        """Write an index.

        Args:
            folder: The folder of the shards.
            columns: The columns by name, those of ``PLACE`` first.
            list_name: The list, relative to the folder of the videos; '' for a folder.
            sizes: The bytes of each shard.
        """
        import pyarrow as pa
        from pyarrow import parquet

        types = dict(offset=pa.int64(), size=pa.int64(), sha256=pa.binary(32))
        described = json.dumps(dict(list=list_name, shards=sizes))
        schema = pa.schema(
            [(name, types.get(name, pa.string())) for name in columns],
            metadata={_KEY: described.encode()},
        )
        with whole_file(folder / INDEX) as unfinished:
            parquet.write_table(
                pa.table(columns, schema), unfinished, compression='zstd', write_page_checksum=True
            )

    def column(self, name: str) -> list[str]:
        """Return the values of a column."""
        return self._table[name].to_pylist()

    def list_columns(self) -> list[str]:
        """Return the names of the columns of the list."""
        return [name for name in self._table.column_names if name not in PLACE]

    def rows_of(self, names: Sequence[str]) -> list[int | None]:
        """Return the row of each video by its path; None for one that was not packed."""
        import pyarrow as pa
        from pyarrow import compute

        paths = self._table['path']
        return compute.index_in(pa.array(names, pa.string()), value_set=paths).to_pylist()

    def drop_list(self) -> None:
        """Free the memory of the columns that do not say where a video is."""
        self._table = None

    def member(self, row: int, name: str, shards: Shards) -> ShardMember:
        """Return the video of a row.

        Args:
            row: The row.
            name: The name of the video in its list.
            shards: The shards.
        """
        place = {key: column[row].as_py() for key, column in zip(PLACE, self._place)}
        return ShardMember(shards, f'{shards.root}/{place["shard"]}/{name}', **place)
