"""The report's figures and the terminal's table."""

import base64
import re

import cv2
import numpy as np
import pytest
import torch

from vsslbox.evaluation import Comparison, FeatureSet, Figure
from vsslbox.visualization import (
    confusion_matrix,
    confusion_plot,
    embed,
    figures_text,
    findings,
    metrics_text,
    mistaken_videos,
    nearest_videos,
    scatter_plot,
    spread_points,
    verdict,
)


def test_embedding_keeps_clusters_apart():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    lengths = rng.uniform(0.1, 10, (60, 1))  # only directions count
    features = lengths * (np.eye(8)[labels] + 0.1 * rng.normal(size=(60, 8)))
    chosen, points = embed(features.astype(np.float32), seed=0)
    assert chosen.tolist() == list(range(60))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(60)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    assert np.array_equal(embed(features.astype(np.float32), seed=0)[1], points)


def test_embedding_of_too_many_features_is_of_a_sample():
    features = np.random.default_rng(0).normal(size=(2100, 3)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('vsslbox.visualization.embedding.MOST_POINTS', 50)
        chosen, points = embed(features, seed=1)
    assert len(set(chosen.tolist())) == 50 and points.shape == (50, 2)


@pytest.mark.parametrize(('number', 'shown'), [(4, 0), (5, 5)])
def test_few_or_equal_features(number, shown):
    chosen, points = embed(np.ones((number, 4), dtype=np.float32), seed=0)
    assert len(chosen) == len(points) == shown
    assert np.isfinite(points).all()


def test_confusion_counts_pairs():
    classes, counts = confusion_matrix([10, 9, 9, 'b'], [9, 9, 10, 'a'])
    assert classes == [9, 10, 'a', 'b']
    assert counts == [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert confusion_matrix([1, 2], [1, None]) == ([1, 2, None], [[1, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_table_of_the_terminal():
    metrics = {
        'a': {'x/R@1': 10.04, 'x/unanswerable': 2, 'x/R@5': 12.02},
        'b': {'x/R@1': 12, 'y/top1': 7, 'x/R@5': 12},
    }
    table = metrics_text(metrics, paper={'y/top1': 70.6, 'z': 1})
    assert [line.split() for line in table.splitlines()] == [
        ['a', 'b', 'gain', 'paper'],
        ['x/R@1', '10.0', '12.0', '+2.0', '-'],
        ['x/unanswerable', '2', '-', '-'],
        ['x/R@5', '12.0', '12.0', '+0.0', '-'],
        ['y/top1', '-', '7.0', '-', '70.6'],
    ]


@pytest.mark.parametrize('alone', [True, False])
def test_the_retrievals_shown_leave_out_what_the_metric_does(alone):
    """Of six equal videos in three scenes, four are of another scene than a query's."""
    attributes = [dict(name=str(i), label=i, scene=i // 2) for i in range(6)]
    queries = FeatureSet(torch.ones(6, 2), attributes)
    gallery = queries if alone else FeatureSet(torch.ones(6, 2), attributes)
    picture = np.zeros((2, 2, 3), np.uint8)
    pictures = [lambda index: picture] * 2
    for leave_out, number in (('scene', 4), (None, 5 if alone else 6)):
        for shown in nearest_videos(
            queries, gallery, ['scene'], *pictures, num_hits=9, leave_out=leave_out
        ):
            assert len(shown.hits) == number
            scene = shown.query_caption.splitlines()[1]
            same = [hit for hit in shown.hits if hit.caption.splitlines()[1] == scene]
            assert len(same) == number - 4


def drawings(html):
    """The SVGs of a figure as text: the light one and the dark one."""
    found = re.findall(r'"data:image/svg\+xml;base64,([^"]+)"', html)
    return [base64.b64decode(data).decode() for data in found]


def test_a_confusion_matrix_has_full_labels_and_all_counts():
    names = ['a rather long name of a class', '$x$ & <y> 走る', 3]
    html = confusion_plot('look', names, [[7, 1, 0], [0, 5, 0], [2, 0, 11]])
    assert 'alt="confusion matrix of look"' in html
    dark, light = drawings(html)
    for svg in (dark, light):
        texts = re.findall('<text [^>]*>(.*?)</text>', svg)
        assert texts.count('a rather long name of a class') == 2
        assert texts.count('$x$ &amp; &lt;y&gt; 走る') == 2
        counts = [text for text in texts if text.isdecimal()]
        assert sorted(counts, key=int) == sorted(['7', '1', '5', '2', '11', '3', '3'], key=int)
    assert 'predicted' in light and light != dark


def test_a_large_confusion_matrix_takes_the_width_of_the_page():
    """It keeps all names, and its cells have no numbers."""
    names = [f'class {number}' for number in range(41)]
    html = confusion_plot('look', names, np.eye(41, dtype=int).tolist())
    assert 'class="card wide"' in html
    for svg in drawings(html):
        texts = re.findall('<text [^>]*>(.*?)</text>', svg)
        assert sorted(texts) == sorted([*names, *names, 'predicted', 'true'])


def test_dots_stand_where_their_points_are_in_the_colours_of_their_labels():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    html = scatter_plot('look', points, ['a', 'b', 'a', 'b'])
    (data,) = re.findall('data:image/png;base64,([^"]+)"', html)
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    colours = re.findall('color:#(..)(..)(..)">●', html)
    middle = pixels.shape[1] // 2
    for colour, half in zip(colours, (pixels[:, :middle], pixels[:, middle:])):
        dots = half[half[..., 3] == 255]
        assert len(dots) > 20 and (dots[:, 2::-1] == [int(part, 16) for part in colour]).all()
    assert not pixels[0, 0, 3], 'the page shows through'


def test_pictures_stand_on_points_far_from_each_other():
    points = np.array([[5, 5], [0, 0], [0, 1], [10, 10], [9, 10], [0, 10]])
    assert spread_points(points, 4) == [0, 1, 3, 5]
    assert sorted(spread_points(points, 9)) == list(range(6))
    assert spread_points(points[:0], 3) == []
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    html = scatter_plot('look', points, [0] * 6, {5: red})
    (data,) = re.findall('data:image/png;base64,([^"]+)"', html)
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    ys, xs = np.nonzero((pixels == [0, 0, 255, 255]).all(axis=2))
    assert len(xs) > 500 and xs.max() < len(pixels) / 3 and ys.max() < len(pixels) / 3


def test_mistakes_are_grouped_and_show_the_nearest_of_the_wrong_class():
    features = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    queries = FeatureSet(features, [dict(name=f'q{i}', look='ab'[i // 3]) for i in range(4)])
    gallery = FeatureSet(
        torch.tensor([[0.6, 0.4], [0.95, 0.05], [0.05, 0.95]]),
        [dict(name=f'g{i}', look=look) for i, look in enumerate('bba')],
    )
    thumbnails = [lambda index: np.full((2, 2, 3), index, np.uint8)] * 2
    found = mistaken_videos(
        queries, gallery, 'look', ['b', 'b', 'a', 'a'], *thumbnails, num_examples=1
    )
    assert [group.title for group in found] == [
        'look a taken for b: 2 of 3 queries', 'look b taken for a: 1 of 1 queries',
    ]  # fmt: skip
    (example,) = found[0].examples
    assert example.query_caption == 'q0\nlook a'
    assert [(hit.caption, hit.correct) for hit in example.hits] == [('g1\nlook b', False)]


def compared(verdict, difference=10.0, interval=(2.0, 18.0)):
    return Comparison(50.0, None, difference, interval, 0.01, verdict)


def told(value=60.0, interval=(51.0, 68.0), chance=25.0, **others):
    figure = Figure('knn/motion/top1', value, 120, interval, chance, others)
    return findings([figure], ['motion']), verdict(figure)


def test_a_finding_is_as_good_as_the_statistics():
    sentences, short = told(
        random=compared('better', 17.5, (8.0, 27.0)),
        colour=compared('worse', -6.0, (-11.0, -1.5)),
        motion=compared('not distinguishable', 9.0, (-1.0, 20.0)),
    )
    assert sentences == [
        'On motion (kNN, 120 videos) the checkpoint reaches 60.0 % [51.0, 68.0] and is 17.5 points '
        'above random initialisation [8.0, 27.0], 6.0 points below a colour histogram [1.5, 11.0] '
        'and not distinguishable from frame differences.'
    ]
    assert short == 'better than random; worse than colour; not distinguishable from motion'


@pytest.mark.parametrize(
    ('chance', 'end'),
    [
        (25.0, 'and is above chance (25.0 %).'),
        (55.0, 'and is not distinguishable from chance (55.0 %).'),
        (75.0, 'and is below chance (75.0 %).'),
    ],
)
def test_without_other_features_there_is_chance(chance, end):
    (sentence,) = told(chance=chance)[0]
    assert sentence.endswith(end)


def test_a_finding_is_told_once_a_label_by_the_first_protocol():
    names = ['retrieval/a/R@1', 'svm/a/top1', 'retrieval/b/R@1', 'map/c']
    figures = [Figure(name, 50.0, 10, (20.0, 80.0), 10.0) for name in names]
    first, second = findings(figures, ['a', 'b', 'c'])
    assert first.startswith('On a (linear SVM, 10 videos)')
    assert second.startswith('On b (nearest video, 10 videos)')


def test_figures_of_the_terminal():
    figures = [
        Figure('knn/a/top1', 61.54, 120, (52.6, 69.8), 25.0, dict(
            random=Comparison(20.0, 3.04, 41.5, (30.0, 52.0), 0.001, 'better'),
            motion=Comparison(60.0, None, 1.5, (-5.0, 8.0), 0.6),
        )),
        Figure('map', 12.34, comparisons=dict(random=Comparison(4.0, 1.0), motion=Comparison(3.0))),
    ]  # fmt: skip
    head, first, second = figures_text(figures, paper={'map': 70.64}).splitlines()
    split = re.compile('  +').split
    assert split(head.strip()) == [
        'n', 'checkpoint', '95 %', 'chance', 'random', 'motion', 'paper', 'verdict',
    ]  # fmt: skip
    assert split(first) == [
        'knn/a/top1', '120', '61.5', '52.6 to 69.8', '25.0', '20.0 ± 3.0', '60.0', '-',
        'better than random; not distinguishable from motion',
    ]  # fmt: skip
    assert split(second) == ['map', '-', '12.3', '-', '-', '4.0 ± 1.0', '3.0', '70.6']
