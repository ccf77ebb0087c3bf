"""Lists and folders as users have them: what is wrong is mended or told, never counted silently."""

import os
import socket
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from vsslbox.datasets import ImageFolderDataset, RawframeDataset, VideoDataset, list_values
from vsslbox.datasets.list_values import as_integers
from vsslbox.datasets.named_files import NamedFiles
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv


@pytest.fixture
def told(monkeypatch):
    """The warnings, in order."""
    messages = []
    monkeypatch.setattr(list_values, 'print_log', lambda message, *_: messages.append(message))
    return messages


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def entries(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def names(dataset):
    return [entry['attributes']['name'] for entry in entries(dataset)]


def labels(dataset):
    return [entry.get('label') for entry in entries(dataset)]


def read(folder, text, name='list.csv', **kwargs):
    (folder / name).write_bytes(text.encode())
    return VideoDataset(name, data_root=str(folder), **kwargs)


# --------------------------------------------------------------------------- files and links


@pytest.fixture
def special(tmp_path):
    """A folder of a video, a link to it, and four things that are no files."""
    touch(tmp_path, 'videos/a.mp4')
    folder = tmp_path / 'videos'
    (folder / 'b.mp4').symlink_to('a.mp4')
    os.mkfifo(folder / 'fifo.mp4')
    (folder / 'gone.mp4').symlink_to('nothing.mp4')
    (folder / 'loop.mp4').symlink_to('loop.mp4')
    (folder / 'null.mp4').symlink_to('/dev/null')
    (folder / 'folder.mp4').mkdir()
    return folder


def test_only_files_of_a_folder_are_videos(special, told):
    assert names(VideoDataset(data_root=str(special))) == ['a.mp4', 'b.mp4']
    assert told == [
        f'4 entries of {special}/ are not files, and are skipped: fifo.mp4 (a FIFO), gone.mp4 '
        '(a broken link), loop.mp4 (a broken link), null.mp4 (a device)'
    ]


@pytest.mark.parametrize(
    ('name', 'kind'),
    [('fifo', 'a FIFO'), ('null', 'a device'), ('gone', 'a broken link'), ('folder', 'a folder')],
)
def test_only_files_of_a_list_are_videos(special, name, kind):
    with pytest.raises(
        InputError, match=rf'1 of 2 in .*list.txt are not files:\n.*/{name}.mp4 is {kind}$'
    ):
        read(special, f'a.mp4\n{name}.mp4\n', 'list.txt')


def test_a_socket_is_no_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is limited to 108 bytes
    with socket.socket(socket.AF_UNIX) as one:
        one.bind('socket.mp4')
        with pytest.raises(InputError, match=r'socket.mp4 is a socket'):
            read(tmp_path, 'socket.mp4\n', 'list.txt')


def test_frames_need_a_folder(tmp_path):
    touch(tmp_path, 'file')
    (tmp_path / 'list.txt').write_text('file 5\n')
    with pytest.raises(InputError, match=r'1 of 1 in .* are not folders:\n.*/file is a file'):
        RawframeDataset('list.txt', data_root=str(tmp_path))


def test_a_loop_of_links_lists_each_video_once(tmp_path, told):
    for number in range(48):
        touch(tmp_path, f'root/{number % 4}/deep/{number}.mp4')
    (tmp_path / 'root/0/up').symlink_to('..')
    (tmp_path / 'root/1/deep/self').symlink_to('.')
    (tmp_path / 'root/00').symlink_to('2')  # sorted before its target
    (tmp_path / 'elsewhere').symlink_to('root')
    expected = sorted(f'{number % 4}/deep/{number}.mp4' for number in range(48))
    assert names(VideoDataset(data_root=str(tmp_path / 'root'))) == expected
    assert told == [
        f'3 links in {tmp_path}/root/ lead to folders that are listed already, and are skipped: '
        '00, 0/up, 1/deep/self'
    ]
    through = names(VideoDataset(data_root=str(tmp_path)))
    assert through == [f'root/{name}' for name in expected]


@pytest.mark.slow
def test_random_trees_of_links_list_each_file_once(tmp_path):
    rng = np.random.default_rng(0)
    for trial in range(20):
        root = tmp_path / str(trial)
        folders = [root]
        for number in range(12):
            folder = folders[rng.integers(len(folders))] / f'd{number}'
            touch(folder, f'{number}.mp4')
            folders.append(folder)
        for number in range(8):
            place = folders[rng.integers(len(folders))] / f'{"az"[number % 2]}{number}'
            place.symlink_to(folders[rng.integers(len(folders))])
        expected = sorted(str(p.relative_to(root)) for p in root.rglob('*.mp4'))
        assert names(VideoDataset(data_root=str(root))) == sorted(expected)
        assert len(expected) == 12


def test_images_and_frames_behind_loops_are_listed_once(tmp_path):
    touch(tmp_path, 'images/ant/a.jpg', 'frames/v/img_00001.jpg')
    (tmp_path / 'images/ant/loop').symlink_to('..')
    (tmp_path / 'frames/v/loop').symlink_to('..')
    assert names(ImageFolderDataset(data_root=str(tmp_path / 'images'))) == ['ant/a.jpg']
    assert names(RawframeDataset(data_root=str(tmp_path / 'frames'))) == ['v']


def test_other_videos_of_a_folder_are_counted(tmp_path, told):
    touch(tmp_path, 'a.mp4', 'b.gif', 'c.GIF', 'd.mxf', 'e.txt')
    assert len(VideoDataset(data_root=str(tmp_path))) == 1
    assert told == [
        f'3 files in {tmp_path}/ are skipped: .gif (2), .mxf (1); set `endings` to list them'
    ]
    assert len(VideoDataset(data_root=str(tmp_path), endings=['.gif', '.mxf'])) == 3
    assert len(told) == 1


# --------------------------------------------------------------------------- names of files


@pytest.mark.slow
def test_a_file_has_one_name(tmp_path):
    touch(tmp_path, 'videos/x.mp4', 'videos/a/y.mp4', 'other/z.mp4')
    root = tmp_path / 'videos'
    for name, expected in {
        './x.mp4': 'x.mp4',
        'a/../x.mp4': 'x.mp4',
        'a//y.mp4': 'a/y.mp4',
        './/a/./y.mp4': 'a/y.mp4',
        '../videos/x.mp4': 'x.mp4',
        '../other/z.mp4': '../other/z.mp4',
        f'{root}/a/y.mp4': 'a/y.mp4',
        f'{tmp_path}/other/z.mp4': f'{tmp_path}/other/z.mp4',
        f'//{str(tmp_path)[1:]}/other/z.mp4': f'{tmp_path}/other/z.mp4',
    }.items():
        dataset = read(root, f'path,n\n{name},1\n')
        (entry,) = entries(dataset)
        assert entry['attributes'] == dict(path=expected, name=expected, n=1)
        assert os.path.samefile(entry['filename'], root / name)
        assert names(read(root, f'{name}\n', 'list.txt')) == [expected]


def test_the_hash_does_not_depend_on_spellings(tmp_path):
    touch(tmp_path, 'x.mp4', 'a/y.mp4')
    plain = read(tmp_path, 'x.mp4\na/y.mp4\n', 'list.txt').list_hash()
    spelt = f'{tmp_path}/x.mp4\n./a//y.mp4\n'
    assert read(tmp_path, spelt, 'list.txt').list_hash() == plain


def test_a_root_that_is_a_link(tmp_path):
    touch(tmp_path, 'real/x.mp4')
    (tmp_path / 'root').symlink_to('real')
    dataset = read(tmp_path / 'root', f'{tmp_path}/real/x.mp4\n', 'list.txt')
    assert names(dataset) == ['x.mp4']


def test_the_parent_of_a_link_is_not_cut_out(tmp_path):
    touch(tmp_path, 'root/x.mp4', 'else/x.mp4', 'else/inner/y.mp4')
    (tmp_path / 'root/link').symlink_to('../else/inner')
    dataset = read(tmp_path / 'root', 'link/../x.mp4\nx.mp4\n', 'list.txt')
    assert names(dataset) == ['link/../x.mp4', 'x.mp4']


def test_random_spellings_name_the_same_file(tmp_path):
    rng = np.random.default_rng(1)
    paths = ['a/b/c.mp4', 'a/d.mp4', 'e f.mp4', 'a/b/é.mp4']
    touch(tmp_path, *paths)
    files = NamedFiles(str(tmp_path), 'a file', 'list')
    for _ in range(300):
        path = paths[rng.integers(len(paths))]
        spelt = ''.join(
            part + str(rng.choice(['/', '//', '/./', '/../' + part + '/']))
            for part in path.split('/')[:-1]
        )
        spelt += normalize(str(rng.choice(['NFC', 'NFD'])), Path(path).name)
        spelt = str(rng.choice(['', './', f'{tmp_path}/', f'../{tmp_path.name}/'])) + spelt
        assert files.find([spelt]) == [path], spelt


@pytest.mark.parametrize(('disk', 'listed'), [('NFC', 'NFD'), ('NFD', 'NFC')])
def test_names_in_the_other_unicode_form_are_found(tmp_path, disk, listed):
    there, name = (normalize(form, 'é/Zoë ü.mp4') for form in (disk, listed))
    touch(tmp_path, there)
    assert names(read(tmp_path, f'path\n{name}\n')) == [there]
    with pytest.raises(FileNotFoundError, match='1 of 1'):
        read(tmp_path, f'path\nx{name}\n')


def test_spaces_around_a_path_count_only_if_the_file_has_them(tmp_path):
    touch(tmp_path, ' a.mp4', 'b.mp4')
    assert names(read(tmp_path, 'label,path\n1, a.mp4\n2, b.mp4 \n')) == [' a.mp4', 'b.mp4']


# --------------------------------------------------------------------------- values


def test_integers_are_spelt_as_they_print():
    assert as_integers(['0', '-1', '10']) == [0, -1, 10]
    for value in ('1_10', '11_0', '007', '+5', '-0', '٣', '1.0', '', '9' * 5000):
        assert as_integers(['7', value]) == ['7', value]


def test_columns_and_labels_are_integers_only_as_they_print(tmp_path):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    dataset = read(tmp_path, 'path,label\na.mp4,1_10\nb.mp4,11_0\n')
    assert dataset.metainfo['classes'] == ['11_0', '1_10']
    assert labels(dataset) == [1, 0]
    assert labels(read(tmp_path, 'path,label\na.mp4, 5\nb.mp4,7 \n')) == [5, 7]
    for label in ('1_0', '007', '+5'):
        with pytest.raises(InputError, match=r'list.txt:1: .* integer labels'):
            read(tmp_path, f'a.mp4 {label}\n', 'list.txt')
    (tmp_path / 'v').mkdir()
    (tmp_path / 'frames.txt').write_text('v 1_0\n')
    with pytest.raises(InputError, match=r"frames.txt:1: 'v 1_0' is not"):
        RawframeDataset('frames.txt', data_root=str(tmp_path))


def test_values_are_stripped_and_near_labels_told(tmp_path, told):
    touch(tmp_path, *(f'{n}.mp4' for n in range(5)))
    rows = ['walk, train', ' walk ,train', 'Walk,train', 'jump  up,train', 'jump up,test']
    text = 'path, label ,split\n' + ''.join(f'{n}.mp4,{row}\n' for n, row in enumerate(rows))
    dataset = read(tmp_path, text, where=dict(split='train'))
    assert dataset.metainfo['classes'] == ['Walk', 'jump  up', 'jump up', 'walk']
    assert labels(dataset) == [3, 3, 0, 1]
    assert told == [
        f'labels in {tmp_path}/list.csv differ only by case, spaces or Unicode form, but count as '
        "different: 'Walk' (1) and 'walk' (2); 'jump  up' (1) and 'jump up' (1)"
    ]


@pytest.mark.parametrize(
    'pair', [('caf\u00e9', 'cafe\u0301'), ('run', 'run\u200b'), ('ﬁght', 'fight'), ('Öl', 'ÖL')]
)
def test_labels_that_look_alike_are_told(tmp_path, told, pair):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    read(tmp_path, f'path,label\na.mp4,{pair[0]}\nb.mp4,{pair[1]}\n')
    (message,) = told
    shown = ' and '.join(f'{name!a} (1)' for name in sorted(pair))
    assert message.endswith(f'but count as different: {shown}')


def test_a_value_of_where_that_no_row_has_is_told(tmp_path, told):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    text = 'path,split\na.mp4,validation\nb.mp4,test\n'
    assert names(read(tmp_path, text, where=dict(split=['val', 'test']))) == ['b.mp4']
    assert told == [f"no row of {tmp_path}/list.csv has split='val', which `where` selects"]


@pytest.mark.parametrize('values', [('Train', 'test'), ('Train', 'train')])
def test_a_near_value_of_where_is_an_error(tmp_path, values):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    text = f'path,split\na.mp4,{values[0]}\nb.mp4,{values[1]}\n'
    message = r"has split='Train', which differs only by case, .* from 'train' in `where`"
    with pytest.raises(InputError, match=message):
        read(tmp_path, text, where=dict(split='train'))


def test_rows_without_a_label_have_none(tmp_path):
    touch(tmp_path, 'a.mp4', 'b.mp4', 'c.mp4')
    assert labels(read(tmp_path, 'path,label\na.mp4,1\nb.mp4,\nc.mp4,10\n')) == [1, None, 10]
    dataset = read(tmp_path, 'path,label\na.mp4,run\nb.mp4, \nc.mp4,go\n')
    assert (labels(dataset), dataset.metainfo['classes']) == ([1, None, 0], ['go', 'run'])
    assert labels(read(tmp_path, 'path,label\na.mp4,\n')) == [None]


# --------------------------------------------------------------------------- rows and columns


def test_doubled_rows_are_told(tmp_path, told):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    dataset = read(tmp_path, 'path,label\na.mp4,x\nb.mp4,y\n./b.mp4,y\nb.mp4,y\n')
    assert labels(dataset) == [0, 1, 1, 1]
    assert told == [
        f"2 of 4 rows of {tmp_path}/list.csv name a video again, and count again, first 'b.mp4'"
    ]


def test_doubled_rows_of_two_classes_are_refused(tmp_path):
    touch(tmp_path, 'a.mp4', 'b.mp4')
    for name, text, classes in (
        ('list.csv', 'path,label\na.mp4,x\nb.mp4,y\na.mp4,y\n', "'x' and 'y'"),
        ('list.txt', 'a.mp4 0\nb.mp4 1\na.mp4 2\n', '0 and 2'),
    ):
        with pytest.raises(InputError, match=f"names 'a.mp4' twice, with the labels {classes}"):
            read(tmp_path, text, name)
    split = 'path,label,split\na.mp4,x,1\na.mp4,y,2\n'
    assert labels(read(tmp_path, split, where=dict(split=1))) == [0]


def test_segments_of_a_folder_of_frames_are_no_doubles(tmp_path, told):
    (tmp_path / 'v').mkdir()
    (tmp_path / 'list.txt').write_text('v 0 5 1\nv 5 5 2\n')
    dataset = RawframeDataset('list.txt', data_root=str(tmp_path), with_offset=True)
    assert labels(dataset) == [1, 2]
    assert told == []


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('path,label\na.mp4,x\n ,y\n', r"list.csv:3: ' ,y' is not a row with a path"),
        ('path,x,label, x\na.mp4,1,2,3\n', r"list.csv has several columns 'x': rename them"),
        ('path,name\na.mp4,x\n', r'list.csv has a column `name`, .*: rename it'),
        ('path;label\na.mp4;x\n', r"no column 'path'; .* separated by ';': write commas"),
        ('path\tlabel\na.mp4\tx\n', r"no column 'path'; .* separated by '\\t': write commas"),
        ('path,label\n"a.mp4,x\n' + 'y' * 140000, r'list.csv:3: field larger than field limit'),
    ],
)
def test_broken_csv_lists(tmp_path, text, message):
    touch(tmp_path, 'a.mp4')
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize('separator', ['\t', ',', ', ', ';', '|'])
def test_a_wrong_separator_is_guessed(tmp_path, separator):
    touch(tmp_path, 'a.mp4', 'b c.mp4')
    given = separator.strip(' ')
    for name in ('a.mp4', 'b c.mp4'):
        text = f'{name}{separator}3\n'
        with pytest.raises((InputError, FileNotFoundError)) as caught:
            read(tmp_path, text, 'list.txt')
        assert f'set `delimiter={given!r}`' in str(caught.value)
        assert labels(read(tmp_path, text, 'list.txt', delimiter=given)) == [3]


