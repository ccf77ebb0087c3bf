"""Search in folders of videos: indexes of features, similar videos and near-duplicates."""

from vsslbox.search.duplicates import near_duplicates
from vsslbox.search.index_update import IndexUpdate, update_index
from vsslbox.search.labels import read_labels
from vsslbox.search.neighbours import Neighbour, find_neighbours, place_of, select
from vsslbox.search.result_page import write_result_page
from vsslbox.search.video_index import VideoIndex

__all__ = [
    'IndexUpdate',
    'Neighbour',
    'VideoIndex',
    'find_neighbours',
    'near_duplicates',
    'place_of',
    'read_labels',
    'select',
    'update_index',
    'write_result_page',
]
