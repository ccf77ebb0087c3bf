"""What all inferencers share: videos in, the model's output for each."""

import glob
import os
from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.infer import BaseInferencer
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader, Dataset

from vsslbox.checkpoints import load_weights
from vsslbox.compat import batches_of
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import ArrayReader, VideoError
from vsslbox.datasets.transforms.reading import RestrictToShot
from vsslbox.datasets.transforms.steps import build_steps
from vsslbox.datasets.video_names import keys_of
from vsslbox.engine.worker import start_worker
from vsslbox.errors import InputError
from vsslbox.registry import FUNCTIONS, MODELS
from vsslbox.utils import track

__all__ = ['GivenVideos', 'VideoInferencer', 'video_files']

Videos = str | PathLike | np.ndarray | list[str | PathLike | np.ndarray]
"""Files, folders, patterns such as ``clips/*.mp4``, and arrays of frames ``[T, H, W, 3]``."""


class VideoInferencer(BaseInferencer):
    """Run a model on videos, with the pipeline of its config.

    Args:
        config: A config with ``model`` and ``test_dataloader``, whose pipeline opens video files.
        checkpoint: The weights of the model: a file, or ``zoo://NAME``.
        device: The device of the model; a GPU if there is one.
        num_workers: The processes that decode; 0 for this one.
        show_progress: Whether to show progress and the time left.
        skip_bad: Whether to pass over videos that cannot be read, instead of ending there.

    Attributes:
        videos: The names of the videos of the last call, in the order of its results.
        bad_videos: Those that were passed over, with the reason.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str | PathLike,
        device: str | None = None,
        num_workers: int = 0,
        show_progress: bool = False,
        skip_bad: bool = False,
    ) -> None:
        self.num_workers = num_workers
        self.skip_bad = skip_bad
        self.videos: list[str] = []
        self.bad_videos: dict[str, str] = {}
        self.title = 'videos, batches' if show_progress else None
        super().__init__(config, str(checkpoint), device, 'vsslbox', show_progress=False)

    def _init_model(self, cfg: Config, weights: str, device: str) -> BaseModel:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'vsslbox')):
            model = MODELS.build(cfg.model)
        load_weights(model, weights)
        return model.to(device).eval()

    def _init_pipeline(self, cfg: Config) -> Compose:
        return Compose(build_steps(cfg.test_dataloader.dataset.pipeline))

    def _init_collate(self, cfg: Config) -> Callable:
        return FUNCTIONS.get(cfg.test_dataloader.collate_fn.type)

    def _init_visualizer(self, cfg: Config) -> None:
        """Draw nothing."""

    def _inputs_to_list(self, inputs: Videos) -> list[str | np.ndarray]:
        """Return files and arrays; folders and patterns become the files that they stand for.

        Raises:
            InputError: There is no such file, or a folder or a pattern has no videos.
        """
        if isinstance(inputs, np.ndarray):
            return [inputs] if inputs.ndim < 5 else list(inputs)
        given = [inputs] if isinstance(inputs, str | PathLike) else list(inputs)
        return [video for each in given for video in _expand(each)]

    def preprocess(self, inputs: list[str | np.ndarray], batch_size: int = 8) -> Iterator[dict]:
        """Yield the batches of the pipeline's samples, without videos that cannot be read."""
        self.videos, self.bad_videos = [], {}
        loader = DataLoader(
            GivenVideos(inputs, self.pipeline),
            batch_size=batch_size,
            num_workers=self.num_workers,
            collate_fn=list,
            worker_init_fn=_start_worker,
        )
        batches = batches_of(loader)
        for made in track(batches, self.title, len(loader)) if self.title else batches:
            batch = []
            for name, sample in made:
                if not isinstance(sample, VideoError):
                    self.videos.append(name)
                    batch.append(sample)
                elif self.skip_bad:
                    self.bad_videos[name] = sample.reason
                else:
                    raise sample
            if batch:
                yield self.collate_fn(batch)

    def visualize(self, inputs: list, preds: list, **kwargs: Any) -> list:
        """Return no pictures."""
        return []


def _start_worker(worker_id: int) -> None:
    start_worker(None, worker_id)


def _expand(video: str | PathLike | np.ndarray) -> list[str | np.ndarray]:
    return [video] if isinstance(video, np.ndarray) else [*video_files(video)]


def video_files(path: str | PathLike) -> list[str]:
    """Return a file, all videos of a folder, or the files that match a pattern.

    Raises:
        InputError: There is no such file, or a folder or a pattern has no videos.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        dataset = VideoDataset(data_root=path, pipeline=[], test_mode=True)
        return [dataset.get_data_info(index)['filename'] for index in range(len(dataset))]
    if os.path.lexists(path):
        return [path]
    if not (found := sorted(glob.glob(path, recursive=True))):
        raise InputError(
            f'no video at {path}: give files, folders or a pattern such as clips/*.mp4'
        )
    return found


class GivenVideos(Dataset):
    """The samples of files and arrays.

    Args:
        videos: The files and arrays.
        pipeline: Makes a sample; its first step opens a file.
    """

    def __init__(self, videos: list[str | np.ndarray], pipeline: Compose) -> None:
        self.videos = videos
        self.pipeline = pipeline

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, index: int) -> tuple[str, dict | VideoError]:
        """Return the name of a video, and its sample or why it has none."""
        video = self.videos[index]
        # The generator serves a step that draws although it is a test: the same for every video.
        sample = dict(index=index, attributes={}, rng=np.random.default_rng(0))
        if not isinstance(video, np.ndarray):
            try:
                return video, self._make(sample | keys_of(video))
            except FileNotFoundError as error:  # no such member of a shard
                return video, VideoError(video, str(error))
            except VideoError as error:
                return video, error
        name = f'array {index}'
        reader = ArrayReader(video, name)
        sample.update(reader=reader, total_frames=reader.num_frames, fps=reader.fps)
        for step in self.pipeline.transforms[1:]:
            sample = step(sample)
        return name, sample

    def _make(self, sample: dict) -> dict:
        """Return the sample of a video, or of its segment."""
        if 'shot' not in sample:
            return self.pipeline(sample)
        opening, *others = self.pipeline.transforms
        return Compose([opening, RestrictToShot(), *others])(sample)
