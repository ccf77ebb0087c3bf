"""A file is written completely or not at all."""

import os

import pytest

from vsslbox.utils import whole_file


def test_a_file_gets_its_name_when_its_content_is_on_the_disk(tmp_path, monkeypatch):
    path, calls = tmp_path / 'a.npy', []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda file: (calls.append('fsync'), fsync(file)))
    monkeypatch.setattr(os, 'replace', lambda *names: (calls.append('replace'), replace(*names)))
    with whole_file(path) as unfinished:
        assert unfinished.parent == tmp_path
        unfinished.write_text('new')
        assert not path.exists()
    assert calls == ['fsync', 'replace']
    assert path.read_text() == 'new'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('written', ['half', None])
def test_an_error_leaves_the_file_of_before(tmp_path, written):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(OSError, match='full'), whole_file(str(path)) as unfinished:
        if written:
            unfinished.write_text(written)
        raise OSError('the disk is full')
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_only_where_that_is_meant(tmp_path):
    folder = tmp_path / 'my videos'
    folder.mkdir()
    (folder / 'a.mp4').write_text('a video')
    message = 'my videos is a folder: give the name of a file'
    with pytest.raises(IsADirectoryError, match=message), whole_file(folder) as unfinished:
        unfinished.write_text('new')
    assert (folder / 'a.mp4').read_text() == 'a video'
    assert list(tmp_path.iterdir()) == [folder]
    with whole_file(folder, replaces_folder=True) as unfinished:
        unfinished.write_text('new')
    assert folder.read_text() == 'new'
    assert list(tmp_path.iterdir()) == [folder]
