"""The probes find what features hold linearly, column by column, and nothing in noise."""

import numpy as np
import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet, compare_figures
from vsslbox.evaluation.metrics import ProbesMetric, ReportCardMetric


def videos(features, first=0, **columns):
    columns = {name: np.asarray(values).tolist() for name, values in columns.items()}
    columns['name'] = [f'{first + number}.mp4' for number in range(len(features))]
    attributes = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
    return FeatureSet(torch.as_tensor(features, dtype=torch.float32), attributes)


def scene(size, seed):
    """Videos with a speed, an angle and a class that the features hold, and a mood they do not."""
    rng = np.random.default_rng(seed)
    speed, azimuth = rng.uniform(0.7, 1.4, size), rng.integers(360, size=size)
    kind, mood = rng.integers(3, size=size), rng.integers(2, size=size)
    radians = np.radians(azimuth)
    known = np.stack([speed * 10, np.cos(radians), np.sin(radians), *np.eye(3)[kind].T], axis=1)
    features = np.concatenate([known, rng.normal(size=(size, 4))], axis=1)
    columns = dict(speed=[f'{value:.2f}' for value in speed], azimuth=azimuth)
    return videos(features, 1000 * seed, **columns, kind=kind, mood=mood)


def test_what_features_hold_is_found_and_nothing_else():
    queries, gallery = scene(200, 1), scene(300, 0)
    metric = ProbesMetric(degrees=['azimuth'])
    values = metric(queries, gallery)
    assert list(values) == [
        'probes/speed/R2',
        'probes/azimuth/R2',
        'probes/kind/balanced',
        'probes/mood/balanced',
    ]
    assert values['probes/speed/R2'] > 99 and values['probes/azimuth/R2'] > 99
    assert values['probes/kind/balanced'] == 100
    assert abs(values['probes/mood/balanced'] - 50) < 15
    chance = dict(zip(values, (0, 0, 100 / 3, 50)))
    assert metric.chance(queries, gallery) == pytest.approx(chance)


def test_an_angle_needs_both_coordinates():
    """By the number of degrees, 359 and 1 are far apart, and a line cannot say so."""
    queries, gallery = scene(200, 1), scene(300, 0)
    values = {
        meaning: ProbesMetric(['azimuth'], **{meaning: ['azimuth']})(queries, gallery)
        for meaning in ('numbers', 'degrees')
    }
    found = {meaning: value['probes/azimuth/R2'] for meaning, value in values.items()}
    assert found['degrees'] > 99 > 80 > found['numbers']


def test_the_penalty_is_that_which_leaves_out_one_video_best():
    rng = np.random.default_rng(0)
    rows, inputs = rng.normal(size=(40, 12)), rng.normal(size=(30, 12))
    truth = rng.normal(size=12)
    known, own = (x @ truth + rng.normal(0, 3, len(x)) for x in (rows, inputs))
    gallery, queries = videos(rows, speed=known), videos(inputs, 100, speed=own)
    metric = ProbesMetric(['speed'])

    def solve(x, y, alpha):
        return np.linalg.solve(x.T @ x + alpha * np.eye(12), x.T @ y)

    rows, inputs = (np.float32(x).astype(float) for x in (rows, inputs))
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    x, new, y = (rows - mean) / scale, (inputs - mean) / scale, known - known.mean()
    errors = []
    for alpha in 10.0 ** np.arange(-1, 8):
        error = 0
        for left in range(40):
            rest = np.arange(40) != left
            centre, level = x[rest].mean(axis=0), y[rest].mean()
            weights = solve(x[rest] - centre, y[rest] - level, alpha)
            error += (y[left] - level - (x[left] - centre) @ weights) ** 2
        errors.append(error)
    best = 10.0 ** (np.argmin(errors) - 1)
    predicted = known.mean() + new @ solve(x, y, best)
    expected = 1 - ((own - predicted) ** 2).sum() / ((own - own.mean()) ** 2).sum()
    assert 0 < np.argmin(errors) < 8
    assert metric(queries, gallery)['probes/speed/R2'] == pytest.approx(100 * expected, abs=1e-6)


def test_classes_weigh_the_same_however_rare():
    """One feature that is 1 for the rare class and for a tenth of the other."""
    label = np.arange(200) < 20
    feature = (label | (np.arange(200) >= 182)).astype(float)[:, None]
    gallery, queries = videos(feature, mood=label), videos(feature, 1000, mood=label)
    values = ProbesMetric(['mood'])(queries, gallery)
    assert values == pytest.approx({'probes/mood/balanced': 100 * (1 + 0.9) / 2})
    noise = videos(np.zeros((200, 1)), 1000, mood=label)
    assert ProbesMetric(['mood'])(noise, gallery)['probes/mood/balanced'] == pytest.approx(50)


