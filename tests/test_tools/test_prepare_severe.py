"""The lists of the data sets of SEVERE: official counts on made-up trees of the right form."""

import json
import sys

import pytest

from tests.tools import imported_tool
from vsslbox.errors import InputError


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs a tool on `download` and returns the folder of its lists."""

    def run(name, *options, counts=None):
        with imported_tool(f'data/{name}/prepare.py') as tool:
            if counts is not None:
                monkeypatch.setattr(tool, 'COUNTS', counts)
            command = ['prepare.py', str(tmp_path / 'download'), '--out', str(tmp_path / 'out')]
            monkeypatch.setattr(sys, 'argv', [*command, *options])
            tool.main()
        return tmp_path / 'out'

    (tmp_path / 'download' / 'videos').mkdir(parents=True)
    (tmp_path / 'download' / 'annotations').mkdir()
    return run


def lines(path):
    return path.read_text().splitlines()


def test_diving48(run, tmp_path):
    download = tmp_path / 'download'
    dives = [dict(vid_name=f'v_{n:05}', label=n % 3, start_frame=0, end_frame=9) for n in range(8)]
    for dive in dives:
        (download / 'videos' / f'{dive["vid_name"]}.mp4').touch()
    (download / 'Diving48_V2_train.json').write_text(json.dumps(dives[:6]))
    (download / 'Diving48_V2_test.json').write_text(json.dumps(dives[6:]))
    vocabulary = [['Back', '15som', '05Twis', 'FREE'], ['Back', '15som', '15Twis', 'FREE'], ['a']]
    (download / 'Diving48_vocab.json').write_text(json.dumps(vocabulary))
    with pytest.raises(InputError, match=r'diving48_train_list_videos.txt has 6 rows, not 15027'):
        run('diving48')
    out = run('diving48', counts=dict(train=6, val=2))
    assert lines(out / 'diving48_train_list_videos.txt')[:2] == ['v_00000.mp4 0', 'v_00001.mp4 1']
    assert lines(out / 'diving48_val_list_videos.txt') == ['v_00006.mp4 0', 'v_00007.mp4 1']
    assert lines(out / 'classes.txt')[0] == 'Back 15som 05Twis FREE'


def write_gym(download, sizes):
    """Write lists with the given number of actions of each label of Gym99, and some of Gym288."""
    for split, of_label in sizes.items():
        rows = []
        for label, count in enumerate(of_label):
            for number in range(count):
                name = f'{split}{label:03}_E_000001_000002_A_{number:04}_0001'
                (download / 'videos' / f'{name}.mp4').touch()
                rows.append(f'{name} {label}')
        (download / 'annotations' / f'gym99_{split}_org.txt').write_text('\n'.join(rows) + '\n')
        name = dict(train='gym288_train_element_v1.0.txt', val='gym288_val_element.txt')[split]
        (download / 'annotations' / name).write_text('\n'.join(rows[:20]) + '\n')


def test_the_subsets_of_finegym_have_labels_from_0(run, tmp_path):
    write_gym(tmp_path / 'download', dict(train=[2] * 99, val=[1] * 99))
    with pytest.raises(InputError, match=r'vault_train_list_videos.txt has 12 rows, not 1074'):
        run('finegym')
    sizes = {'vault': 6, 'floor': 35, 'fx-s1': 11, 'ub-s1': 15, 'gym99': 99}
    counts = {name: (2 * size, size) for name, size in sizes.items()} | {'gym288': (20, 20)}
    out = run('finegym', counts=counts)
    for name, size in sizes.items():
        for split, of_class in dict(train=2, val=1).items():
            rows = lines(out / f'{name}_{split}_list_videos.txt')
            assert [int(row.split()[1]) for row in rows] == sorted([*range(size)] * of_class)
    first = {name: lines(out / f'{name}_val_list_videos.txt')[0][3:6] for name in sizes}
    assert first == {'vault': '000', 'floor': '006', 'fx-s1': '006', 'ub-s1': '074', 'gym99': '000'}
    last = {name: lines(out / f'{name}_val_list_videos.txt')[-1][3:6] for name in sizes}
    assert last == {'vault': '005', 'floor': '040', 'fx-s1': '016', 'ub-s1': '088', 'gym99': '098'}


def test_a_malformed_list_of_finegym_is_named(run, tmp_path):
    write_gym(tmp_path / 'download', dict(train=[1] * 99, val=[1] * 99))
    path = tmp_path / 'download' / 'annotations' / 'gym99_val_org.txt'
    path.write_text('abc 1\nabc\n')
    with pytest.raises(InputError, match=r'gym99_val_org.txt:2: expected "ID LABEL", got \'abc\''):
        run('finegym')


@pytest.mark.slow
def test_the_official_counts_of_ntu60(run, tmp_path):
    """Of the 948 recordings of an action 672 are by subjects that train; each camera has 316."""
    videos = tmp_path / 'download' / 'videos'
    names = []
    for number in range(948):
        subject = 1 if number < 672 else 3
        for camera in (1, 2, 3) if number % 3 == 0 else ():
            for action in range(1, 62) if number == 0 else (1 + number % 60,):
                names.append(f'S001C{camera:03}P{subject:03}R{number:03}A{action:03}_rgb.avi')
    for name in names:
        (videos / name).touch()
    (videos / 'other.avi').touch()
    counts = dict(xsub=(3 * (224 + 59), 3 * 92), xview=(2 * (316 + 59), 316 + 59))
    out = run('ntu60', counts=counts)
    rows = lines(out / 'ntu60_xview_val_list_videos.txt')
    assert all('C001' in row for row in rows)
    assert sorted({int(row.split()[1]) for row in rows}) == list(range(60))
    assert not any('A061' in row for row in rows)
    rows = lines(out / 'ntu60_xsub_train_list_videos.txt')
    assert rows[0] == 'S001C001P001R000A001_rgb.avi 0' and all('P001' in row for row in rows)
    with pytest.raises(InputError, match=r'ntu60_xsub_train_list_videos.txt has 849 rows, not'):
        run('ntu60')
    with imported_tool('data/ntu60/prepare.py') as tool:
        assert sum(tool.COUNTS['xsub']) == sum(tool.COUNTS['xview']) == 56880
        assert len(tool.TRAIN_SUBJECTS) == 20


def write_charades(download, train, val):
    header = 'id,subject,descriptions,actions,length\n'
    for name, rows in (('train', train), ('test', val)):
        lines = [f'{video},S1,"He sits, and\nreads.",{actions},30.0\n' for video, actions in rows]
        text = header + ''.join(lines)
        (download / 'annotations' / f'Charades_v1_{name}.csv').write_text(text)
        for video, _ in rows:
            (download / 'videos' / f'{video}.mp4').touch()
    classes = [f'c{number:03} Doing thing {number}' for number in range(157)]
    (download / 'annotations' / 'Charades_v1_classes.txt').write_text('\n'.join(classes) + '\n')


@pytest.mark.slow
def test_charades_has_all_classes_of_a_video(run, tmp_path, capsys):
    train = [('AAAAA', 'c092 11.90 21.20;c147 0.00 12.60;c092 25.00 30'), ('BBBBB', '')]
    write_charades(tmp_path / 'download', train, [('CCCCC', 'c000 0.00 1.50')])
    with pytest.raises(InputError, match=r'charades_train_list_videos.txt has 2 rows, not 7985'):
        run('charades')
    out = run('charades', counts=dict(train=2, val=1))
    assert lines(out / 'charades_train_list_videos.txt') == ['AAAAA.mp4 92 147']
    assert lines(out / 'charades_val_list_videos.txt') == ['CCCCC.mp4 0']
    assert lines(out / 'classes.txt')[:2] == ['Doing thing 0', 'Doing thing 1']
    assert 'train: 1 videos have no action' in capsys.readouterr().out


@pytest.mark.parametrize('actions', ['c157 0.00 1.00', 'c001', 'c001 0.00 1.00 c002 0.00 1.00'])
def test_a_malformed_action_of_charades_is_named(run, tmp_path, actions):
    write_charades(tmp_path / 'download', [('AAAAA', actions)], [('CCCCC', '')])
    with pytest.raises(InputError, match=r'Charades_v1_train.csv: the actions of AAAAA must be'):
        run('charades')
