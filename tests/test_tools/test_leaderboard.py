"""The leaderboard: numbers of single report cards, kept when it is killed; failures are rows."""

import json
import multiprocessing
import os
import re
import signal
from unittest.mock import patch

import pytest
import torch

from tests.evaluating import CONFIG, TINY, call, save_tiny_checkpoint, write_labelled_videos
from vsslbox.apis.leaderboard_entries import Entry, parse_entries
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureStore

FILES = ('leaderboard.json', 'leaderboard.md', 'leaderboard.html')


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=6, num_train=8)
    for seed in range(1, 4):
        save_tiny_checkpoint(folder / f'run{seed}.pth', seed=seed)
    (folder / 'torn.pth').write_bytes((folder / 'run1.pth').read_bytes()[:1000])
    return folder


def run(videos, out, *arguments, tool='leaderboard.py', options=TINY):
    call(
        tool, *arguments, '--config', CONFIG, '--data-root', videos, '--work-dir', out,
        '--protocols', 'knn', 'retrieval', 'low_shot', '--settings', 'low_shot.draws=4',
        '--labels', 'appearance', 'motion', options=options,
    )  # fmt: skip


def entries_of(videos):
    runs = ','.join(f'{videos}/run{seed}.pth' for seed in (1, 2))
    return f'ours={runs}', videos / 'run3.pth', '--random-seeds', 2


@pytest.fixture(scope='module')
def board(videos, tmp_path_factory):
    out = tmp_path_factory.mktemp('board')
    run(videos, out, *entries_of(videos))
    return out


@pytest.fixture(scope='module')
def contents(board):
    return json.loads((board / 'leaderboard.json').read_text())


@pytest.mark.slow
def test_numbers_equal_those_of_report_cards(videos, contents, tmp_path):
    run(
        videos, tmp_path, videos / 'run3.pth', '--random-seeds', 2, '--no-duplicates',
        tool='evaluate.py',
    )  # fmt: skip
    card = json.loads((tmp_path / 'report.json').read_text())
    own = {entry['name']: entry for entry in contents['entries']}
    assert list(own) == [
        'ours', 'run3', 'random initialisation of ours', 'colour', 'motion'
    ]  # fmt: skip
    expected = card['runs']
    random = own['random initialisation of ours']['runs']
    assert own['run3']['runs'][0]['values'] == expected['checkpoint']['metrics']
    assert [one['values'] for one in random] == [
        expected[f'random{number}']['metrics'] for number in (0, 1)
    ]
    assert [one['seed'] for one in random] == [0, 1]
    for kind in ('colour', 'motion'):
        assert own[kind]['runs'][0]['values'] == expected[kind]['metrics']
    checkpoint = expected['checkpoint']
    assert own['run3']['runs'][0]['checkpoint_sha256'] == checkpoint['checkpoint_sha256']
    for role in ('queries', 'gallery'):
        assert contents[role] == checkpoint[role]
    figures = {figure['name']: figure for figure in card['figures']}
    assert 'low_shot/motion/1_per_class' in figures  # whose interval is of draws too
    for figure in contents['figures']:
        shown = figure['methods']['run3']
        assert shown['value'] == pytest.approx(figures[figure['name']]['value'])
        assert shown['over_queries'] == pytest.approx(figures[figure['name']]['interval'])
        assert figure['chance'] == figures[figure['name']]['chance']


def test_runs_of_a_name_are_averaged(contents):
    (ours,) = [entry for entry in contents['entries'] if entry['name'] == 'ours']
    assert len({one['weights_sha256'] for one in ours['runs']}) == 2
    for figure in contents['figures']:
        values = [one['values'][figure['name']] for one in ours['runs']]
        own = figure['methods']['ours']
        assert own['runs'] == values and own['value'] == pytest.approx(sum(values) / 2)
        low, high = own['over_runs']
        assert (low + high) / 2 == pytest.approx(own['value'])
        assert figure['methods']['run3']['over_runs'] is None
    assert len(contents['figures'][0]['pairs']) == 10


