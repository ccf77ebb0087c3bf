"""Features: extracting them, keeping them on disk, and reading them back.

One feature a video of a data set: :func:`extract_features` runs the model and fills a
:class:`FeatureStore`, an array a tap on disk; :func:`kept_features` returns them as a
:class:`FeatureSet` a tap, which metrics evaluate. A sequence of features a video, for localization:
:func:`encode_snippets` yields those of each untrimmed video, :func:`rescale_features` brings them
to a fixed number of steps and :func:`write_features` writes them.
"""

from vsslbox.evaluation.features.extraction import (
    extract_features,
    kept_features,
    origin_of_features,
    videos_of,
)
from vsslbox.evaluation.features.feature_set import (
    FeatureSet,
    as_ids,
    like_columns,
    same_videos,
)
from vsslbox.evaluation.features.feature_store import FeatureStore, FeatureStoreError
from vsslbox.evaluation.features.missing_classes import tell_missing_classes
from vsslbox.evaluation.features.snippet_features import (
    VideoFeatures,
    class_scores,
    encode_snippets,
    load_trained_model,
    pooled_features,
)
from vsslbox.evaluation.features.snippet_files import (
    note_video,
    noted_videos,
    rescale_features,
    write_features,
)
from vsslbox.evaluation.features.token_set import TokenSet
from vsslbox.evaluation.features.treatments import treated_loader

__all__ = [
    'FeatureSet',
    'FeatureStore',
    'FeatureStoreError',
    'TokenSet',
    'VideoFeatures',
    'as_ids',
    'class_scores',
    'encode_snippets',
    'extract_features',
    'kept_features',
    'like_columns',
    'load_trained_model',
    'note_video',
    'noted_videos',
    'origin_of_features',
    'pooled_features',
    'rescale_features',
    'same_videos',
    'tell_missing_classes',
    'treated_loader',
    'videos_of',
    'write_features',
]
