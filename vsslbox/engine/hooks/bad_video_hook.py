"""A record of the videos that cannot be read."""

from pathlib import Path

from mmengine.dist import all_gather_object, broadcast_object_list, master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.registry import HOOKS
from vsslbox.utils import escaped, whole_file

__all__ = ['BadVideoHook', 'TooManyBadVideosError']


class TooManyBadVideosError(VSSLBoxError, RuntimeError):
    """More of the videos than allowed cannot be read."""


@HOOKS.register_module()
class BadVideoHook(Hook):
    """Log each unreadable video once, list it in a file, and stop when there are too many.

    The data set replaces a bad video by another one and notes it in the sample that takes its
    place, as ``bad_videos``: pairs of a path and a reason. This hook gathers the notes of all
    processes. Samples without notes are fine. A resumed run continues the list. The runner adds
    this hook to every training.

    Args:
        max_share: The run stops when more than this share of the data set's videos is bad, in
            ``(0, 1]``.
        filename: The list's name in the work directory: a line for each video with its path, a
            tab and the reason; see :func:`vsslbox.utils.escaped` for unusual names.
        interval: Iterations between two gatherings.
    """

    def __init__(
        self, max_share: float = 0.1, filename: str = 'bad_videos.txt', interval: int = 50
    ) -> None:
        if not 0 < max_share <= 1:
            raise InputError(f'max_share of BadVideoHook must be within (0, 1], got {max_share}')
        self.max_share = max_share
        self.filename = filename
        self.interval = interval
        self._known: dict[str, str] = {}
        self._new: dict[str, str] = {}

    def before_train(self, runner: Runner) -> None:
        """Read the list of the run that is resumed, on the first process for all."""
        known = [self._read(runner) if runner.rank == 0 else None]
        broadcast_object_list(known)
        (self._known,) = known

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Note the bad videos of the batch; gather every ``interval`` iterations."""
        samples = data_batch.get('data_samples') if isinstance(data_batch, dict) else None
        for sample in samples or ():
            self._new.update(sample.get('bad_videos', ()))
        if self.every_n_train_iters(runner, self.interval):
            self._gather(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Gather the notes of the last iterations."""
        self._gather(runner)

    def before_stop(self, runner: Runner) -> None:
        """Gather the notes of the last iterations before a signal ends the run."""
        self._gather(runner)

    def _gather(self, runner: Runner) -> None:
        found = {}
        for new in all_gather_object(self._new):
            found.update(new)
        found = {escaped(p): escaped(' '.join(reason.split())) for p, reason in found.items()}
        found = {path: reason for path, reason in found.items() if path not in self._known}
        self._new = {}
        if not found:
            return
        self._known.update(found)
        for path, reason in found.items():
            runner.logger.warning(f'replaced a video that cannot be read: {path}: {reason}')
        self._write(runner)
        num_videos = len(runner.train_dataloader.dataset)
        if len(self._known) > self.max_share * num_videos:
            raise TooManyBadVideosError(
                f'{len(self._known)} of {num_videos} videos cannot be read, more than the share '
                f'of {self.max_share:g} that `BadVideoHook` allows; see {self._path(runner)}. To '
                "allow more: `default_hooks = dict(bad_videos=dict(type='BadVideoHook', "
                'max_share=...))`'
            )

    def _read(self, runner: Runner) -> dict[str, str]:
        """Read the list; a line that is damaged costs no more than itself."""
        path, known = self._path(runner), {}
        lines = path.read_bytes().split(b'\n') if path.is_file() else [b'']
        for number, line in enumerate(lines, start=1):
            try:
                name, reason = line.decode().split('\t')
                known[name] = reason
            except ValueError:
                if line:
                    runner.logger.warning(f'skipping a damaged line: {path}:{number}')
        return known

    @master_only
    def _write(self, runner: Runner) -> None:
        lines = [f'{path}\t{reason}\n' for path, reason in self._known.items()]
        with whole_file(self._path(runner)) as unfinished:
            unfinished.write_text(''.join(lines), encoding='utf-8')

    def _path(self, runner: Runner) -> Path:
        return Path(runner.work_dir) / self.filename
