"""The tool that draws a class-balanced subset of a list."""

import hashlib
import random
import sys
from collections import Counter

import numpy as np
import pytest

from tests.tools import imported_tool, run_main


@pytest.fixture(scope='module')
def tool():
    with imported_tool('data/make_subset.py') as module:
        yield module


@pytest.fixture
def run(tool, monkeypatch):
    """Return a function that runs the tool and returns the bytes that it writes."""

    def run(source, out, percent, *options):
        command = ['make_subset.py', str(source), '--percent', str(percent), '--out', str(out)]
        monkeypatch.setattr(sys, 'argv', [*command, *map(str, options)])
        tool.main()
        return out.read_bytes()

    return run


def text_list(sizes):
    """Return shuffled lines with the given number of videos of class 0, 1, ..."""
    lines = [f'c{c}/video{v}.mp4 {c}' for c, size in enumerate(sizes) for v in range(size)]
    random.Random(0).shuffle(lines)
    return lines


def write(path, lines, end='\n'):
    path.write_bytes(end.join([*lines, '']).encode())
    return path


@pytest.mark.parametrize(
    ('percent', 'per_class'),
    [(10, 5), (1, 1), (50, 25), (3, 2), (0.01, 1)],  # of 200 in 4 classes; 1.5 becomes 2
)
def test_classes_are_balanced(run, tmp_path, percent, per_class):
    source = write(tmp_path / 'list.txt', text_list([50, 50, 40, 60]))
    lines = run(source, tmp_path / 'subset.txt', percent).decode().splitlines()
    assert Counter(line.split()[1] for line in lines) == dict.fromkeys('0123', per_class)
    assert len(set(lines)) == len(lines)
    assert set(lines) <= set(source.read_text().splitlines())


def test_order_of_the_list_changes_nothing(run, tmp_path):
    lines = text_list([30, 20, 25])
    subsets = set()
    for seed in range(4):
        random.Random(seed).shuffle(lines)
        source = write(tmp_path / 'list.txt', lines)
        subsets.add(run(source, tmp_path / 'subset.txt', 20))
    assert len(subsets) == 1
    source = write(tmp_path / 'list.txt', lines, end='\r\n')
    assert run(source, tmp_path / 'subset.txt', 20) in subsets
    source = write(tmp_path / 'list.txt', [*lines, *lines])
    assert run(source, tmp_path / 'subset.txt', 20) in subsets


def test_choice_is_that_of_the_documented_hash(run, tmp_path):
    lines = text_list([8, 9])
    source = write(tmp_path / 'list.txt', lines)
    subset = run(source, tmp_path / 'subset.txt', 40, '--seed', 7).decode().splitlines()
    expected = []
    for name in '01':
        places = {
            hashlib.sha256(f'7\n{line}'.encode()).hexdigest(): line
            for line in lines
            if line.endswith(f' {name}')
        }
        expected += [places[place] for place in sorted(places)][:3]
    assert subset == sorted(expected)


def test_seeds_choose_different_lines_and_every_line_is_chosen(run, tmp_path):
    source = write(tmp_path / 'list.txt', text_list([10, 10]))
    counts = Counter()
    for seed in range(60):
        counts.update(run(source, tmp_path / 'subset.txt', 20, '--seed', seed).splitlines())
    assert len(counts) == 20
    assert sum(counts.values()) == 60 * 4
    assert 2 < min(counts.values()) <= max(counts.values()) < 25  # 12 each on average


def test_small_classes_are_used_in_full_and_reported(run, tmp_path, capsys):
    source = write(tmp_path / 'list.txt', text_list([40, 2, 40, 3]))
    out = tmp_path / 'subset.txt'
    content = run(source, out, 50)  # 42.5 / 4, that is 11
    printed = capsys.readouterr().out
    assert Counter(line.split()[1] for line in content.decode().splitlines()) == {
        '0': 11, '1': 2, '2': 11, '3': 3,
    }  # fmt: skip
    assert '27 of 85 videos (31.76 %) of 4 classes' in printed
    assert '0:11 1:2 2:11 3:3' in printed
    assert '2 classes have fewer than 11, all used: 1 3' in printed
    assert f'SHA-256 {hashlib.sha256(content).hexdigest()}' in printed