@pytest.mark.parametrize('separator', [',', ', ', ';', '|'])
def test_other_lists_are_separated_by_spaces(tmp_path, separator):
    touch(tmp_path, 'v/img_00001.jpg', 'a.jpg')
    for kind, line in ((RawframeDataset, 'v 1 3'), (ImageFolderDataset, 'a.jpg 3')):
        (tmp_path / 'list.txt').write_text(line.replace(' ', separator))
        with pytest.raises((InputError, FileNotFoundError)) as caught:
            kind('list.txt', data_root=str(tmp_path))
        advice = f'separate the fields by spaces, not by {separator.strip()!r}'
        assert advice in str(caught.value)


@pytest.mark.parametrize('text', ['path\tlabel\na.mp4\t1\n', 'path,label\na.mp4,1\n'])
def test_a_header_needs_a_csv_list(tmp_path, text):
    touch(tmp_path, 'a.mp4')
    with pytest.raises(FileNotFoundError, match=r'a list with a header must end in \.csv, and'):
        read(tmp_path, text, 'list.tsv')


def test_several_spaces_separate_as_one_does(tmp_path):
    touch(tmp_path, 'a.mp4', 'bb.mp4')
    assert labels(read(tmp_path, 'a.mp4   3\nbb.mp4  4\n', 'list.txt')) == [3, 4]


