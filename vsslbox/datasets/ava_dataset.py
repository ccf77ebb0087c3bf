"""The data set AVA: key frames of videos, with boxes of people and their actions."""

import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any, Literal

import mmaction.datasets
import numpy as np

from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.named_files import NamedFiles
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS
from vsslbox.utils import load_plain_pickle

__all__ = ['AVADataset']

_FRAME = re.compile(r'[^,]+,\d{4,}')


@DATASETS.register_module()
class AVADataset(BaseVideoDataset, mmaction.datasets.AVADataset):
    """mmaction2's ``AVADataset`` as a :class:`BaseVideoDataset`: a sample is one key frame.

    The protocol decides which key frames are evaluated. mmaction2 evaluates those with an
    annotation. But the presence of people is itself part of the annotation, and a detection in
    another frame is wrong and must count. SlowFast evaluates all frames in which a person was
    detected.

    Args:
        ann_file: CSV rows ``video,second,left,top,right,bottom,class,person``, one for each action.
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder of the data; all files and ``data_prefix`` are relative to it.
        data_prefix: ``dict(img=...)``, the folder of the videos or of their folders of frames.
        exclude_file: CSV with rows ``video,second`` of key frames to leave out.
        label_file: The classes; required for ``custom_classes``.
        proposal_file: A pickle of boxes ``[n, 5]`` (normalised coordinates, score) by
            ``'video,second'``, the second with four digits; see :func:`load_plain_pickle`. Without
            it the annotated boxes are evaluated.
        key_frames: ``'annotated'``, or ``'proposed'``: frames with a box of a score of at least
            ``person_det_score_thr``, in the videos of ``ann_file``.
        video_ending: The ending of video file names, if ``use_frames=False``.
        test_mode: Whether a video that cannot be read is an error.
        kwargs: As for mmaction2's ``AVADataset``: ``fps`` and ``timestamp_start`` map seconds to
            frames, ``person_det_score_thr`` selects boxes, and so on.

    Raises:
        FileNotFoundError: A file, a video or a folder of frames does not exist.
        InputError: ``key_frames`` is unknown, or requires a ``proposal_file``; or that file holds
            something else.
    """

    prefix_key = 'img'
    line_format = '`video,second,left,top,right,bottom,class,person`'

    def __init__(
        self,
        ann_file: str,
        pipeline: Steps = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        exclude_file: str | None = None,
        label_file: str | None = None,
        proposal_file: str | None = None,
        key_frames: Literal['annotated', 'proposed'] = 'annotated',
        video_ending: str = '.mp4',
        test_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        if key_frames not in ('annotated', 'proposed'):
            raise InputError(f"key_frames must be 'annotated' or 'proposed', got {key_frames!r}")
        if key_frames == 'proposed' and proposal_file is None:
            raise InputError("key_frames='proposed' needs proposal_file")
        self.key_frames = key_frames
        self.video_ending = video_ending
        proposal_file = _below(data_root, proposal_file)
        self._proposals = None if proposal_file is None else _read_proposals(proposal_file)
        self._proposals_source = proposal_file
        super().__init__(
            ann_file,
            pipeline,
            data_root,
            data_prefix,
            test_mode,
            exclude_file=_below(data_root, exclude_file),
            label_file=_below(data_root, label_file),
            **kwargs,
        )
        # Given to mmaction2's class, the file would be unpickled with all that it names.
        self.proposal_file, self.proposals = proposal_file, self._proposals

    def load_data_list(self) -> list[dict]:
        """Return the key frames by video and second."""
        self._check_rows()
        frames = mmaction.datasets.AVADataset.load_data_list(self)
        if self.key_frames == 'proposed':
            frames = self._proposed(frames)
        for frame in frames:
            frame['attributes'] = dict(name=frame['img_key'])
            if not self.use_frames:
                frame['filename'] += self.video_ending
        path_key = 'frame_dir' if self.use_frames else 'filename'
        paths = sorted({frame[path_key] for frame in frames})
        files = NamedFiles('', 'a folder' if self.use_frames else 'a file', self.ann_file)
        found = dict(zip(paths, files.find(paths)))
        for frame in frames:
            frame[path_key] = found[frame[path_key]]
        return frames

    def get_data_info(self, idx: int) -> dict:
        """Return the entry of a key frame, with its boxes."""
        info = super().get_data_info(idx)
        info['frame_rate'] = info['fps']
        if self.use_frames:
            info['total_frames'] = (self.timestamp_end - self.timestamp_start) * self._FPS
        if self.test_mode and 'proposals' not in info:
            info['proposals'] = info['gt_bboxes']
        return info

    def _proposed(self, annotated: list[dict]) -> list[dict]:
        """Return the entries of all frames with a proposal, in the videos that have annotations."""
        entries = {frame['img_key']: frame for frame in annotated}
        templates = {frame['video_id']: frame for frame in annotated}
        nothing = dict(
            gt_bboxes=np.zeros((0, 4)),
            gt_labels=np.zeros((0, self.num_classes), np.float32),
            entity_ids=np.zeros(0, int),
        )
        frames = []
        for key, boxes in sorted((self._proposals or {}).items()):
            video_id, second = key.split(',')
            scores = boxes[:, 4] if boxes.shape[1] == 5 else np.ones(len(boxes))
            if video_id not in templates or not (scores >= self.person_det_score_thr).any():
                continue
            unannotated = dict(templates[video_id], timestamp=int(second), img_key=key, ann=nothing)
            frames.append(entries.get(key, unannotated))
        if not frames:
            raise InputError(
                f'{self._proposals_source} has no box with a score of at least '
                f'{self.person_det_score_thr} in the videos of {self.ann_file}'
            )
        return frames

    def _check_rows(self) -> None:
        """Refuse a list that mmaction2 cannot read, or would read wrongly."""
        lines = self._list_text().rstrip().splitlines()
        if Path(self.ann_file).read_bytes().startswith(BOM_UTF8):
            raise InputError(
                f'{self.ann_file} begins with a byte order mark, which mmaction2 takes as part of '
                'the first name: save it without'
            )
        expected = (
            f'{self.line_format} with a box in [0, 1] and a class from 1 to {self.num_classes - 1}'
        )
        for number, line in enumerate(lines, start=1):
            if not self._is_row(line.strip().split(',')):
                raise self._line_error(number, line, expected)

    def _is_row(self, fields: list[str]) -> bool:
        try:
            left, top, right, bottom = map(float, fields[2:6])
            int(fields[1])
            label, _ = map(int, fields[6:8])
        except (IndexError, ValueError):
            return False
        is_known = self.custom_classes is not None or 1 <= label < self.num_classes
        return is_known and 0 <= left <= right <= 1 and 0 <= top <= bottom <= 1

    def _search(self) -> list[dict]:
        raise InputError('AVADataset needs ann_file')

    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        raise NotImplementedError('mmaction2 reads the list')


def _read_proposals(path: str) -> dict[str, np.ndarray]:
    """Read boxes, ``[n, 4]`` or with scores ``[n, 5]``, by ``'video,second'``."""
    proposals = load_plain_pickle(path)
    if not isinstance(proposals, dict) or not proposals:
        raise InputError(
            f'{path} holds {type(proposals).__name__} {str(proposals)[:50]!r}, not boxes by '
            "'video,second'"
        )
    for key, boxes in proposals.items():
        if not (isinstance(key, str) and _FRAME.fullmatch(key)):
            raise InputError(
                f"{path} has the key {key!r}, not 'video,second' with four digits such as "
                "'0f39OWEqJ24,0902'"
            )
        if not (isinstance(boxes, np.ndarray) and boxes.ndim == 2 and boxes.shape[1] in (4, 5)):
            shape = list(getattr(boxes, 'shape', ())) or type(boxes).__name__
            raise InputError(f'{path}: the boxes of {key} must be an array [n, 5], not {shape}')
        if not ((boxes[:, :4] >= 0) & (boxes[:, :4] <= 1)).all():
            raise InputError(
                f'{path}: the boxes of {key} must be in normalised coordinates, in [0, 1], not '
                f'{boxes[:, :4].min():g} to {boxes[:, :4].max():g}'
            )
    return proposals


def _below(data_root: str | None, name: str | None) -> str | None:
    if name is None:
        return None
    path = Path(data_root or '') / name
    if not path.is_file():
        raise FileNotFoundError(
            f'no file at {path}: set `data_root` to the folder of the annotations'
        )
    return str(path)
