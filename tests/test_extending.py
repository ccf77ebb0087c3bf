"""docs/extending.md: its package, written to a folder as it stands there, works from outside."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPO
from tests.evaluating import CONFIG, TINY, save_tiny_checkpoint, write_labelled_videos
from tests.tools import run_tool

pytestmark = pytest.mark.slow

PAGE = (REPO / 'docs' / 'extending.md').read_text(encoding='utf-8')
FILES = dict(re.findall(r'```python\n# (my_videos/\S+\.py)\n(.*?)```', PAGE, re.DOTALL))
SECTIONS = {
    'a loss': ['cosine_loss.py'],
    'a backbone': ['small_net.py'],
    'a method': ['two_view_byol.py', 'configs/byol_smallnet.py'],
    'an augmentation': ['random_gamma.py'],
    'a data set': ['json_lines_dataset.py'],
    'a protocol': ['precision_metric.py'],
}
SMALL = ['train_cfg.max_epochs=2', 'train_dataloader.num_workers=0', 'log_level=INFO']


def num_code_lines(text: str) -> int:
    """Lines of code without comments, docstrings and blank lines."""
    text = re.sub(r'""".*?"""', '', text, flags=re.DOTALL)
    return sum(1 for line in text.splitlines() if line.strip() and line.strip()[0] != '#')


@pytest.fixture(scope='module')
def package(tmp_path_factory) -> Path:
    """The folder that holds the package of the page."""
    folder = tmp_path_factory.mktemp('extending')
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    return folder


def run(package: Path, tool: str | Path, *arguments: object) -> subprocess.CompletedProcess:
    """Call a tool as a user of the package would."""
    return run_tool(tool, *arguments, paths=[package])


def run_snippet(package: Path, code: str) -> list:
    """Run code with the package at hand, and return the JSON that it prints."""
    (package / 'snippet.py').write_text(code, encoding='utf-8')
    result = run(package, package / 'snippet.py')
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_the_table_counts_the_files_and_lines_of_each_example():
    counts = {}
    for name, files in SECTIONS.items():
        lines = [num_code_lines(FILES[f'my_videos/{file}']) for file in files]
        counts[name] = ' + '.join(map(str, lines))
    rows = re.findall(r'^\| \[(.+?)\]\(#\S+\) \| (\d)[^|]* \| ([\d +]+?) \|', PAGE, re.MULTILINE)
    shown = {re.sub(' like .*', '', name): lines for name, _, lines in rows}
    assert shown == counts
    assert {re.sub(' like .*', '', name): int(files) for name, files, _ in rows} == {
        name: len(files) for name, files in SECTIONS.items()
    }
    assert sum(len(files) for files in SECTIONS.values()) == len(FILES)


def test_all_parts_train_together_and_the_average_follows(package, video_folder):
    listed = [dict(path=path.name, city='Rome') for path in sorted(video_folder.glob('*.mp4'))]
    (video_folder / 'videos.jsonl').write_text('\n'.join(map(json.dumps, listed)))
    config, work_dir = package / 'my_videos/configs/byol_smallnet.py', package / 'byol'
    where = ['--data-root', video_folder, '--work-dir', work_dir]
    result = run(package, 'train.py', config, *where, '--cfg-options', *SMALL)
    assert result.returncode == 0, result.stderr
    log = next(work_dir.glob('*/vis_data/scalars.json')).read_text()
    rows = map(json.loads, log.splitlines())
    losses = [row['loss_byol'] for row in rows if 'loss' in row]
    assert losses and all(0 < loss < 8 for loss in losses)

    weights = run_snippet(
        package,
        f"""
import json, torch, vsslbox
from mmengine.config import Config
from tests.tools import run_tool
from vsslbox.checkpoints import load_checkpoint
from vsslbox.registry import MODELS
cfg = Config.fromfile({str(config)!r})
torch.manual_seed(0)
state = load_checkpoint({str(work_dir / 'epoch_2.pth')!r})['state_dict']
name = 'backbone.layers.0.weight'
print(json.dumps([state[name].flatten().tolist(), state['momentum_' + name].flatten().tolist()]))
""",
    )
    online, average = map(np.array, weights)
    distance = np.abs(online - average).max()
    assert 0 < distance < np.abs(online).max()


def test_a_broken_list_names_the_line(package, video_folder, tmp_path):
    (tmp_path / 'videos.jsonl').write_text('{"path": "a.mp4"}\n{"file": "b.mp4"}\n')
    config = package / 'my_videos/configs/byol_smallnet.py'
    result = run(package, 'train.py', config, '--data-root', tmp_path, '--work-dir', tmp_path)
    assert result.returncode == 1
    assert 'videos.jsonl:2: has no "path"' in result.stderr
    assert 'Traceback' not in result.stderr


def test_both_forms_of_the_augmentation_agree(package):
    worst, changed = run_snippet(
        package,
        """
import json, numpy as np, torch, vsslbox
from my_videos.random_gamma import RandomGamma
rng = np.random.default_rng(0)
frames = [rng.integers(0, 256, (9, 7, 3), dtype=np.uint8) for _ in range(8)]
transform = RandomGamma(consistent=False)
drawn = transform.draw(rng, len(frames), frames)
by_frame = np.stack(transform.apply(frames, drawn)).astype(np.float64)
clip = torch.tensor(np.stack(frames)).permute(3, 0, 1, 2)[None]
params = {name: torch.tensor(rows, dtype=torch.float32)[None] for name, rows in drawn.items()}
batched = RandomGamma.apply_batch(clip, params)[0].permute(1, 2, 3, 0).numpy()
print(json.dumps([np.abs(by_frame - batched).max(), np.abs(by_frame - np.stack(frames)).max()]))
""",
    )
    assert worst <= 0.501  # the frame form rounds to uint8
    assert changed > 10


def test_the_protocol_appears_in_the_report_card(package, tmp_path):
    folder = tmp_path / 'videos'
    folder.mkdir()
    write_labelled_videos(folder)
    checkpoint = save_tiny_checkpoint(tmp_path / 'tiny.pth')
    out = tmp_path / 'report'
    options = [*TINY, 'custom_imports.imports=[my_videos.precision_metric]']
    result = run(
        package,
        'evaluate.py',
        checkpoint,
        *('--config', CONFIG, '--data-root', folder, '--work-dir', out),
        *('--protocols', 'precision', 'knn', '--cfg-options', *options),
    )
    assert result.returncode == 0, result.stderr
    metrics = json.loads((out / 'report.json').read_text())['runs']['checkpoint']['metrics']
    assert 0 <= metrics['precision/appearance/P@5'] <= 100
    assert 'knn/appearance/top1' in metrics
    assert 'precision/appearance/P@5' in result.stdout
