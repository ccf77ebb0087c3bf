"""The command line, and models for one's own code: embedders, classifiers, backbones."""

from vsslbox.apis.clip_heat import ClipHeat, class_heat, similarity_heat
from vsslbox.apis.export_network import Network, export_network, network_of
from vsslbox.apis.load_backbone import PretrainedEncoder, load_backbone
from vsslbox.apis.video_classifier import VideoClassifier
from vsslbox.apis.video_embedder import VideoEmbedder
from vsslbox.apis.video_inferencer import VideoInferencer

__all__ = [
    'ClipHeat',
    'Network',
    'PretrainedEncoder',
    'VideoClassifier',
    'VideoEmbedder',
    'VideoInferencer',
    'class_heat',
    'export_network',
    'load_backbone',
    'network_of',
    'similarity_heat',
]
