"""The features of untrimmed videos, as localization reads them."""

import csv
from pathlib import Path

import numpy as np

from vsslbox.errors import InputError
from vsslbox.utils import whole_file

__all__ = ['note_video', 'noted_videos', 'rescale_features', 'write_features']

POINTS = 3  # a step
MARGIN = 1e-4
TABLE = 'videos.csv'
COLUMNS = 'video', 'frames', 'feature_frames'


def rescale_features(features: np.ndarray, num_steps: int) -> np.ndarray:
    """Resample features to a fixed number of steps.

    The range from the first to the last row is divided into equal steps. Each step is the mean of
    three linearly interpolated points: at its start, at a third and at two thirds of it.

    Source: mmaction2's preparation of ActivityNet's features for BMN.

    Args:
        features: ``[n, D]``, evenly spaced over the video.
        num_steps: T.

    Returns:
        float32 ``[T, D]``.
    """
    if len(features) == 1:
        return np.repeat(features, num_steps, axis=0).astype(np.float32)
    start, end = MARGIN, len(features) - 1 - MARGIN
    position = start + (end - start) / num_steps * np.arange(num_steps * POINTS) / POINTS
    below = position.astype(int)
    share = (position - below)[:, None]
    points = (1 - share) * features[below] + share * features[below + 1]
    return points.reshape(num_steps, POINTS, -1).mean(axis=1).astype(np.float32)


def write_features(path: str | Path, features: np.ndarray) -> None:
    """Write the features ``[T, D]`` of a video, completely or not at all.

    Args:
        path: A name in ``.npy`` makes a NumPy array, any other CSV with 4 decimals and a header,
            which mmaction2's ``ActivityNetDataset`` reads.
        features: The features.
    """
    with whole_file(path) as unfinished, open(unfinished, 'wb') as file:
        if Path(path).suffix == '.npy':
            np.save(file, features)
        else:
            header = ','.join(f'f{number}' for number in range(features.shape[1]))
            np.savetxt(file, features, '%.4f', ',', header=header, comments='')


def note_video(folder: Path, video: str, num_frames: int, feature_frames: int) -> None:
    """Add a video to the table of the features in a folder.

    Args:
        folder: The folder.
        video: The name of the video: its file of features without the ending.
        num_frames: Its number of frames.
        feature_frames: The number of frames that the features cover.
    """
    with open(folder / TABLE, 'a', newline='', encoding='utf-8', errors='surrogateescape') as file:
        is_new = file.tell() == 0
        writer = csv.writer(file, lineterminator='\n')
        writer.writerows([COLUMNS] * is_new + [(video, num_frames, feature_frames)])


def noted_videos(folder: Path) -> dict[str, tuple[int, int]]:
    """Read a folder's table: the number of frames of each video, and how many are covered.

    Raises:
        InputError: The table is damaged.
    """
    path = folder / TABLE
    if not path.is_file():
        return {}
    with open(path, newline='', encoding='utf-8', errors='surrogateescape') as file:
        rows = list(csv.reader(file))[1:]
    try:
        return {video: (int(frames), int(covered)) for video, frames, covered in rows}
    except ValueError:
        raise InputError(f'{path} has a row that is not {",".join(COLUMNS)}: remove it') from None