def test_a_number_of_each_class(tool, tmp_path, monkeypatch):
    source, out = write(tmp_path / 'list.txt', text_list([40, 2, 40])), tmp_path / 'subset.txt'
    assert run_main(tool, monkeypatch, source, '--per-class', 5, '--out', out) == 0
    lines = out.read_text().splitlines()
    assert Counter(line.split()[1] for line in lines) == {'0': 5, '1': 2, '2': 5}
    assert set(lines) <= set(source.read_text().splitlines())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--per-class', 0), 'must be at least 1, got 0'),
        (('--per-class', 5, '--percent', 10), 'not allowed with argument'),
        (('--per-class', 5, '--unbalanced'), 'give --percent'),
        ((), 'one of the arguments --percent --per-class is required'),
    ],
)
def test_wrong_numbers_of_each_class(tool, tmp_path, monkeypatch, capsys, options, message):
    source, out = write(tmp_path / 'list.txt', text_list([4, 4])), tmp_path / 'subset.txt'
    assert run_main(tool, monkeypatch, source, *options, '--out', out) == 2
    assert message in capsys.readouterr().err


def test_csv_keeps_header_and_lines(run, tmp_path):
    header = 'path,length,action'
    lines = [f'"{c}/{v} ä.mp4",{v},"{c}, ever"' for c in ('run', 'jump') for v in range(10)]
    source = write(tmp_path / 'list.csv', [header, *lines])
    subset = run(source, tmp_path / 'subset.csv', 30, '--label', 'action').decode().splitlines()
    assert subset[0] == header
    assert set(subset[1:]) <= set(lines)
    assert Counter(line.split('"')[3] for line in subset[1:]) == {'run, ever': 3, 'jump, ever': 3}


def test_unbalanced_share_is_of_the_whole_list(run, tmp_path, capsys):
    """The share is rounded down, without repeats, in any order, and needs no labels."""
    lines = [f'video{number}.mp4' for number in range(38)]
    source = write(tmp_path / 'list.txt', lines)
    content = run(source, tmp_path / 'subset.txt', 30, '--unbalanced')
    chosen = content.decode().splitlines()
    assert len(set(chosen)) == len(chosen) == 11
    assert set(chosen) < set(lines)
    assert '11 lines of 38, 11 of them different' in capsys.readouterr().out
    random.Random(0).shuffle(lines)
    source = write(tmp_path / 'list.txt', lines)
    assert run(source, tmp_path / 'subset.txt', 30, '--unbalanced') == content
    others = run(source, tmp_path / 'subset.txt', 30, '--unbalanced', '--seed', 1)
    assert others != content


def test_share_with_replacement_follows_the_authors_code_of_vie(run, tmp_path, capsys):
    """``np.random.seed(0)`` and ``sorted(np.random.choice(range(N), int(N * share)))``."""
    header, lines = 'path,label', [f'video{number}.mp4,{number % 3}' for number in range(50)]
    source = write(tmp_path / 'list.csv', [header, *lines])
    out = tmp_path / 'subset.csv'
    drawn = run(source, out, 70, '--with-replacement').decode().splitlines()
    state = np.random.get_state()
    np.random.seed(0)
    expected = sorted(np.random.choice(range(50), int(50 * 0.7)))
    np.random.set_state(state)
    assert drawn == [header, *(lines[number] for number in expected)]
    assert f'35 lines of 50, {len(set(expected))} of them different' in capsys.readouterr().out
    assert len(set(expected)) < 35


@pytest.mark.parametrize(
    ('name', 'lines', 'message'),
    [
        ('list.txt', ['a.mp4 0', 'b c.mp4 0'], r"list\.txt:2: 'b c\.mp4 0' is not `path label`"),
        ('list.txt', ['a.mp4'], r'list\.txt:1'),
        ('list.txt', ['', ' '], 'is empty'),
        ('list.csv', ['path,class', 'a.mp4,0'], r"no column 'label'; it has \['path', 'class'\]"),
        ('list.csv', ['path,label', 'a.mp4,0,1'], r'list\.csv:2: .* is not a row'),
        ('list.csv', ['path,label'], 'no rows below its header'),
    ],
)
def test_lists_that_cannot_be_read(run, tmp_path, name, lines, message):
    source = write(tmp_path / name, lines)
    with pytest.raises(ValueError, match=message):
        run(source, tmp_path / f'subset{source.suffix}', 10)


def test_absent_list_is_named(run, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.txt'):
        run(tmp_path / 'gone.txt', tmp_path / 'subset.txt', 10)


@pytest.mark.parametrize(
    ('percent', 'out', 'message'),
    [
        (0, 'subset.txt', 'must be within'),
        (101, 'subset.txt', 'must be within'),
        (10, 'subset.csv', "must end in '.txt'"),
        (10, 'list.txt', 'is the list itself'),
    ],
)
def test_wrong_arguments(run, tmp_path, capsys, percent, out, message):
    source = write(tmp_path / 'list.txt', text_list([4, 4]))
    with pytest.raises(SystemExit):
        run(source, tmp_path / out, percent)
    assert message in capsys.readouterr().err
    assert source.read_text().splitlines() == text_list([4, 4])
