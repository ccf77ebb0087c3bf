"""Search in folders of videos: indexes of features, similar videos and near-duplicates."""

from vsslbox.search.duplicates import near_duplicates
from vsslbox.search.index_update import IndexUpdate, update_index
from vsslbox.search.labels import read_labels
from vsslbox.search.video_index import VideoIndex

__all__ = ['IndexUpdate', 'VideoIndex', 'near_duplicates', 'read_labels', 'update_index']
