"""Extraction of the features of a data set, kept on disk."""

import hashlib
import json
import os
from collections.abc import ItemsView, Iterable
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader

from vsslbox.compat import batches_of
from vsslbox.datasets import BaseVideoDataset
from vsslbox.errors import InputError, InputTypeError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.features.feature_store import FeatureStore
from vsslbox.evaluation.features.token_set import TokenSet
from vsslbox.utils import track, unwrap_model

__all__ = ['extract_features', 'kept_features', 'origin_of_features', 'videos_of']

# The keys of a data set's config that the hashes of its list and its files cover.
_HASHED = ('ann_file', 'data_prefix', 'data_root', 'where')


@torch.no_grad()
def extract_features(
    model: nn.Module,
    dataloader: DataLoader,
    store: FeatureStore,
    token_dtype: torch.dtype | None = None,
) -> None:
    """Fill a store with the features of all videos, on one process or several.

    Videos that are in the store are not read again. A run that resumes a killed one of as many
    processes makes the same batches and hence the same features, bit for bit.

    Args:
        model: Computes features in the mode ``'tensor'``, ``[N, F]`` or a dict of them by tap;
            wrapped or not.
        dataloader: Every process loads its share; the data set is a :class:`BaseVideoDataset`.
        store: The store, complete afterwards. A single tap is called ``features``.
        token_dtype: How the tokens ``TAP.tokens`` are kept beside the features, float16 or
            float32; None for no tokens. The model computes them in ``with_tokens``.

    Raises:
        InputError: Features are NaN or infinite, or the model computes no tokens.
    """
    if store.is_complete:
        return
    bare: BaseModel = unwrap_model(model)
    bare.eval()
    if token_dtype and not hasattr(bare, 'with_tokens'):
        raise InputError(
            f'{type(bare).__name__} computes no tokens, which the attentive probe attends to: '
            'set `model.type` to FeatureExtractor'
        )
    left = _without(store.done(), dataloader)
    batches = batches_of(left)
    for batch in track(batches, 'features, batches', len(left)) if is_main_process() else batches:
        batch = bare.data_preprocessor(batch, training=False)
        features = _compute(bare, batch, token_dtype)
        indices = [sample.get('index') for sample in batch['data_samples']]
        _refuse_non_finite(features, indices, dataloader)
        store.append(indices, features)
    store.finish()


def _compute(model: BaseModel, batch: dict, token_dtype: torch.dtype | None) -> dict[str, Tensor]:
    """Return the features of a batch and, if wanted, its tokens, by tap, on the CPU."""
    if token_dtype is None:
        return {tap: rows.float().cpu() for tap, rows in _taps(model(**batch, mode='tensor'))}
    features, tokens = map(_taps, model.with_tokens(**batch))
    found = {tap: rows.float().cpu() for tap, rows in features}
    return found | {f'{tap}.tokens': rows.to(token_dtype).cpu() for tap, rows in tokens}


def _taps(features: Tensor | dict[str, Tensor]) -> ItemsView[str, Tensor]:
    return (features if isinstance(features, dict) else dict(features=features)).items()


def videos_of(dataloader: DataLoader) -> BaseVideoDataset:
    """Return the data set of a loader.

    Raises:
        InputTypeError: It is not one of videos.
    """
    dataset = dataloader.dataset
    if not isinstance(dataset, BaseVideoDataset):
        raise InputTypeError(
            f'features are those of videos, and {type(dataset).__name__} is not a data set of them'
        )
    return dataset


def origin_of_features(
    runner: Runner, dataset: BaseVideoDataset, dataloader_cfg: dict
) -> dict[str, str]:
    """Return everything that features depend on, apart from where the data lies.

    Files that keep their size and time keep their hash.

    Args:
        runner: The runner, whose model has its weights.
        dataset: The videos.
        dataloader_cfg: The config of their loader.

    Raises:
        TypeError: A loader is given instead of its config, so that its pipeline is unknown.
    """
    if not isinstance(dataloader_cfg, dict):
        raise TypeError('extracting features needs the config of the data loader, not a loader')
    origin: list[dict[str, str]] = [{}]
    if is_main_process():
        model = unwrap_model(runner.model)
        settings = dataloader_cfg['dataset']
        origin[0] = dict(
            weights_sha256=_weights_hash(model),
            list_sha256=dataset.list_hash(),
            files_sha256=_files_hash(dataset),
            model=_as_text(runner.cfg.get('model')),
            dataset=_as_text({name: settings[name] for name in settings if name not in _HASHED}),
        )
    broadcast_object_list(origin)
    return origin[0]


