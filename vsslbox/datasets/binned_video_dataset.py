"""Lists of bins of videos."""

from typing import Any

from vsslbox.datasets.video_dataset import VideoDataset
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['BinnedVideoDataset']


@DATASETS.register_module()
class BinnedVideoDataset(VideoDataset):
    """Videos cut into bins, each of which is a sample of its own.

    The bins of a video follow each other in the list, and the last may be shorter. Each has its own
    name, such as ``path.mp4[52:104]``, so that the hash of the list depends on the bins. The
    transform :class:`RestrictToBin` restricts a sampler to the frames of the bin.

    The list is a CSV file with a column ``num_frames``: the number of bins must be known before a
    video is opened. ``tools/data/count_frames.py`` adds this column to any list.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", Table 3.
    The authors' code cuts the range of a clip's first frames; this is the same for clips of one
    frame, the only ones that they binned.

    Args:
        bin_interval: The frames of a bin.
        kwargs: As for :class:`VideoDataset`.

    Raises:
        InputError: The list does not give the number of frames of each video.
    """

    def __init__(self, *args: Any, bin_interval: int, **kwargs: Any) -> None:
        if bin_interval < 1:
            raise InputError(f'bin_interval must be at least 1, got {bin_interval}')
        self.bin_interval = bin_interval
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return the entries of all bins."""
        return [one for entry in super().load_data_list() for one in self._cut(entry)]

    def _cut(self, entry: dict) -> list[dict]:
        attributes = entry['attributes']
        num_frames = attributes.get('num_frames')
        if not isinstance(num_frames, int) or num_frames < 1:
            raise InputError(
                'BinnedVideoDataset needs a CSV list whose column `num_frames` counts the frames '
                f'of each video, got {num_frames!r} for {attributes["name"]} of '
                f'{self.ann_file or "a folder"}: add it with tools/data/count_frames.py'
            )
        bins = []
        for start in range(0, num_frames, self.bin_interval):
            end = min(start + self.bin_interval, num_frames)
            named = dict(attributes, name=f'{attributes["name"]}[{start}:{end}]')
            bins.append(dict(entry, attributes=named, bin=(start, end)))
        return bins
