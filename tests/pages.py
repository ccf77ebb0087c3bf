"""The commands and code of a page of the documentation, run on small videos, in a short form.

Each page runs in a folder of its own, in which the names that pages use are files: `CHECKPOINT`,
`path/to/videos` and so on. What a page needs from another one comes from :data:`BEFORE`.
"""

import csv
import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

import torch
from mmengine.config import Config

from tests.conftest import REPO
from tests.evaluating import write_labelled_videos
from tests.tools import run_tool
from vsslbox.apis.command import COMMANDS
from vsslbox.config import TOP_LEVEL, replace_values
from vsslbox.registry import MODELS

__all__ = ['Walk', 'blocks_of', 'is_excused', 'make_world', 'pieces_of']

BLOCK = re.compile(r'^([ ]*)```(\w+)\n(.*?)^[ ]*```', re.MULTILINE | re.DOTALL)
# A block that is a file says so in its first line.
NAMED = re.compile(r'# (\S+\.py)\n')
SHELL = ('shell', 'bash', 'console', 'sh')
VCLR = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'
# Workers start as those of a script do by default, although a server started its process.
FORK = 'import multiprocessing\nmultiprocessing.set_start_method("fork", force=True)\n'
PLUGIN = REPO / 'projects' / 'example_plugin'
CVRL = 'configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py'

# Words of the pages that cannot be the names of files, or that stand for several things.
WORDS = {
    r'\bCONFIG_B\b|\bOTHER\b': 'configs/demo/pace_r3d18w16_1xb32-8f-64px.py',
    r'--config CONFIG\b': '--config configs/demo/retrieval_r3d18w16_8x3-64px.py',
    r'(?<!\$)\bCONFIG(_A)?\b(?!=)': CVRL,
    r'(retrieval_r18w16_64px\.py) CHECKPOINT': r'\1 VCLR.pth',
    r'CHECKPOINT( --config \S+retrieval_r18w16_64px\.py)': r'VCLR.pth\1',
    r'CHECKPOINT( .*mmaction-tsn)': r'WIDE.pth\1',
    r'\bQUERY\b': 'path/to/video.mp4',
    r'\bNAME=': 'ours=',
    r'splits/\*\.csv': 'splits/unseen_cameras.csv',
    r' \.\.\. ': ' ',
    # The short form of a training is one epoch, and that of shards one file.
    r'epoch_\d+\.pth': 'epoch_1.pth',
    r'\{000000\.\.000015\}': '000000',
}
# Random weights, each with its config.
_CHECKPOINTS = dict.fromkeys(['CHECKPOINT', 'run0.pth', 'run1.pth', 'run2.pth'], CVRL)
_CHECKPOINTS |= {'VCLR.pth': VCLR, 'WIDE.pth': VCLR}
WIDE = {'model.backbone.base_channels': 64, 'model.neck.in_channels': 512}
_TRAINED = 'vsslbox pretrain CONFIG --data-root path/to/videos --work-dir work_dirs/'
_FINETUNED = 'vsslbox finetune CHECKPOINT --data-root path/to/videos --labels action'
# What the commands of a page find there, although another page makes it.
BEFORE = {
    'docs/leaderboard.md': [
        'python tools/data/make_demo_videos.py data/small',
        f'{_TRAINED}a',
    ],
    'docs/monitoring.md': [f'{_TRAINED}a --knn-every 1', f'{_TRAINED}b --seed 1 --knn-every 1'],
    'docs/visualization.md': [
        f'{_FINETUNED} --work-dir work_dirs/a',
        f'{_TRAINED}b',
        _FINETUNED,
    ],
    'docs/weights.md': [f'{_TRAINED}vclr'],
}
# The names that the Python code of a page uses, although it does not make them.
GIVEN = {
    'docs/extending.md': 'from vsslbox.evaluation.features import FeatureSet\n',
    'docs/search.md': """
from pathlib import Path
train_files = test_files = sorted(map(str, Path('path/to/videos').glob('*.mp4')))
""",
}
# The configs that the Python code of a page changes; the others change CVRL's.
BASES = {
    'README.md': VCLR,
    'docs/evaluation.md': 'configs/demo/retrieval_r18w16_64px.py',
}
_TRAIN = ['train_dataloader.batch_size=4', 'train_dataloader.num_workers=0']
_TRAIN += ['train_dataloader.persistent_workers=False', 'log_level=WARNING']
_PLACES = ['test_dataloader', 'test_cfg.gallery_dataloader']
_EVALUATE = [f'{place}.{value}' for place in _PLACES for value in ('num_workers=0', 'batch_size=8')]
# The options that shorten a tool, after those of the page.
SHORT = {
    'train.py': ['--epochs', '1', '--cfg-options', *_TRAIN],
    'finetune.py': ['--epochs', '1'],
    'predict.py': ['--workers', '0'],
    'evaluate.py': ['--random-seeds', '1', '--cfg-options', *_EVALUATE],
    'extract_features.py': ['--cfg-options', *_EVALUATE],
    'embed.py': ['--workers', '0'],
    'data/find_shots.py': ['--trim', '0', '--min-length', '0.1'],
    # Of 36 videos that train, some share both labels, as the attentive probe needs.
    'data/make_demo_videos.py': ['--videos', '48', '--frames', '24', '--workers', '1'],
    'data/make_demo_detections.py': ['--videos', '4'],
    'data/activitynet/make_demo_features.py': ['--videos', '20'],
    'data/make_motion_videos.py': ['--videos', '120', '--size', '32'],
}
# Options of a page that a short form needs in another way.
CHANGED = {'--knn-every': '1', '--folds': '2', '--repeats': '1', '--seeds': '0,1'}