def test_missing_names_that_nearly_exist_are_told(tmp_path):
    touch(tmp_path, 'd/a.mp4')
    for name, advice in (
        ('d\\a.mp4', 'separate folders by `/`, not by backslashes'),
        ('d/A.MP4', "there is 'a.mp4', which differs by case"),
        ('d/z.mp4', 'set `data_root` and `data_prefix` to their folder'),
    ):
        with pytest.raises(FileNotFoundError) as caught:
            read(tmp_path, f'{name} 1\n', 'list.txt')
        assert f'list.txt do not exist; {advice}:\n' in str(caught.value)


def test_files_of_other_systems(tmp_path):
    touch(tmp_path, 'a, b.mp4', 'c\u2028d.mp4')
    csv = '\ufeffpath,label\r\n"a, b.mp4",x\r\nc\u2028d.mp4,y\r\n'
    assert names(read(tmp_path, csv)) == ['a, b.mp4', 'c\u2028d.mp4']
    assert labels(read(tmp_path, '\ufeffc\u2028d.mp4 1\r\n', 'list.txt')) == [1]


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    import time

    for folder in range(10):
        (tmp_path / f'd{folder}').mkdir()
        touch(tmp_path, *(f'd{folder}/{number}.mp4' for number in range(100)))
    seconds = []
    for size in (100_000, 1_000_000):
        rows = (f'./d{n % 10}/{n // 10 % 100}.mp4,class {n % 1000},train,{n}' for n in range(size))
        start = time.process_time()
        dataset = read(
            tmp_path, 'path,label,split,n\n' + '\n'.join(rows), where=dict(split='train')
        )
        seconds.append(time.process_time() - start)
        assert len(dataset) == size
    assert seconds[1] < 60  # 20 on an idle machine
    assert seconds[1] < 25 * seconds[0]


