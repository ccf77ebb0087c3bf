"""The features that those of a checkpoint are compared with."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.extractors.clip_histograms import colour_histogram, motion_histogram
from vsslbox.models.utils import forget_start_weights
from vsslbox.registry import MODELS

__all__ = ['ReferenceFeatures']

HISTOGRAMS = dict(colour=colour_histogram, motion=motion_histogram)


@MODELS.register_module()
class ReferenceFeatures(BaseModel):
    """Compute the features of random initialisations of a model, and trivial ones.

    The taps are ``random0``, ``random1``, ... for the seeds, then ``colour`` and ``motion``: see
    :func:`colour_histogram` and :func:`motion_histogram`.

    Args:
        model: The config of the model, which computes features in the mode ``'tensor'``. Pretrained
            weights that it starts from are left out.
        seeds: The seeds of the initialisations.
    """

    def __init__(self, model: dict, seeds: Sequence[int] = (0, 1, 2)) -> None:
        super().__init__(BaseDataPreprocessor())
        self.models = nn.ModuleList(_randomly_initialised(model, seed) for seed in seeds)

    def forward(
        self,
        inputs: list[Tensor],
        data_samples: list | None = None,
        mode: str = 'tensor',
        **kwargs: object,
    ) -> dict[str, Tensor]:
        """Compute features.

        Args:
            inputs: Views, each uint8 ``[N, 3, T, H, W]``.
            data_samples: What the model's preprocessor needs of the samples, as ``kwargs``.
            mode: ``'tensor'``.
            kwargs: What else the batch holds.

        Returns:
            ``[N, F]`` by tap.
        """
        if mode != 'tensor':
            raise ValueError(
                f"ReferenceFeatures is not trained: mode must be 'tensor', got {mode!r}"
            )
        batch = dict(kwargs, inputs=inputs, data_samples=data_samples)
        found = {}
        for number, model in enumerate(self.models):
            features = model(**model.data_preprocessor(batch, training=False), mode='tensor')
            if isinstance(features, dict):
                (features,) = features.values()
            found[f'random{number}'] = features
        return found | _histograms(inputs)

    def with_tokens(
        self, inputs: list[Tensor], data_samples: list | None = None, **kwargs: object
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Compute the features and, in the same pass, the tokens; a histogram is a single token.

        Returns:
            ``[N, F]`` and ``[N, L, F]`` by tap.
        """
        batch = dict(kwargs, inputs=inputs, data_samples=data_samples)
        found, tokens = {}, {}
        for number, model in enumerate(self.models):
            own = model.with_tokens(**model.data_preprocessor(batch, training=False))
            found[f'random{number}'], tokens[f'random{number}'] = own
        histograms = _histograms(inputs)
        single = {name: features[:, None] for name, features in histograms.items()}
        return found | histograms, tokens | single


def _histograms(inputs: list[Tensor]) -> dict[str, Tensor]:
    """Compute the trivial features of uint8 views, ``[N, F]`` by name."""
    views = _as_clips(inputs)
    return {
        name: torch.stack([histogram(view) for view in views]).mean(dim=0)
        for name, histogram in HISTOGRAMS.items()
    }


def _randomly_initialised(config: dict, seed: int) -> nn.Module:
    """Build a model as a test of its random initialisation with this seed does."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MODELS.build(config)
        forget_start_weights(model)
        model.init_weights()
    return model


def _as_clips(views: list[Tensor]) -> list[Tensor]:
    """Return views with several frames: single frames in succession are one clip.

    Raises:
        InputError: They are no clips in colour.
    """
    if not all(view.ndim == 5 and view.shape[1] == 3 for view in views):
        raise InputError(
            'colour and motion are of views [N, 3, T, H, W], got '
            f'{[list(view.shape) for view in views]}: evaluate without them (--random-seeds 0)'
        )
    if all(view.shape[2] == 1 for view in views):
        return [torch.cat(views, dim=2)]
    return list(views)