def blocks_of(page: str) -> list[tuple[str, str]]:
    """Return the blocks of a page that are commands or code: their languages and texts."""
    found = BLOCK.findall((REPO / page).read_text(encoding='utf-8'))
    return [
        ('shell' if language in SHELL else language, text)
        for _, language, text in found
        if language == 'python' or language in SHELL
    ]


def commands_of(block: str) -> list[list[str]]:
    """Return the commands of a shell block as words; what stands in ``[--...]`` is given."""
    block, commands = _replaced(block), []
    for line in block.replace('\\\n', ' ').splitlines():
        words = shlex.split(re.sub(r'\[(--[^\]]*)\]', r'\1', line), comments=True)
        while '&&' in words:
            commands.append(words[: words.index('&&')])
            words = words[words.index('&&') + 1 :]
        commands.append(words)
    return [words for words in commands if words]


def _replaced(text: str) -> str:
    for pattern, value in WORDS.items():
        text = re.sub(pattern, value, text)
    return text


def pieces_of(page: str) -> list[str]:
    """Return what a page has to run: its commands, and its Python blocks."""
    pieces = []
    for language, text in blocks_of(page):
        is_shell = language == 'shell'
        pieces += [' '.join(words) for words in commands_of(text)] if is_shell else [text]
    return pieces


def is_excused(piece: str, excused: Iterable[str]) -> bool:
    """Return whether a command or the text of a block matches one of the exceptions."""
    return any(re.search(pattern, piece) for pattern in excused)


def make_world(folder: Path) -> None:
    """Write the files that pages name: videos with labels, lists, a checkpoint and the tools."""
    for name in ('configs', 'tools', 'projects', 'requirements', 'tests'):
        (folder / name).symlink_to(REPO / name)
    videos = folder / 'path/to/videos'
    videos.mkdir(parents=True)
    write_labelled_videos(videos, num_test=4, num_train=8)
    _add_columns(videos / 'videos.csv')
    for copy in ('path/to/labelled', 'clips', 'another/folder'):
        shutil.copytree(videos, folder / copy)
    for copy in (
        'path/to/video.mp4',
        'video.mp4',
        'another.mp4',
        'more.avi',
        'VIDEO',
        'VIDEOS/01.mp4',
    ):
        (folder / copy).parent.mkdir(exist_ok=True)
        shutil.copy(videos / '01.mp4', folder / copy)
    text = (videos / 'videos.csv').read_text().replace('\n', '\npath/to/videos/')
    for name in ('videos.csv', 'train.csv', 'test.csv'):
        (folder / name).write_text(text.removesuffix('path/to/videos/'))
    (folder / 'BOXES.csv').write_text('frame,track,left,top,right,bottom\n0,0,8,8,48,48\n')
    for name, config in _CHECKPOINTS.items():
        cfg = Config.fromfile(REPO / config)
        if name == 'WIDE.pth':  # as wide as mmaction2's
            replace_values(cfg, WIDE)
        state = MODELS.build(cfg.model).state_dict()
        torch.save(dict(state_dict=state, meta=dict(cfg=cfg.pretty_text)), folder / name)
    data = folder / 'data'
    run_tool('data/make_demo_videos.py', data / 'demo', *SHORT['data/make_demo_videos.py'])
    shutil.copytree(videos, data, dirs_exist_ok=True)


