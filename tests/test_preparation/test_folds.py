"""Folds test every video once and divide no group."""

import pytest

from vsslbox.errors import InputError
from vsslbox.preparation.folds import Fold, choosing_folds, divide, group_folds, named_split

LABELS = ['fall', 'walk'] * 30
GROUPS = [f's{number // 6}' for number in range(60)]


@pytest.mark.parametrize('groups', [None, GROUPS])
def test_every_video_is_tested_once_and_every_class_in_each_fold(groups):
    folds = group_folds(LABELS, groups, 5, seed=1)
    assert sorted(number for fold in folds for number in fold.test) == list(range(60))
    for fold in folds:
        assert sorted(fold.train + fold.test) == list(range(60))
        assert {LABELS[number] for number in fold.test} == {'fall', 'walk'}
        if groups:
            train, test = ({groups[number] for number in part} for part in fold)
            assert not train & test


def test_seeds_differ_and_repeat():
    first, again, other = (group_folds(LABELS, GROUPS, 5, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_a_class_of_too_few_groups_is_named():
    with pytest.raises(InputError, match=r"'rare' has 1 groups or videos.*5 folds"):
        group_folds([*LABELS, 'rare', 'rare'], [*GROUPS, 'x', 'x'], 5, seed=0)


def test_videos_of_rare_classes_train_alone_where_a_setting_is_chosen():
    labels = ['a'] * 6 + ['b'] * 6 + ['c'] * 2
    groups = [0, 0, 1, 2, 3, 4, 0, 5, 6, 7, 8, 9, 10, 10]  # five of a, six of b, one of c
    folds = choosing_folds(labels, groups, 5, seed=0)
    assert sorted(n for fold in folds for n in fold.test) == list(range(12))
    for train, test in folds:
        assert not {groups[n] for n in train} & {groups[n] for n in test}
        assert sorted(train + test) == list(range(14)) and {12, 13} <= {*train}
    assert len(choosing_folds(labels, range(14), 5, seed=0)) == 5  # c trains alone again
    assert len(choosing_folds('aab', range(3), 5, seed=0)) == 2
    assert choosing_folds('abc', range(3), 5, seed=0) == []


def test_the_split_of_a_list_in_any_spelling():
    assert named_split(['Train', 'test ', 'train', 'VAL'], None) == ([0, 2], [1, 3])


@pytest.mark.parametrize(
    ('splits', 'groups', 'message'),
    [
        (['train', 'tset'], None, r"train, val or test, got \['tset'\]"),
        (['train', 'train'], None, '2 videos to train and 0 to test'),
        (['train', 'test'], ['a', 'a'], "1 groups train and test, such as 'a'"),
    ],
)
def test_a_split_that_tests_nothing_new_is_refused(splits, groups, message):
    with pytest.raises(InputError, match=message):
        named_split(splits, groups)


@pytest.mark.parametrize('groups', [None, GROUPS])
def test_the_best_epoch_is_chosen_by_other_videos_than_those_that_test(groups):
    (fold, *_) = group_folds(LABELS, groups, 5, seed=1)
    division = divide(fold, LABELS, groups, None, seed=1)
    assert division.test == fold.test
    assert sorted(division.train + division.val) == fold.train
    assert len(division.val) == pytest.approx(len(fold.train) / 5, abs=6)
    for part in division:
        assert {LABELS[number] for number in part} == {'fall', 'walk'}
    if groups:
        train, val, test = ({groups[number] for number in part} for part in division)
        assert not train & val and not train & test and not val & test


def test_videos_named_for_validation_choose():
    splits = ['train', 'test', 'train', 'Val ']
    fold = named_split(splits, None)
    assert divide(fold, list('abab'), None, splits, seed=0) == ([0, 2], [3], [1])
    # Without others called test they test, and some that train choose.
    splits = ['train'] * 8 + ['val', 'val']
    division = divide(named_split(splits, None), list('ab') * 5, None, splits, seed=0)
    assert division.test == [8, 9] and len(division.val) == 2


def test_a_class_that_would_not_train_is_named():
    fold = Fold(train=[0, 1, 2], test=[3])
    with pytest.raises(InputError, match=r"'b' has one group or video to train on"):
        divide(fold, list('aaba'), None, None, seed=0)