def kept_features(
    runner: Runner,
    dataloader: DataLoader,
    dataloader_cfg: dict,
    token_dtype: torch.dtype | None = None,
    max_gib: float | None = None,
) -> dict[str, FeatureSet]:
    """Return the features of a data set by tap of a runner's model, kept in its work directory.

    Args:
        runner: The runner.
        dataloader: The loader of the data set.
        dataloader_cfg: Its config.
        token_dtype: The type of the tokens beside the features; None for no tokens.
        max_gib: The most GiB that they may take on disk; None for no limit.
    """
    dataset = videos_of(dataloader)
    origin = origin_of_features(runner, dataset, dataloader_cfg)
    if token_dtype:
        origin['tokens'] = str(token_dtype).removeprefix('torch.')
    key = hashlib.sha256(_as_text(origin).encode()).hexdigest()[:16]
    folder = Path(runner.work_dir) / 'features' / key
    store = FeatureStore(folder, origin, len(dataset), max_gib)
    extract_features(runner.model, dataloader, store, token_dtype)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    videos: dict[str, Any] = dict(
        attributes=[info['attributes'] for info in infos],
        list_hash=origin['list_sha256'],
        files=[os.path.realpath(info[dataset.path_key]) for info in infos],
        source=dataset.ann_file or 'the folder of videos',
    )
    arrays = store.read()
    return {
        tap: FeatureSet(features, tokens=TokenSet.of(arrays.get(f'{tap}.tokens')), **videos)
        for tap, features in arrays.items()
        if not tap.endswith('.tokens')
    }


def _refuse_non_finite(
    features: dict[str, Tensor], indices: list[int], dataloader: DataLoader
) -> None:
    for tap, rows in features.items():
        finite = rows.flatten(1).isfinite().all(dim=1)
        if not finite.all():
            index = indices[int(finite.logical_not().nonzero()[0])]
            dataset = videos_of(dataloader)
            path = dataset.get_data_info(index)[dataset.path_key]
            half = (
                ' Numbers above 65504 have no place in float16: set `test_cfg.token_dtype` to '
                'float32.'
            )
            raise InputError(
                f'the {tap} of {path} (video {index} of the list, from 0) are not finite: did the '
                f"checkpoint's training diverge?{half * (rows.dtype == torch.float16)}"
            )


def _without(done: set[int], dataloader: DataLoader) -> DataLoader:
    """Return a loader of this process's batches that are not done."""
    sampler: Iterable[list[int]] = dataloader.batch_sampler or ()
    batches = [batch for batch in sampler if not done.issuperset(batch)]
    return DataLoader(
        dataloader.dataset,
        batch_sampler=batches,
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        pin_memory=dataloader.pin_memory,
        worker_init_fn=dataloader.worker_init_fn,
        multiprocessing_context=dataloader.multiprocessing_context,
        prefetch_factor=dataloader.prefetch_factor,
    )


def _weights_hash(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(f'{name} {tensor.dtype} {list(tensor.shape)}\n'.encode())
        digest.update(tensor.cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _files_hash(dataset: BaseVideoDataset) -> str:
    """Hash the sizes and times of all files, and the frames that the list takes of each folder.

    The names in the list do not tell whether the files are the same.
    """
    digest = hashlib.sha256()
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        frames = ''.join(f' {info[key]}' for key in ('offset', 'total_frames') if key in info)
        digest.update(f'{dataset.content_mark(info)}{frames}\n'.encode())
    return digest.hexdigest()


def _as_text(config: dict) -> str:
    return json.dumps(config, default=str, sort_keys=True)
