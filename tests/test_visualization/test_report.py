"""The report, parsed as a browser does."""

import base64
import math
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from vsslbox.visualization import Hit, Retrieval, write_report

VOID = {'br', 'circle', 'img', 'line', 'meta', 'polyline', 'wbr'}


class Page(HTMLParser):
    """The contents of a page: its tags with attributes, its text, the rows of its tables."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.texts, self.rows, self.best = html, [], [], [], []
        self.open = []
        self.feed(html)
        assert not self.open, f'never closed: {self.open}'

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == 'tr':
            self.rows.append([])
        if tag in ('td', 'th'):
            self.rows[-1].append('')

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, text):
        opened = [tag for tag, _ in self.open]
        if 'style' in opened:
            return
        self.texts.append(text)
        if {'td', 'th'} & set(opened):
            self.rows[-1][-1] += text
            if self.open[-1][1].get('class') == 'best':
                self.best.append(text)

    def all(self, tag, **wanted):
        """The attributes of every such tag."""
        wanted = wanted.items()
        return [found for name, found in self.tags if name == tag and wanted <= found.items()]

    @property
    def text(self):
        return ' '.join(' '.join(self.texts).split())


@pytest.fixture
def report(tmp_path):
    def write(**contents):
        empty = dict(title='A title', metrics={}, curves={}, retrievals=[], details={})
        path = tmp_path / 'made' / 'on the way' / 'report.html'
        write_report(path, **{**empty, **contents})
        return Page(path.read_text(encoding='utf-8'))

    return write


def grey(height, width, value=128):
    return np.full((height, width, 3), value, dtype=np.uint8)


def decode(image):
    """The RGB pixels of an ``img`` tag."""
    kind, data = image['src'].split(',')
    assert kind == 'data:image/jpeg;base64'
    bgr = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    return bgr[..., ::-1]


def points(polyline):
    return np.array([pair.split(',') for pair in polyline['points'].split()], dtype=float)


def test_two_runs_are_compared(report):
    page = report(
        metrics={
            'random': {
                'retrieval/look/R@1': 20.04,
                'retrieval/look/unanswerable': 3,
                'knn/top1': 50,
            },
            'trained': {
                'retrieval/look/R@1': 61.5,
                'retrieval/look/unanswerable': 3,
                'knn/top1': 44.0,
            },
        }
    )
    assert page.rows == [
        ['metric', 'random', 'trained', 'gain (points)'],
        ['retrieval/look/R@1', '20.0', '61.5', '+41.5'],
        ['retrieval/look/unanswerable', '3', '3', ''],
        ['knn/top1', '50.0', '44.0', '-6.0'],
    ]
    assert page.best == ['61.5', '50.0']


def test_values_that_are_shown_equal_are_equally_good(report):
    page = report(metrics={'a': {'R@1': 30.04}, 'b': {'R@1': 30.01}})
    assert page.rows[1] == ['R@1', '30.0', '30.0', '+0.0']
    assert page.best == []


def test_other_numbers_of_runs_have_no_gain(report):
    one = report(metrics={'a': {'R@1': 30.0, 'unanswerable': 0}})
    assert one.rows == [['metric', 'a'], ['R@1', '30.0'], ['unanswerable', '0']]
    assert one.best == []
    three = report(metrics={'a': {'R@1': 1.0}, 'b': {'R@1': 9.0}, 'c': {'R@1': 10.0}})
    assert three.rows == [['metric', 'a', 'b', 'c'], ['R@1', '1.0', '9.0', '10.0']]
    assert three.best == ['10.0']


def test_missing_values_are_dashes(report):
    page = report(
        metrics={'a': {'R@1': math.nan, 'R@5': 7.0}, 'b': {'R@1': 5.0, 'unanswerable': 2}}
    )
    assert page.rows[1:] == [
        ['R@1', '–', '5.0', '–'],  # noqa: RUF001
        ['R@5', '7.0', '–', '–'],  # noqa: RUF001
        ['unanswerable', '–', '2', ''],  # noqa: RUF001
    ]
    assert page.best == []


def test_each_curve_has_a_logged_and_a_smoothed_line(report):
    steps = range(10, 1010, 10)
    noisy = [2.0 + (-1) ** i for i in range(100)]
    page = report(curves={'loss': list(zip(steps, noisy)), 'loss_order': [(1, 0.7), (2, 0.6)]})
    assert len(page.all('svg')) == 2
    raw, smooth = (page.all('polyline', **{'class': kind}) for kind in ('raw', 'smooth'))
    assert [len(points(line)) for line in raw] == [len(points(line)) for line in smooth] == [100, 2]

    logged, average = points(raw[0]), points(smooth[0])
    assert (np.diff(logged[:, 0]) > 0).all() and (logged[:, 0] == average[:, 0]).all()
    assert logged[0, 1] < logged[1, 1], 'a larger value stands higher, at a smaller y'
    assert np.ptp(average[:, 1]) < np.ptp(logged[:, 1]) / 4
    for ticks in ('500', '1,000', '1.5', '2.5'):
        assert ticks in page.texts


def test_lines_and_ticks_share_a_scale(report):
    page = report(curves={'loss': [(0, 0.0), (50, 1.0), (100, 4.0)]})
    (line,) = page.all('polyline', **{'class': 'raw'})
    texts = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>([\d.,]+)</text>', page.html)
    y_of = {text: float(y) for x, y, text in texts if float(x) < 46}
    x_of = {text: float(x) for x, y, text in texts if float(x) >= 46}
    expected = [[x_of['0'], y_of['0']], [x_of['50'], y_of['1']], [x_of['100'], y_of['4']]]
    np.testing.assert_allclose(points(line), expected, atol=0.11)


@pytest.mark.parametrize(
    'curve', [[(5, 2.0)], [(1, 3.0), (2, 3.0)], [(1, 0.0), (2, 0.0)], [(1, -1e9), (2, 1e9)]]
)
def test_flat_short_and_wide_curves_stay_inside_the_chart(report, curve):
    page = report(curves={'loss': curve})
    (line,) = page.all('polyline', **{'class': 'raw'})
    assert len(points(line)) == len(curve)
    assert (points(line) >= 0).all() and (points(line) <= [360, 200]).all()


def test_values_that_are_not_finite_are_left_out(report):
    page = report(curves={'loss': [(1, 2.0), (2, math.nan), (3, math.inf), (4, 1.0)]})
    assert [len(points(line)) for line in page.all('polyline')] == [2, 2]
    assert not report(curves={'loss': [], 'other': [(1, math.nan)]}).all('svg')


def test_retrievals_show_thumbnails_captions_and_marks(report):
    red = grey(48, 64, 0)
    red[..., 0] = 250
    hits = [Hit(grey(32, 32), 'first', True), Hit(grey(480, 960), 'second', False)]
    page = report(retrievals=[Retrieval(red, 'asked for', hits), Retrieval(red, 'alone', [])])

    images = page.all('img')
    assert [image['alt'] for image in images] == ['query', 'hit 1, right', 'hit 2, wrong', 'query']
    shapes = [(48, 64, 3), (32, 32, 3), (120, 240, 3), (48, 64, 3)]
    assert [decode(image).shape for image in images] == shapes
    assert [(int(image['height']), int(image['width']), 3) for image in images] == shapes
    np.testing.assert_allclose(decode(images[0]).mean(axis=(0, 1)), [250, 0, 0], atol=6)
    assert 'query asked for 1 ✓ first 2 ✗ second' in page.text


@pytest.mark.parametrize(
    'image', [np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8), np.zeros((0, 8, 3), np.uint8)]
)
def test_other_arrays_than_images_are_refused(report, image):
    with pytest.raises(ValueError, match=r'uint8 \[H, W, 3\] and not empty, got'):
        report(retrievals=[Retrieval(image, '', [])])


def test_details_are_flattened(report):
    page = report(details={'seed': 0, 'queries': {'videos': 12, 'list': {'hash': 'ab12'}}})
    assert page.rows == [['seed', '0'], ['queries.videos', '12'], ['queries.list.hash', 'ab12']]


def test_sections_without_contents_are_left_out(report):
    assert report().all('h1') and not report().all('h2')
    assert len(report(details={'seed': 0}).all('h2')) == 1


def test_everything_is_escaped(report):
    evil = '<b onclick="x">&amp;\'{style}'
    page = report(
        title=evil,
        metrics={evil: {evil: 1.0}},
        curves={evil: [(1, 1.0)]},
        retrievals=[Retrieval(grey(8, 8), evil, [Hit(grey(8, 8), evil, True)])],
        details={evil: evil},
    )
    # Twice the title, a run, a metric, a curve, two captions, a detail's name and value; the
    # curve's name is an attribute too.
    assert page.text.count(evil) == 9
    assert page.all('svg')[0]['aria-label'] == f'{evil} by step'
    assert not page.all('b')


def test_nothing_is_loaded_from_elsewhere(report):
    page = report(
        metrics={'a': {'R@1': 1.0}},
        curves={'loss': [(1, 1.0)]},
        retrievals=[Retrieval(grey(8, 8), '', [Hit(grey(8, 8), '', True)])],
        details={'seed': 0},
    )
    assert not {'script', 'link', 'iframe', 'object', 'use'} & {tag for tag, _ in page.tags}
    sources = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ('src', 'href', 'xlink:href', 'srcset', 'data')
    ]
    assert len(sources) == 2 and all(source.startswith('data:image/jpeg;') for source in sources)
    assert not re.search(r'url\(|@import|https?://', page.html)


def test_file_names_that_are_not_valid_text(report):
    assert 'caf\\udce9.mp4' in report(title='caf\udce9.mp4').text
