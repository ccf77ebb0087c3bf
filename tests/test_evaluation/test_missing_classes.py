"""Classes of queries that the gallery lacks are told with their number and what is near."""

import pytest
import torch

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import missing_classes, tell_missing_classes


def videos(source, *labels):
    attributes = [dict(label=label) for label in labels]
    return FeatureSet(torch.ones(len(labels), 1), attributes, source=source)


@pytest.mark.parametrize(
    ('wanted', 'known', 'told'),
    [
        ('abab', 'ab', None),
        (['a', 'b', 'c', 'c'], 'ab', "2 of 4 queries of q.csv have a class of 'label' that no "
         "video of g.csv has: 'c' (2). Retrieval"),
        (['Run', 'run'], ['run', 'jump'], "1 of 2 .*: 'Run' (1, but 'run' is there). Retrieval"),
        (['1', 2], [1, 2], "1 of 2 .*: '1' (1, but 1 is there). Retrieval"),
        ('abcdefg', ['z'], "7 of 7 .*: 'a' (1); 'b' (1); 'c' (1); 'd' (1); 'e' (1); .... Retr"),
    ],
)  # fmt: skip
def test_missing_classes(monkeypatch, wanted, known, told):
    lines = []
    monkeypatch.setattr(missing_classes, 'warn_once', lines.append)
    queries, gallery = videos('q.csv', *wanted), videos('g.csv', *known)
    tell_missing_classes(queries, gallery, 'label')
    assert len(lines) == (told is not None)
    if told:
        start, _, end = told.partition('.*')
        assert lines[0].startswith(start) and end in lines[0]


def test_a_column_that_a_list_lacks_is_left_to_the_metrics(monkeypatch):
    monkeypatch.setattr(missing_classes, 'warn_once', None)
    tell_missing_classes(videos('q', 'a'), videos('g', 'b'), 'motion')
