"""The best scores, compared with sorting all of them."""

import pytest
import torch

from vsslbox.evaluation.functional.best_scores import BestScores


def random_order(generator):
    return torch.rand(500, 6, generator=generator)


def rising(generator):
    """Every score is above the bar."""
    return torch.rand(500, 6, generator=generator).sort(dim=0).values


def one_query_alone(generator):
    """All best scores of a query come together, and those of other queries at other times."""
    scores = torch.rand(500, 6, generator=generator)
    scores[200:300, 3] += 1
    return scores


def mostly_left_out(generator):
    """Fewer scores than are kept."""
    scores = torch.full((500, 6), -torch.inf)
    scores[::100] = torch.rand(5, 6, generator=generator)
    return scores


@pytest.mark.parametrize('rows', [500, 64, 33, 1])
@pytest.mark.parametrize('count', [1, 10, 200])
@pytest.mark.parametrize('make', [random_order, rising, one_query_alone, mostly_left_out])
def test_the_best_are_kept(make, count, rows):
    scores = make(torch.Generator().manual_seed(0)).double()
    best = BestScores(6, count, scores)
    for start in range(0, 500, rows):
        best.add(scores[start : start + rows], start)
    kept, indices = best.result()
    expected = scores.T.sort(dim=1, descending=True)
    assert kept.tolist() == expected.values[:, :count].tolist()
    there = kept.isfinite()
    assert indices[there].tolist() == expected.indices[:, :count][there].tolist()


def test_memory_depends_on_what_is_kept():
    """The buffers grow with the scores above the bar, not with those added."""
    best = BestScores(6, 10, torch.empty(0))
    for start in range(0, 32000, 320):
        best.add(torch.rand(320, 6, generator=torch.Generator().manual_seed(start)), start)
    assert best._scores.shape[1] < 64
