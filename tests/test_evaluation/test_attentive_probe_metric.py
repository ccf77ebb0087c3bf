"""The attentive probe as a protocol: what it finds, what chooses its head, and what it refuses."""

import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import TokenSet
from vsslbox.evaluation.metrics import (
    AttentiveProbeMetric,
    LinearProbeMetric,
    ReportCardMetric,
)

SMALL = dict(depth=1, num_heads=4, batch_size=32, lr=(1e-2, 1e-3), weight_decay=(0.01,))


def videos(tokens, labels, first=0, **columns):
    columns = dict(columns, kind=labels, name=[f'{first + n}.mp4' for n in range(len(labels))])
    attributes = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
    return FeatureSet(
        tokens.mean(dim=1), attributes, tokens=None if tokens is None else TokenSet.of(tokens)
    )


def marked(size, seed):
    """Two tokens a video, of which one has a mark; the class is which kind of token that is.

    The mean of the tokens is the same for both classes, and without the mean over the tokens there
    is nothing to tell them apart.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (size,), generator=generator)
    tokens = 0.3 * torch.randn(size, 2, 16, generator=generator)
    kind = torch.tensor([2.0, -2.0])
    tokens[:, :, 0] += kind  # the first token is of one kind, the second of the other
    tokens[torch.arange(size), labels, 1] += 3.0
    tokens -= tokens.mean(dim=1, keepdim=True)
    return videos(tokens, labels.tolist(), first=1000 * seed)


def noise(size, seed, classes=4):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (size,), generator=generator).tolist()
    return videos(torch.randn(size, 3, 8, generator=generator), labels, first=1000 * seed)


def test_it_sees_what_the_mean_of_the_tokens_does_not():
    gallery, queries = marked(200, seed=0), marked(200, seed=1)
    assert queries.features.abs().max() < 1e-5
    linear = LinearProbeMetric(labels=('kind',))(queries, gallery)['linear/kind/top1']
    assert linear < 65
    metric = AttentiveProbeMetric(labels=('kind',), **SMALL)
    assert metric(queries, gallery)['attentive/kind/top1'] > 95
    assert metric.notes()['attentive/kind'].startswith('of 2 heads, lr 0.0')


def test_random_labels_stay_at_chance():
    gallery, queries = noise(100, seed=0), noise(300, seed=1)
    metric = AttentiveProbeMetric(labels=('kind',), **SMALL)
    assert metric(queries, gallery)['attentive/kind/top1'] < 37.5  # chance is 25, 5 errors 12.5
    assert 20 < metric.chance(queries, gallery)['attentive/kind/top1'] < 32


@pytest.mark.slow
def test_the_labels_of_queries_have_no_part_in_the_choice():
    gallery, queries = marked(60, seed=0), marked(40, seed=1)
    found = []
    for labels in (queries.column('kind'), [1 - kind for kind in queries.column('kind')]):
        metric = AttentiveProbeMetric(labels=('kind',), **SMALL)
        own = videos(queries.tokens.array, labels)
        found.append((metric.predict(own, gallery, 'kind'), metric.notes()))
    assert found[0] == found[1]


def test_the_authors_choice_has_a_name_of_its_own():
    gallery, queries = noise(40, seed=0), noise(60, seed=1)
    values, accuracies = {}, []
    for rate in SMALL['lr']:
        single = dict(SMALL, lr=(rate,))
        metric = AttentiveProbeMetric(labels=('kind',), **single)
        accuracies.append(metric(queries, gallery)['attentive/kind/top1'])
        assert metric.notes() == {}
    metric = AttentiveProbeMetric(labels=('kind',), choose_on='queries', **SMALL)
    values = metric(queries, gallery)
    assert values == {'attentive/kind/best_of_2_on_queries': max(accuracies)}
    (note,) = metric.notes().values()
    assert note.endswith(f'won with {max(accuracies):.1f} % of 60 videos that are evaluated')


def test_a_head_that_diverges_is_not_chosen_and_right_for_no_query():
    gallery, queries = marked(60, seed=0), marked(40, seed=1)
    metric = AttentiveProbeMetric(labels=('kind',), **dict(SMALL, lr=(1e30, 1e-2)))
    assert metric(queries, gallery)['attentive/kind/top1'] > 90
    assert 'lr 0.01 ' in metric.notes()['attentive/kind']
    metric = AttentiveProbeMetric(labels=('kind',), **dict(SMALL, lr=(1e30,)))
    assert metric.predict(queries, gallery, 'kind') == [None] * 40


def test_seeds():
    gallery, queries = noise(40, seed=0), noise(60, seed=1)
    first, again, other = (
        AttentiveProbeMetric(labels=('kind',), seed=seed, **SMALL).predict(queries, gallery, 'kind')
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_the_random_state_of_others_is_left_alone():
    gallery, queries = noise(20, seed=0), noise(20, seed=1)
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    AttentiveProbeMetric(labels=('kind',), **SMALL)(queries, gallery)
    assert torch.equal(torch.rand(3), expected)


def test_groups_and_rare_classes_do_not_choose():
    """A fifth of the groups of common classes chooses; none of them trains."""
    labels = [0, 1] * 10 + [2]
    scenes = [f's{number // 2}' for number in range(20)] + ['s0']
    gallery = videos(torch.randn(21, 3, 8), labels, scene=scenes)
    metric = AttentiveProbeMetric(labels=('kind',), leave_out='scene', **SMALL)
    train, val = metric._division(gallery, 'kind')
    in_val, in_train = ({scenes[number] for number in part} for part in (val, train))
    assert len(val) == 4 and len(in_val) == 2 and not in_val & in_train
    assert {labels[number] for number in val} == {0, 1}
    assert set(train) == set(range(21)) - {n for n in range(21) if scenes[n] in in_val}


def test_without_a_gallery_every_division_chooses_its_own():
    card = ReportCardMetric(
        dict(attentive=dict(type='AttentiveProbeMetric', **dict(SMALL, epochs=2))), labels=('kind',)
    )
    queries = marked(50, seed=0)
    values = card(queries, queries)
    assert set(values) == {'attentive/kind/top1'}
    assert card.evaluation.outcomes['attentive/kind/top1'].shape == (50,)
    assert 'divisions of the gallery' in card.notes()['attentive/kind']


def test_the_card_names_what_is_not_possible():
    card = ReportCardMetric(
        dict(attentive=dict(type='AttentiveProbeMetric', **dict(SMALL, num_heads=3))),
        labels=('kind',),
    )
    assert card(noise(20, seed=0), noise(20, seed=1)) == {}
    assert card.impossible == {
        'attentive/kind': 'tokens of 8 numbers cannot be split among 3 heads: set `num_heads` to a '
        'divisor'
    }


def without_tokens(features):
    return FeatureSet(features.features, features.attributes)


def test_errors():
    gallery, queries = noise(20, seed=0), noise(20, seed=1)

    def predict(queries, gallery, **changes):
        metric = AttentiveProbeMetric(**{**SMALL, 'labels': ('kind',), **changes})
        return metric.predict(queries, gallery, 'kind')

    with pytest.raises(InputError, match='there are no tokens to attend to, but features alone'):
        predict(without_tokens(queries), without_tokens(gallery))
    alone = videos(gallery.tokens.array, [1] * 20)
    with pytest.raises(InputError, match="needs at least two classes of 'kind'"):
        predict(queries, alone)
    single = videos(gallery.tokens.array, list(range(20)))
    with pytest.raises(InputError, match="no class of 'kind' has two videos or groups in the gal"):
        predict(queries, single)
    assert len(predict(queries, single, lr=(1e-3,), epochs=1)) == 20
    for changes, message in (
        (dict(lr=()), 'lr and weight_decay of AttentiveProbeMetric must be lists of positive'),
        (dict(weight_decay=(-0.1,)), 'lr and weight_decay of AttentiveProbeMetric must be lists'),
        (dict(epochs=0), 'must be positive, got 1, 4, 0 and 32'),
        (dict(choose_on='test'), r"must be one of \('gallery', 'queries'\), got 'test'"),
    ):
        with pytest.raises(InputError, match=message):
            predict(queries, gallery, **changes)
