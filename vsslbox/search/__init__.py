"""Search in folders of videos: indexes of features, similar videos and near-duplicates."""

from vsslbox.search.duplicates import near_duplicates

__all__ = ['near_duplicates']
