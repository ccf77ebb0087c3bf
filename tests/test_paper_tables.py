"""Every row of the papers' tables can be rerun by a command, or says why not."""

import argparse
import functools
from pathlib import Path

import pytest
import yaml

from tests.tools import imported_tool, run_main
from vsslbox.apis.paper_tables import PaperRow, read_paper_tables, start_variables
from vsslbox.errors import InputError

REPO = Path(__file__).resolve().parents[1]
METAFILES = {path.parent.name: path for path in sorted(REPO.glob('configs/*/metafile.yml'))}
ROWS = {
    f'{paper} {table.number} {index}': row
    for paper, path in METAFILES.items()
    for table in read_paper_tables(path)
    for index, row in enumerate(table.rows, 1)
}
VCLR = 'configs/vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py'
SVM = 'configs/vclr/benchmarks/svm_r50_kinetics400.py'
TSN = 'configs/vclr/benchmarks/tsn_r50_8xb32-3seg-300e_ucf101.py'
SINGLE = 'configs/vie/vie-single_r18_1xb128-1-734e_kinetics400.py'
SLOW = 'configs/vie/vie-slow_r18_1xb64-4x16-384e_kinetics400.py'
TWO_STREAM = 'configs/vie/benchmarks/readout_twostream-s_r18_1xb128-4x16-145e_kinetics400.py'


@pytest.fixture
def rerun():
    with imported_tool('rerun.py') as tool:
        yield tool


def commands(rerun, capsys, row: PaperRow, gpus: int | None = None) -> list[str]:
    """Return what a row would run, in a few words."""
    args = argparse.Namespace(gpus=gpus, dry_run=True, work_dirs=Path('W'))
    rerun.Steps(args).run(row)
    return [line[2:] for line in capsys.readouterr().out.splitlines() if line.startswith('$ ')]


@pytest.mark.parametrize('paper', ['cvrl', 'vclr', 'vdim', 'vie'])
def test_each_paper_has_its_tables(paper):
    assert sum(row_id.startswith(f'{paper} ') for row_id in ROWS) > 5


def test_the_page_is_up_to_date():
    """After a change of a metafile run tools/analysis/make_papers.py."""
    with imported_tool('analysis/make_papers.py') as tool:
        assert (REPO / 'docs' / 'papers.md').read_text('utf-8') == tool.make_page(METAFILES)


@pytest.mark.parametrize('row_id', ROWS)
def test_a_row_names_existing_files(row_id):
    row = ROWS[row_id]
    named = [*row.pretrain.values(), row.evaluate, row.guide]
    files = [name for name in named if name and '://' not in name]
    assert [name for name in files if not (REPO / name).is_file()] == []


@pytest.mark.slow
def test_every_weight_of_a_row_is_read(rerun):
    """Whether start weights have a name that the configs after them do not read."""
    variables = functools.cache(lambda config: start_variables(REPO / config))
    is_trained = functools.cache(lambda config: 'train_cfg' in rerun.Config.fromfile(REPO / config))
    unread = []
    for row_id, row in ROWS.items():
        if row.evaluate is None or row.guide:
            continue
        after = [row.evaluate, *(s for s in row.pretrain.values() if s.endswith('.py'))]
        read = {name for config in after for name in variables(config)}
        unread += [row_id for variable in row.pretrain if variable and variable not in read]
        if '' in row.pretrain and is_trained(row.evaluate) and not variables(row.evaluate):
            unread.append(row_id)
    assert unread == []


def test_pretraining_is_followed_by_a_test(rerun, capsys):
    row = PaperRow('VCLR', pretrain={'': VCLR}, evaluate=SVM)
    stem = Path(VCLR).stem
    assert commands(rerun, capsys, row, gpus=2) == [
        f'bash tools/dist_train.sh {VCLR} 2 --work-dir W/{stem} --resume',
        f'bash tools/dist_test.sh {SVM} W/{stem}/LAST.pth 2 '
        f'--work-dir W/svm_r50_kinetics400_from_{stem}',
    ]


def test_start_weights_reach_a_training(rerun, capsys):
    row = PaperRow('VCLR', pretrain={'': 'zoo://vclr_r50_k400'}, evaluate=TSN)
    work_dir = f'W/{Path(TSN).stem}_from_vclr_r50_k400'
    where, start = f'--work-dir {work_dir}', 'VSSLBOX_VCLR=zoo://vclr_r50_k400'
    assert commands(rerun, capsys, row) == [
        f'{start} bash tools/dist_train.sh {TSN} 8 {where} --resume',
        f'{start} bash tools/dist_test.sh {TSN} {work_dir}/LAST.pth 8 {where}',
    ]


def test_two_pretrainings_have_a_variable_each(rerun, capsys):
    pretrain = dict(VSSLBOX_VIE_SINGLE=SINGLE, VSSLBOX_VIE_DYNAMIC=SLOW)
    single, slow, train, test = commands(rerun, capsys, PaperRow('S', {}, pretrain, TWO_STREAM))
    assert f'{SINGLE} 1 ' in single and f'{SLOW} 1 ' in slow
    for command in (train, test):
        assert f'VSSLBOX_VIE_SINGLE=W/{Path(SINGLE).stem}/LAST.pth' in command
        assert f'VSSLBOX_VIE_DYNAMIC=W/{Path(SLOW).stem}/LAST.pth' in command


def test_a_test_without_pretraining_is_one_of_random_initialisation(rerun, capsys):
    (command,) = commands(rerun, capsys, PaperRow('random', evaluate=SVM))
    assert f'{SVM} --random-init 8' in command


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(Row='a'), 'needs Pretrain or Evaluate, or else'),
        (
            dict(Row='a', Evaluate='b.py', Reason='c'),
            'needs Pretrain or Evaluate, or else a Reason',
        ),
        (dict(Row='a', Evaluat='b.py'), r"unknown keys \['Evaluat'\]"),
    ],
)
def test_an_incomplete_row_is_refused(tmp_path, content, message):
    metafile = tmp_path / 'metafile.yml'
    metafile.write_text(yaml.safe_dump(dict(Tables=[dict(Table=1, Caption='c', Rows=[content])])))
    with pytest.raises(InputError, match=message):
        read_paper_tables(metafile)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['vcrl', '1', '1'], 'has no table 1: it has no tables'),
        (['vclr', '99', '1'], 'has no table 99: it has 1'),
        (['vclr', '1', '99'], 'has rows 1 to'),
    ],
)
def test_a_wrong_row_is_named(rerun, monkeypatch, words, message):
    with pytest.raises(InputError, match=message):
        run_main(rerun, monkeypatch, *words)