def _add_columns(path: Path) -> None:
    """Add the columns that pages predict and group by."""
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row['action'] = row['label'] = ['run', 'jump'][number % 2]
        row['scene'] = row['scene_group'] = f'place {number}'
    with open(path, 'w', newline='') as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


class Walk:
    """Runs the blocks of a page from the first to the last, as a reader does.

    Args:
        page: The page.
        folder: Its folder, made by :func:`make_world`.
        excused: Patterns of commands and of blocks that are left out.
    """

    def __init__(self, page: str, folder: Path, excused: Iterable[str]) -> None:
        self.page, self.folder, self.excused = page, folder, excused
        self.environ, self.code = {'PWD': str(folder)}, GIVEN.get(page, '')

    def run(self) -> None:
        """Run all blocks.

        Raises:
            AssertionError: One fails, or this does not know how to run it.
        """
        blocks = blocks_of(self.page)
        for _, text in blocks:
            self._write(text)
        for command in BEFORE.get(self.page, ()):
            self._command(*commands_of(command))
        for language, text in blocks:
            if language == 'shell':
                for words in commands_of(text):
                    if not is_excused(' '.join(words), self.excused):
                        self._command(words)
            elif not (NAMED.match(text) or is_excused(text, self.excused)):
                self._python(text)

    def _write(self, text: str) -> None:
        """Write a block that is a file under its name."""
        if named := NAMED.match(text):
            path = self.folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def _python(self, text: str) -> None:
        """Check a config, or run code after the code before it."""
        if _is_config(text):
            path = self.folder / 'child_config.py'
            base = self.folder / BASES.get(self.page, CVRL)
            has_base = text.startswith('_base_')
            path.write_text(text if has_base else f'_base_ = {str(base)!r}\n{text}')
            self._script(
                'from mmengine.config import Config\n'
                'from vsslbox.config import check_config\n'
                f'check_config(Config.fromfile({str(path)!r}))\n'
            )
        else:
            self.code += _replaced(text)
            self._script(self.code)

    def _script(self, code: str) -> None:
        path = self.folder / 'code_of_page.py'
        path.write_text(FORK + code)
        self._tool(path, [])

    def _command(self, words: list[str]) -> None:
        """Run a command in its short form."""
        while words and (match := re.fullmatch(r'(\w+)=(.*)', words[0], re.DOTALL)):
            self.environ[match[1]] = match[2]
            words = words[1:]
        words = [re.sub(r'\$(\w+)', lambda name: self.environ[name[1]], word) for word in words]
        if not words:
            return
        if words[0] == 'vsslbox':
            self._tool(COMMANDS[words[1]], words[2:])
        elif words[0] == 'python' and words[1].startswith('tools/'):
            self._tool(words[1].removeprefix('tools/'), words[2:])
        else:
            raise AssertionError(f'{self.page}: neither run nor excused: {" ".join(words)}')

    def _tool(self, tool: str | Path, words: list[str]) -> None:
        short = SHORT.get(str(tool), [])
        changed = [(option, CHANGED[option]) for option in words if option in CHANGED]
        words = [*words, *short, *(word for pair in changed for word in pair)]
        done = run_tool(tool, *words, cwd=self.folder, paths=[self.folder, PLUGIN], **self.environ)
        shown = ' '.join(map(str, [tool, *words]))
        assert done.returncode == 0, f'{self.page}: {shown}\n{done.stdout}\n{done.stderr}'


def _is_config(text: str) -> bool:
    """Whether code is that of a config: it only sets names that the engine reads."""
    names = set(re.findall(r'^(\w+) = ', text, re.MULTILINE))
    starts = set(re.findall(r'^[^\s)\]#]+', text, re.MULTILINE))
    return bool(names) and starts == names and names <= TOP_LEVEL | {'_base_'}
