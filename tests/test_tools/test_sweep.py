"""Every combination is trained once, in a folder of its own, and reported in one table."""

import csv
import json

import pytest

from tests.conftest import REPO
from tests.tools import imported_tool, run_main, run_tool
from vsslbox.errors import InputError

CONFIG = 'configs/demo/vclr_r18w16_1xb32-3seg-64px.py'
STEM = 'vclr_r18w16_1xb32-3seg-64px'
SMALL = [
    'train_dataloader.batch_size=4',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'train_cfg.max_epochs=1',
]
LR, DECAY = 'optim_wrapper.optimizer.lr', 'optim_wrapper.optimizer.weight_decay'


@pytest.fixture
def sweep():
    with imported_tool('sweep.py') as tool:
        yield tool


@pytest.fixture
def trainings(sweep, monkeypatch):
    """Replace the training by one that logs its learning rate as its loss; record the commands."""
    commands = []

    def train(command):
        commands.append(command)
        values = dict(
            option.split('=', 1) for option in command[command.index('--cfg-options') :][1:]
        )
        if values[LR] == '0.2' and len(commands) <= 4:
            return 1
        folder = command[command.index('--work-dir') + 1]
        log = sweep.Path(folder) / '20260101_000000' / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        lines = [
            dict(lr=1.0, loss=9.0, loss_inter=9.0, iter=1, step=1),
            {'acc/top1': 0.1, 'data_time': 1.0, 'step': 1},
            dict(lr=0.5, loss=float(values[LR]), loss_inter=2.0, grad_norm=3.0, iter=2, step=2),
            {'acc/top1': float(values[DECAY]), 'time': 1.0, 'step': 2},
        ]
        log.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))
        return 0

    monkeypatch.setattr(sweep, 'train', train)
    return commands


def table(work_dir):
    with open(work_dir / 'sweep.csv', newline='') as file:
        return list(csv.reader(file))


def test_all_combinations_are_trained_and_finished_ones_skipped(
    sweep, trainings, monkeypatch, tmp_path
):
    grid = (f'{LR}=0.1,0.2', f'{DECAY}=0,0.5')
    arguments = (CONFIG, *grid, '--work-dir', tmp_path, '--seed', 3)
    with pytest.raises(InputError, match='2 of 4 trainings failed'):
        run_main(sweep, monkeypatch, *arguments)
    assert [command[1:4] for command in trainings] == [
        [str(REPO / 'tools/train.py'), CONFIG, '--work-dir']
    ] * 4
    assert all(command[5:8] == ['--resume', '--seed', '3'] for command in trainings)
    header = [LR, DECAY, 'loss', 'loss_inter', 'acc/top1']
    first = [['0.1', '0', '0.1', '2.0', '0.0'], ['0.1', '0.5', '0.1', '2.0', '0.5']]
    failed = [['0.2', decay, 'failed', 'failed', 'failed'] for decay in ('0', '0.5')]
    assert table(tmp_path) == [header, *first, *failed]
    assert (tmp_path / STEM / 'lr=0.1,weight_decay=0.5' / 'sweep_result.json').is_file()

    assert run_main(sweep, monkeypatch, *arguments) == 0
    assert len(trainings) == 6  # only the failed ones again
    again = [['0.2', '0', '0.2', '2.0', '0.0'], ['0.2', '0.5', '0.2', '2.0', '0.5']]
    assert table(tmp_path) == [header, *first, *again]

    assert run_main(sweep, monkeypatch, CONFIG, f'{LR}=0.1,0.4', grid[1], *arguments[3:]) == 0
    assert len(trainings) == 8  # and the new ones
    with pytest.raises(InputError, match=r'was made with .* choose another folder'):
        run_main(sweep, monkeypatch, *arguments[:-1], 4)


