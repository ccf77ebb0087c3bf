"""Search in folders of videos: indexes of features, similar videos and near-duplicates."""

from vsslbox.search.duplicate_page import write_duplicate_page
from vsslbox.search.duplicates import (
    DuplicatePair,
    clusters_of,
    duplicate_pairs,
    find_duplicates,
    near_duplicates,
    read_signatures,
)
from vsslbox.search.index_update import IndexUpdate, update_index
from vsslbox.search.labels import read_labels
from vsslbox.search.neighbours import Neighbour, find_neighbours, place_of, select
from vsslbox.search.result_page import write_result_page
from vsslbox.search.semantic_duplicates import keep_first, semantic_duplicates
from vsslbox.search.video_index import VideoIndex, is_index
from vsslbox.search.video_rows import embed_rows

__all__ = [
    'DuplicatePair',
    'IndexUpdate',
    'Neighbour',
    'VideoIndex',
    'clusters_of',
    'duplicate_pairs',
    'embed_rows',
    'find_duplicates',
    'find_neighbours',
    'is_index',
    'keep_first',
    'near_duplicates',
    'place_of',
    'read_labels',
    'read_signatures',
    'select',
    'semantic_duplicates',
    'update_index',
    'write_duplicate_page',
    'write_result_page',
]