# --------------------------------------------------------------------------- hostile lists


@pytest.mark.parametrize('name', ['list.txt', 'list.csv'])
def test_a_list_of_hostile_size_is_not_read(tmp_path, name):
    """A file with a hole, which takes no room on the disk."""
    with open(tmp_path / name, 'wb') as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match=f'{name} has {2**40} bytes, which are too many'):
        VideoDataset(name, data_root=str(tmp_path))
    with pytest.raises(InputError, match='too many for a list'):
        read_csv(tmp_path / name)


def test_a_list_in_utf_16_is_told(tmp_path):
    touch(tmp_path, 'a.mp4')
    (tmp_path / 'list.txt').write_bytes('a.mp4 1\n'.encode('utf-16-le'))
    with pytest.raises(InputError, match=r'list.txt has NUL bytes, as UTF-16 text has: save it'):
        VideoDataset('list.txt', data_root=str(tmp_path))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('path,' + ','.join(map(str, range(300_000))) + '\na.mp4,1\n', 'columns'),
        ('path,label\na.mp4' + ',1' * 300_000 + '\n', 'is not a row of the 2 columns'),
        ('path,' + 'x,' * 300_000 + '\na.mp4\n', r'is not a row|several columns'),
    ],
)
def test_lines_of_very_many_columns_end_in_a_short_message(tmp_path, text, message):
    touch(tmp_path, 'a.mp4')
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text)
    assert len(str(caught.value)) < 2000
