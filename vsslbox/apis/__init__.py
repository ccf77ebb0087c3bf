"""The command line, and models for one's own code: embedders, classifiers, backbones."""

from vsslbox.apis.load_backbone import PretrainedEncoder, load_backbone
from vsslbox.apis.video_classifier import VideoClassifier
from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.apis.video_inferencer import VideoInferencer

__all__ = [
    'PretrainedEncoder',
    'VideoClassifier',
    'VideoEmbedder',
    'VideoInferencer',
    'load_backbone',
]
