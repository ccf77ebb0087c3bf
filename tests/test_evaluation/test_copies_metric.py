"""Copy detection: the curve against a literal one, and the metric on features that are known."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.functional import CopyRanking
from vsslbox.evaluation.metrics import CopiesMetric, ReportCardMetric

EDITS = ['crop', 'flip']


def literal(scores, sources, least=0.9):
    """Micro average precision and the best recall at a precision, pair by pair, by steps."""
    pairs = []
    for query, row in enumerate(scores):
        for reference, score in enumerate(row):
            if score > -np.inf:
                pairs.append((score, reference == sources[query]))
    total = sum(source >= 0 for source in sources)
    precision_sum, best, before = 0.0, 0.0, 0.0
    for level in sorted({score for score, _ in pairs}, reverse=True):
        taken = [right for score, right in pairs if score >= level]
        precision, recall = sum(taken) / len(taken), sum(taken) / total
        precision_sum += precision * (recall - before)
        before = recall
        if precision >= least:
            best = max(best, recall)
    return precision_sum, best


@pytest.mark.parametrize('ties', [False, True])
def test_the_curve_is_the_literal_one(ties):
    rng = np.random.default_rng(0)
    for _ in range(5):
        scores = rng.normal(size=(14, 9))
        sources = np.where(np.arange(14) < 9, np.arange(14), -1)
        scores[np.arange(9), np.arange(9)] += 2
        scores[5, 3] = -np.inf
        if ties:
            scores = scores.round()
        ranking = CopyRanking(scores, sources)
        precision, recall = literal(scores, sources)
        assert ranking.average_precision() == pytest.approx(precision, abs=1e-12)
        assert ranking.recall_at(0.9) == pytest.approx(recall, abs=1e-12)
        right = sources[:, None] == np.arange(9)
        own = average_precision_score(right.ravel(), np.maximum(scores, -9).ravel())
        assert ranking.average_precision() == pytest.approx(own)


def test_a_video_that_is_drawn_twice_counts_twice():
    rng = np.random.default_rng(1)
    scores, sources = rng.normal(size=(6, 4)), np.array([0, 1, 2, 3, -1, -1])
    videos = np.array([0, 1, 2, 0, 1, 2])  # two queries of each
    drawn = [0, 2, 2]
    rows = np.concatenate([np.flatnonzero(videos == video) for video in drawn])
    expected, _ = literal(scores[rows], sources[rows])
    weights = np.bincount(drawn, minlength=3)
    ranking = CopyRanking(scores, sources, videos)
    assert ranking.average_precision(weights) == pytest.approx(expected)
    low, high = ranking.interval()
    assert 0 <= low < high <= 1


def test_the_interval_covers_the_value_of_many_queries():
    """Copies score 2 higher in unit noise, in which half of the queries are distractors."""

    def draw(rng, size):
        scores = rng.normal(size=(size, 5))
        sources = np.where(np.arange(size) % 2, rng.integers(5, size=size), -1)
        scores[np.flatnonzero(sources >= 0), sources[sources >= 0]] += 2
        return CopyRanking(scores, sources)

    rng = np.random.default_rng(2)
    truth = np.mean([draw(rng, 1000).average_precision() for _ in range(8)])
    covered = 0
    for seed in range(60):
        low, high = draw(rng, 80).interval(draws=200, seed=seed)
        covered += low <= truth <= high
    assert covered >= 51  # 57 expected; fewer have a chance of 0.3 %


def videos(features, treated, first=0, **columns):
    names = [f'{first + number}.mp4' for number in range(len(features))]
    columns = dict(columns, name=names)
    attributes = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
    treated = {f'copy_{edit}': torch.as_tensor(own).float() for edit, own in treated.items()}
    features = torch.as_tensor(features).float()
    return FeatureSet(features, attributes, files=names, treated=treated)


def test_features_that_no_edit_changes_are_perfect_and_noise_is_at_chance():
    rng = np.random.default_rng(3)
    features, noise = rng.normal(size=(60, 32)), rng.normal(size=(60, 32))
    queries = videos(features, dict(crop=features, flip=noise))
    gallery = videos(rng.normal(size=(90, 32)), {}, first=100)
    values = CopiesMetric(EDITS)(queries, gallery)
    for name in ('top1', 'micro_ap', 'recall_at_p90'):
        assert values[f'copies/crop/{name}'] == pytest.approx(100)
    assert values['copies/flip/micro_ap'] < 5 and values['copies/flip/top1'] < 15
    assert values['copies/flip/recall_at_p90'] == 0
    assert values['copies/all/top1'] == pytest.approx(
        (values['copies/crop/top1'] + values['copies/flip/top1']) / 2
    )
    # Half of the copies are found before all other pairs.
    assert values['copies/all/micro_ap'] == pytest.approx(50, abs=3)
    assert values['copies/all/recall_at_p90'] == pytest.approx(50, abs=3)
    chance = CopiesMetric(EDITS).chance(queries, gallery)
    assert chance == dict.fromkeys([f'copies/{e}/top1' for e in ('crop', 'flip', 'all')], 100 / 120)


def test_one_list_of_all_queries_needs_scores_that_are_comparable():
    """Each copy is nearest to its video, but a distractor scores higher than most."""
    angles = np.linspace(0, np.pi, 40, endpoint=False)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    queries = videos(features, dict(crop=features))
    metric = CopiesMetric(['crop'])
    copies = set(metric._copies(queries).tolist())
    assert len(copies) == 20
    for number in range(40):
        if number not in copies:  # a distractor that is nearly another video
            own = features[min(copies, key=lambda copy: abs(copy - number))]
            queries.treated['copy_crop'][number] = torch.tensor(own)
        else:
            queries.treated['copy_crop'][number] += 0.02
    values = metric(queries, queries)
    assert values['copies/crop/top1'] > 90
    assert values['copies/crop/micro_ap'] < 60
    note = metric.notes()['copies/crop/micro_ap']
    assert note.startswith('95 % interval over queries ')


def test_distractors_are_no_references_and_their_share_is_as_asked():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(40, 8))
    queries = videos(features, dict(crop=features))
    for share, copies in ((0, 40), (0.5, 20), (0.75, 10)):
        metric = CopiesMetric(['crop'], distractors=share)
        rights = metric.outcomes(queries, queries)['copies/crop/top1']
        assert (~rights.isnan()).sum() == copies
        assert metric.chance(queries, queries)['copies/crop/top1'] == pytest.approx(100 / copies)
        assert metric(queries, queries)['copies/crop/micro_ap'] == pytest.approx(100)
    other = CopiesMetric(['crop'], seed=1)._copies(queries)
    assert other.tolist() != CopiesMetric(['crop'])._copies(queries).tolist()


def test_videos_of_the_querys_group_are_no_false_copies():
    """Two videos of each scene have the same features."""
    rng = np.random.default_rng(5)
    scenes = np.arange(40) // 2
    features = rng.normal(size=(20, 16))[scenes]
    queries = videos(features, dict(crop=features), scene=scenes.tolist())
    assert CopiesMetric(['crop'])(queries, queries)['copies/crop/micro_ap'] < 80
    card = ReportCardMetric(
        dict(copies=dict(type='CopiesMetric', edits=['crop'])), labels=[], leave_out='scene'
    )
    values = card(queries, queries)
    assert values['copies/crop/micro_ap'] == pytest.approx(100)
    assert values['copies/crop/top1'] == 100
    assert set(card.evaluation.outcomes) == {'copies/crop/top1', 'copies/all/top1'}
    assert 'copies/crop/micro_ap' in card.notes()


def test_queries_in_the_gallery_are_no_further_references():
    rng = np.random.default_rng(6)
    features = rng.normal(size=(20, 8))
    queries = videos(features, dict(crop=features))
    rest = videos(rng.normal(size=(10, 8)), {}, first=50)
    both = videos(np.concatenate([features, rest.features]), {})
    both.files = [*queries.files, *rest.files]
    metric = CopiesMetric(['crop'])
    assert metric(queries, both) == pytest.approx(metric(queries, rest))


def test_errors_and_obstacles():
    for wrong, message in (
        (dict(edits=['zoom']), 'must be a list of some of crop, flip'),
        (dict(edits='crop'), "got 'crop'"),
        (dict(distractors=1), r'must be in \[0, 1\), got 1'),
    ):
        with pytest.raises(InputError, match=message):
            CopiesMetric(**wrong)
    few = videos(np.eye(2), dict(crop=np.eye(2)))
    assert CopiesMetric(['crop']).obstacle(few, few) == '2 queries are too few for two copies'
    many = videos(np.eye(8), dict(crop=np.eye(8)))
    reason = "there are no features of the queries under the edit 'flip'"
    assert CopiesMetric(EDITS).obstacle(many, many) == reason