@pytest.mark.parametrize('leave_out', [None, 'scene'])
def test_without_a_gallery_groups_are_predicted_by_others(leave_out):
    rng = np.random.default_rng(1)
    scenes = np.arange(120) // 6
    features = rng.normal(size=(20, 64))[scenes] + 0.01 * rng.normal(size=(120, 64))
    speed = rng.normal(size=20)[scenes]  # one for each scene: nothing to be learnt from others
    alone = videos(features, scene=scenes, speed=speed)
    card = ReportCardMetric(
        dict(probes=dict(type='ProbesMetric', columns=['speed'])),
        labels=['scene'],
        leave_out=leave_out,
    )
    (value,) = card(alone, alone).values()
    assert value > 95 if leave_out is None else value < 20


def test_videos_of_the_gallery_that_are_queries_or_of_their_group_do_not_train():
    rng = np.random.default_rng(2)
    features, speed = rng.normal(size=(60, 80)), rng.normal(size=60)
    scenes = np.arange(60) % 6
    both = videos(features, scene=scenes, speed=speed)
    both.files = [str(number) for number in range(60)]
    queries = both.rows(range(0, 60, 6))  # of scene 0
    rest = both.rows([n for n in range(60) if n % 6])
    for leave_out in (None, 'scene'):
        metric = ProbesMetric(['speed'], leave_out=leave_out)
        assert metric(queries, both) == pytest.approx(metric(queries, rest))
    metric = ProbesMetric(['speed'], leave_out='scene')
    reason = "'speed': the videos of the gallery are queries, or of their groups"
    assert metric.obstacle(queries, both.rows(range(6, 60, 6))) == reason


def test_the_card_evaluates_them_once_with_intervals_and_verdicts():
    queries, gallery = scene(100, 1), scene(200, 0)
    cards = []
    for noise in (False, True):
        sets = [queries, gallery]
        if noise:
            generator = torch.Generator().manual_seed(0)
            sets = [
                FeatureSet(torch.randn(own.features.shape, generator=generator), own.attributes)
                for own in sets
            ]
        protocols = dict(probes=dict(type='ProbesMetric', degrees=['azimuth']))
        card = ReportCardMetric(protocols, labels=['kind', 'mood'])
        card(*sets)
        cards.append(card)
    figures = compare_figures(
        cards[0].evaluation, dict(random=[cards[1].evaluation]), cards[0].chances()
    )
    found = {figure.name: figure.comparisons['random'].verdict for figure in figures}
    assert found == {
        'probes/speed/R2': 'better',
        'probes/azimuth/R2': 'better',
        'probes/kind/balanced': 'better',
        'probes/mood/balanced': 'not distinguishable',
    }
    for figure in figures:
        assert figure.n == 100 and figure.interval[0] <= figure.value <= figure.interval[1]
    assert figures[0].comparisons['random'].value < 5


def test_columns_that_cannot_be_predicted():
    queries, gallery = scene(30, 1), scene(30, 0)
    for own in queries, gallery:
        for number, attributes in enumerate(own.attributes):
            place = 'garden' if number else ''
            attributes.update(path=attributes['name'], one='x', place=place, split='test')
    metric = ProbesMetric()
    names = [name.split('/')[1] for name in metric(queries, gallery)]
    assert names == ['speed', 'kind', 'mood']  # most azimuths are integers that no other video has
    reason = 'left out, as classes, most have one video: if it holds integers, name it in `numbers`'
    assert metric.notes()['probes/azimuth'] == reason
    assert list(metric.notes()) == ['probes/azimuth', 'probes/one', 'probes/place']
    for attributes in queries.attributes:
        attributes['mood'] += 2
    for columns, options, reason in (
        (['one'], {}, "'one': all queries, or all videos of the gallery, have the same value"),
        (['colour'], {}, "'colour': the list has no column 'colour'"),
        (['place'], {}, "'place': the column 'place' of the list is empty for 1 of 30 videos"),
        (['name'], {}, "'name': as classes, most have one video"),
        (['mood'], {}, "'mood': no query has the class of a video of the gallery"),
        (['path'], dict(numbers=['path']), "'path': '1000.mp4' is no number"),
    ):
        metric = ProbesMetric(columns, **options)
        assert metric.obstacle(queries, gallery).startswith(reason)
        card = ReportCardMetric(dict(probes=dict(type='ProbesMetric', columns=columns, **options)))
        assert card(queries, gallery) == {} and list(card.impossible) == ['probes']
    few = queries.rows(range(4))
    assert (
        ProbesMetric(['speed']).obstacle(few, few).endswith('too few videos or groups for 5 folds')
    )


def test_errors():
    with pytest.raises(
        InputError, match=r"columns of ProbesMetric must be a list, such as \['a'\]"
    ):
        ProbesMetric('a')
    with pytest.raises(InputError, match="'a' of ProbesMetric is named in numbers and in degrees"):
        ProbesMetric(numbers=['a'], degrees=['a'])