def test_all_files_show_the_same(board, contents):
    table = (board / 'leaderboard.md').read_text()
    page = (board / 'leaderboard.html').read_text()
    columns = [
        'knn/appearance/top1',
        'knn/motion/top1',
        'retrieval/appearance/R@1',
        'retrieval/motion/R@1',
        'low_shot/appearance/1_per_class',
        'low_shot/motion/1_per_class',
    ]
    assert contents['columns'] == columns
    assert table.startswith(f'|  | runs | {" | ".join(columns)} |\n')
    for figure in contents['figures']:
        for own in figure['methods'].values():
            assert f'>{own["value"]:.1f}<' in page
            if figure['name'] in columns:
                assert f'{own["value"]:.1f} ' in table and f'#{own["rank"]}' in table
    assert not re.search(r'(src|href)=', page)


@pytest.mark.slow
def test_what_fails_is_named_and_the_others_go_on(videos, tmp_path, capsys):
    copy = tmp_path / 'copy.pth'
    torch.save(dict(torch.load(videos / 'run2.pth'), more=1), copy)
    twice = f'twice={videos}/run2.pth,{copy}'
    with pytest.raises(SystemExit) as ended:
        run(
            videos,
            tmp_path / 'out',
            twice,
            videos / 'torn.pth',
            videos / 'run1.pth',
            '--random-seeds',
            0,
        )
    assert ended.value.code == 1
    assert '2 entries failed, see the table: twice, torn' in capsys.readouterr().err
    found = json.loads((tmp_path / 'out' / 'leaderboard.json').read_text())
    failed = {entry['name']: entry['failed'] for entry in found['entries']}
    assert list(failed) == ['twice', 'torn', 'run1'] and failed['run1'] is None
    assert failed['twice'] == f'{videos}/run2.pth and {copy} have the same weights: leave one out'
    assert 'torn.pth' in failed['torn']
    assert list(found['figures'][0]['methods']) == ['run1']
    table = (tmp_path / 'out' / 'leaderboard.md').read_text()
    assert '* torn failed: ' in table and '* twice failed: ' in table