def test_configs_and_seeds_are_evaluated_beside_random_starts(sweep, monkeypatch, tmp_path, capsys):
    """The values of each training are its seed plus that of its config; random starts are 1, 3."""
    commands = []

    def run(command):
        commands.append(command)
        folder = sweep.Path(command[command.index('--work-dir') + 1])
        if command[1].endswith('train.py'):
            log = folder / '20260101_000000' / 'vis_data' / 'scalars.json'
            log.parent.mkdir(parents=True)
            log.write_text('{"loss": 0.5, "loss_contrast": 0.5, "iter": 2, "step": 2}\n')
            (folder / 'epoch_1.pth').touch()
            return 0
        seed = int(folder.parent.name.removeprefix('seed'))
        accuracy = 10.0 * (1 + seed) + (50 if 'cvrl' in str(folder) else 0)
        starts = int(command[command.index('--random-seeds') + 1])
        runs = {f'random{n}': dict(metrics={'knn/action/top1': 1.0 + 2 * n}) for n in range(starts)}
        runs['checkpoint'] = dict(metrics={'knn/action/top1': accuracy})
        folder.mkdir()
        (folder / 'report.json').write_text(json.dumps(dict(runs=runs)))
        return 0

    monkeypatch.setattr(sweep, 'train', run)
    other = 'configs/demo/cvrl_r3d18w16_1xb32-8x3-64px.py'
    arguments = (CONFIG, other, '--seeds', '0,1,2', '--work-dir', tmp_path, '--labels', 'action')
    arguments += ('--labelled-root', 'videos', '--random-seeds', 2, '--protocols', 'knn')
    assert run_main(sweep, monkeypatch, *arguments) == 0
    trained, evaluated = commands[::2], commands[1::2]
    assert [command[-2:] for command in trained] == [['--seed', seed] for seed in '012'] * 2
    assert all(command[1].endswith('evaluate.py') for command in evaluated)
    assert all('--labels action --protocols knn' in ' '.join(command) for command in evaluated)
    starts = [command[command.index('--random-seeds') + 1] for command in evaluated]
    assert starts == ['2', '0', '0'] * 2

    knn = 'knn/action/top1'
    header, *rows = table(tmp_path)
    assert header[:2] == ['config', 'seeds']
    assert header[-4:] == [knn, f'{knn} low', f'{knn} high', f'{knn} random']
    half = 4.302652729911275 * 10 / 3**0.5  # Student's t for two degrees of freedom
    for row, mean in zip(rows, (20, 70), strict=True):
        assert row[1] == '3'
        values = [float(cell) for cell in row[-4:]]
        assert values == pytest.approx([mean, mean - half, mean + half, 2])
    printed = capsys.readouterr().out
    assert '20 [-4.841, 44.84]' in printed
    assert 'loss_contrast' not in printed

    assert run_main(sweep, monkeypatch, *arguments) == 0
    assert len(commands) == 12  # nothing again


def test_a_seed_of_the_training_has_no_place_beside_seeds(sweep, monkeypatch, capsys):
    assert run_main(sweep, monkeypatch, CONFIG, '--seeds', '0,1', '--seed', '3') == 2
    assert '--seed has no place in a sweep' in capsys.readouterr().err


def test_configs_of_one_name_are_refused(sweep, trainings, monkeypatch, tmp_path):
    with pytest.raises(InputError, match='two configs have the same name'):
        run_main(sweep, monkeypatch, CONFIG, CONFIG, f'{LR}=0.1', '--work-dir', tmp_path)
    assert not trainings


def test_values_may_hold_commas(sweep):
    grid = sweep.parse_grid(['model.loss.layers=[5,8],[8]', 'a.b=1e-3, (2,3),x'])
    assert grid == {'model.loss.layers': ['[5,8]', '[8]'], 'a.b': ['1e-3', '(2,3)', 'x']}


def test_folders_have_short_distinct_names(sweep):
    assert sweep.folder_name({'a.lr': '0.1', 'b.decay': '[1,2]'}) == 'lr=0.1,decay=[1,2]'
    assert sweep.folder_name({'a.lr': '1', 'b.lr': '2'}) == 'a.lr=1,b.lr=2'
    assert sweep.folder_name({'a.path': 'x/y'}) == 'path=x%2Fy'


@pytest.mark.parametrize('argument', ['lr', 'lr=', '=1', 'lr=1,,2', 'lr=1,1'])
def test_malformed_values_are_refused(sweep, argument):
    with pytest.raises(InputError, match=r'is not KEY=V1,V2|repeats a key or a value'):
        sweep.parse_grid([argument])


def test_a_wrong_key_is_refused_before_any_training(sweep, trainings, monkeypatch, tmp_path):
    arguments = (CONFIG, f'{LR}=0.1', 'optim_wrapper.optimizer.lrr=1,2', '--work-dir', tmp_path)
    with pytest.raises(InputError, match='lrr'):
        run_main(sweep, monkeypatch, *arguments)
    assert not trainings
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_real_sweep(video_folder, tmp_path):
    command = ['sweep.py', CONFIG, f'{LR}=0.01,0', '--work-dir', tmp_path]
    command += ['--data-root', video_folder, '--cfg-options', *SMALL]
    found = []
    for _ in range(2):
        result = run_tool(*command)
        assert result.returncode == 0, result.stderr
        found.append((result.stdout, table(tmp_path)))
    (first, rows), (second, again) = found
    assert [row[0] for row in rows] == [LR, '0.01', '0']
    losses = [float(row[rows[0].index('loss')]) for row in rows[1:]]
    assert all(0 < loss < 100 for loss in losses)
    assert losses[0] != losses[1]
    assert rows == again
    assert first.count(f'=== {STEM}/lr=') == 2
    assert '===' not in second
    assert (tmp_path / STEM / 'lr=0.01' / 'epoch_1.pth').is_file()