def test_entries_are_named_by_what_tells_them_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('a/last.pth', 'b/last.pth', 'lr=0.1,wd=0/best.pth'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert parse_entries(
        ['*/last.pth', 'zoo://x_demo', 'lr=0.1,wd=0/best.pth', 'ours=a.pth, b.pth']
    ) == [
        Entry('a/last', ('a/last.pth',)),
        Entry('b/last', ('b/last.pth',)),
        Entry('x_demo', ('zoo://x_demo',)),
        Entry('best', ('lr=0.1,wd=0/best.pth',)),
        Entry('ours', ('a.pth', 'b.pth')),
    ]
    assert parse_entries(['ours=*/last.pth']) == [Entry('ours', ('a/last.pth', 'b/last.pth'))]


@pytest.mark.parametrize(
    ('entries', 'message'),
    [
        (['nothing/*.pth'], 'no file fits nothing'),
        (['a=x.pth', 'a=y.pth'], 'the name a is there 2 times'),
        (['a=x.pth', 'b=x.pth'], 'the checkpoint x.pth is there 2 times'),
        (['a='], 'an entry is NAME=CHECKPOINT'),
    ],
)
def test_wrong_entries_are_refused(entries, message):
    with pytest.raises(InputError, match=message):
        parse_entries(entries)


@pytest.mark.slow
def test_the_same_command_writes_the_same_bytes_and_extracts_nothing(videos, board, tmp_path):
    before = {name: (board / name).read_bytes() for name in FILES}
    with patch.object(FeatureStore, 'append', side_effect=AssertionError):
        run(videos, board, *entries_of(videos))
    assert {name: (board / name).read_bytes() for name in FILES} == before


def killed_run(videos, out, appends):
    """Be killed for good after some batches of features."""
    append, left = FeatureStore.append, [appends]

    def append_or_die(self, *arguments):
        append(self, *arguments)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(FeatureStore, 'append', append_or_die):
        run(videos, out, *entries_of(videos))


@pytest.mark.slow
def test_a_killed_leaderboard_ends_with_the_same_bytes(videos, board, tmp_path):
    """A checkpoint has 3 batches of queries and 4 of the gallery."""
    process = multiprocessing.get_context('fork').Process(
        target=killed_run, args=(videos, tmp_path, 12)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / 'leaderboard.json').exists()
    assert list(tmp_path.glob('checkpoint/features/*/rows-*.part'))
    run(videos, tmp_path, *entries_of(videos))
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (board / name).read_bytes()


@pytest.fixture(scope='module')
def parts(videos, tmp_path_factory):
    """Return the results of two leaderboards with one run of `ours` each, and more."""
    found = []
    for seed, more in ((1, ()), (2, (videos / 'run3.pth',))):
        out = tmp_path_factory.mktemp('part')
        run(videos, out, f'ours={videos}/run{seed}.pth', *more, '--random-seeds', 2)
        found.append(out / 'results.json')
    return found


@pytest.mark.slow
def test_leaderboards_join_to_what_one_would_be(videos, parts, contents, tmp_path):
    """Also without a checkpoint at hand; a file that is joined twice adds nothing."""
    call('leaderboard.py', '--join', parts[1], *parts, '--work-dir', tmp_path)
    joined = json.loads((tmp_path / 'leaderboard.json').read_text())
    del contents['versions'], joined['versions']
    for own in (contents, joined):
        own['entries'] = {entry['name']: entry for entry in own['entries']}
        for entry in own['entries'].values():
            entry['runs'].sort(key=str)
        for figure in own['figures']:
            figure['pairs'].sort(key=lambda pair: sorted((pair['first'], pair['second'])))
            for method in figure['methods'].values():
                method['runs'].sort()
    assert joined == contents
    again = json.loads((tmp_path / 'results.json').read_text())
    assert {entry['name'] for entry in again['entries']} == set(contents['entries'])


@pytest.mark.slow
def test_checkpoints_join_the_results_of_others(videos, parts, tmp_path):
    run(videos, tmp_path, f'new={videos}/run3.pth', '--random-seeds', 0, '--join', parts[0])
    found = json.loads((tmp_path / 'leaderboard.json').read_text())
    names = [entry['name'] for entry in found['entries']]
    assert names == ['new', 'ours', 'random initialisation of ours', 'colour', 'motion']
    assert len(found['figures'][0]['pairs']) == 10


def changed(path, out, change):
    found = json.loads(path.read_text())
    change(found)
    out.write_text(json.dumps(found))
    return out


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda found: found['data']['queries'].update(list_sha256='0'), 'other queries'),
        (lambda found: found['data'].update(setting='x'), 'other setting'),
        (lambda found: found['protocols']['knn'].update(k=3), 'other protocols'),
        (lambda found: found.update(labels=['motion']), 'other labels'),
        (lambda found: found['entries'][0].update(network='0'), 'ours is another network in'),
        (lambda found: found.update(format=9), 'has the format 9'),
        (lambda found: found.pop('entries'), 'has no results of a leaderboard'),
    ],
)
def test_results_that_do_not_fit_are_refused(parts, tmp_path, capsys, change, message):
    other = changed(parts[1], tmp_path / 'other.json', change)
    with pytest.raises(SystemExit) as ended:
        call('leaderboard.py', '--join', parts[0], other, '--work-dir', tmp_path / 'out')
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert message in error and str(other) in error


def test_trivial_features_of_other_clips_have_a_name_of_their_own(parts, tmp_path):
    def other_clips(found):
        found['entries'] = [entry for entry in found['entries'] if entry['kind'] != 'random']
        for number, entry in enumerate(found['entries']):
            entry['network'] = 'other'
            entry['name'] = entry['name'].replace('ours', f'theirs{number}')

    other = changed(parts[1], tmp_path / 'other.json', other_clips)
    call('leaderboard.py', '--join', parts[0], other, '--work-dir', tmp_path / 'out')
    found = json.loads((tmp_path / 'out' / 'leaderboard.json').read_text())
    names = [entry['name'] for entry in found['entries']]
    assert {'colour', 'colour of the views of theirs0', 'motion of the views of theirs0'} <= {
        *names
    }


def test_a_leaderboard_of_nothing_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call('leaderboard.py', '--work-dir', tmp_path)
    assert ended.value.code == 2
    assert 'give a checkpoint, or --join' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        call('leaderboard.py', '--join', tmp_path / 'no.json', '--work-dir', tmp_path)
    assert 'there is no file' in capsys.readouterr().err
