"""The report, parsed as a browser does."""

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from vsslbox.evaluation import Comparison, Figure
from vsslbox.visualization import (
    Hit,
    Mistakes,
    PaperNumbers,
    Retrieval,
    Section,
    Warned,
    confusion_plot,
    scatter_plot,
    write_report,
)

VOID = {'br', 'img', 'meta', 'source', 'wbr'}


class Page(HTMLParser):
    """The contents of a page: its tags with attributes, its text, the rows of its tables."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.texts, self.rows, self.verdicts = html, [], [], [], []
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
            if self.open[-1][1].get('class') in ('better', 'worse', 'alike'):
                self.verdicts.append((self.open[-1][1]['class'], ' '.join(text.split())))

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
        path = tmp_path / 'made' / 'on the way' / 'report.html'
        write_report(path, **dict(dict(title='A title'), **contents))
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


BETTER = Comparison(20.0, 3.0, 41.5, (30.0, 52.0), 0.001, 'better')
WORSE = Comparison(70.04, None, -8.5, (-15.0, -2.0), 0.02, 'worse')
ALIKE = Comparison(60.0, None, 1.5, (-5.0, 8.0), 0.6, 'not distinguishable')


def figure(name='knn/look/top1', **others):
    return Figure(name, 61.54, 120, (52.6, 69.8), 25.0, others)


def cells(row):
    return [' '.join(cell.split()) for cell in row]


def test_a_figure_is_green_only_where_its_comparison_says_so(report):
    page = report(figures=[figure(random=BETTER, colour=WORSE, motion=ALIKE)])
    assert list(map(cells, page.rows)) == [
        ['metric', 'n', 'checkpoint', '0 to 100 %', 'chance', 'random', 'colour', 'motion',
         'the checkpoint is'],
        ['knn/look/top1', '120', '61.5 52.6 to 69.8', '', '25.0', '20.0 ± 3.0', '70.0', '60.0',
         'better than random worse than colour not distinguishable from motion with 120 videos'],
    ]  # fmt: skip
    assert page.verdicts == [
        ('better', 'better than random'),
        ('worse', 'worse than colour'),
        ('alike', 'not distinguishable from motion with 120 videos'),
    ]
    # A whole row of differences that are none has no green.
    assert 'better' not in dict(report(figures=[figure(colour=ALIKE)]).verdicts)


def test_the_scale_shows_the_interval_and_the_others_in_their_places(report):
    page = report(figures=[figure(random=BETTER, motion=ALIKE)])
    places = {kind: [] for kind in ('chance', 'reach', 'other', 'own')}
    for attributes in page.all('i'):
        if 'style' in attributes:
            numbers = [float(n) for n in re.findall(r'[\d.]+(?=%)', attributes['style'])]
            places[attributes['class']].append(numbers)
    assert places['chance'] == [[25.0]] and places['own'] == [[61.54]]
    assert places['other'] == [[20.0], [60.0]]
    assert places['reach'] == [[52.6, pytest.approx(17.2)]]


def test_the_number_of_green_ones_by_chance_is_told(report):
    page = report(figures=[figure(name, random=BETTER, motion=ALIKE) for name in 'abcdefghij'])
    assert 'of 20 comparisons of equal features at most 0.5 come out better by chance' in page.text


def test_figures_without_intervals_or_others_have_no_columns_for_them(report):
    page = report(figures=[Figure('map', 12.34)])
    assert page.rows == [['metric', 'checkpoint'], ['map', '12.3']]
    compared = Figure('map', 12.34, comparisons=dict(before=Comparison(4.0)))
    assert report(figures=[compared]).rows[1] == ['map', '12.3', '4.0']


def test_the_papers_numbers_have_a_column_of_their_own(report):
    paper = PaperNumbers('Someone et al.', {'knn/look/top1': 12.34})
    page = report(figures=[figure(), figure('other')], paper=paper)
    assert [row[-1] for row in page.rows] == ['paper: Someone et al.', '12.3', '–']  # noqa: RUF001
    assert 'not measured here' in page.text


def test_what_was_found_comes_first(report):
    page = report(
        findings=['This was found.', 'And this.'], setting='On these.', figures=[figure()]
    )
    assert 'A title This was found. And this. On these. Figures' in page.text


def test_warnings_show_the_videos(report):
    pair = Retrieval(grey(8, 8), 'a.mp4', [Hit(grey(8, 8), 'b.mp4', None)])
    page = report(warnings=[Warned('Two are alike.', [pair])])
    assert 'Two are alike. query a.mp4 1 b.mp4' in page.text
    assert [image['alt'] for image in page.all('img')] == ['query', 'hit 1, alike']


def test_mistakes_are_folded_away(report):
    example = Retrieval(grey(8, 8), 'asked', [Hit(grey(8, 8), 'found', False)])
    page = report(mistakes=[Mistakes('cat taken for dog: 3 of 9 queries', [example])])
    assert page.html.index('<summary>cat taken for dog') < page.html.index('asked')
    assert not any('open' in attributes for attributes in page.all('details'))


def test_retrievals_show_thumbnails_captions_and_marks(report):
    red = grey(48, 64, 0)
    red[..., 0] = 250
    hits = [Hit(grey(32, 32), 'first', True), Hit(grey(480, 960), 'second', False)]
    page = report(retrievals=[Retrieval(red, 'asked for', hits), Retrieval(red, 'alone', [])])

    images = page.all('img')
    assert all('--frames: 1;' in strip['style'] for strip in page.all('span', **{'class': 'strip'}))
    assert [image['alt'] for image in images] == ['query', 'hit 1, right', 'hit 2, wrong', 'query']
    shapes = [(48, 64, 3), (32, 32, 3), (80, 160, 3), (48, 64, 3)]
    assert [decode(image).shape for image in images] == shapes
    assert [(int(image['height']), int(image['width']), 3) for image in images] == shapes
    np.testing.assert_allclose(decode(images[0]).mean(axis=(0, 1)), [250, 0, 0], atol=6)
    assert 'query asked for 1 ✓ first 2 ✗ second' in page.text


def test_clips_move_through_their_frames(report):
    """Eight frames at most, from the first to the last, side by side."""
    clip = np.stack([grey(40, 60, 10 * number) for number in range(20)])
    page = report(retrievals=[Retrieval(clip, '', [Hit(clip[:3], '', True)])])
    strips = page.all('span', **{'class': 'strip'})
    assert [strip['style'] for strip in strips] == [
        '--frames: 8; aspect-ratio: 60 / 40',
        '--frames: 3; aspect-ratio: 60 / 40',
    ]
    pixels = decode(page.all('img')[0])
    assert pixels.shape == (40, 480, 3)
    shown = pixels.reshape(40, 8, 60, 3).mean(axis=(0, 2, 3))
    np.testing.assert_allclose(shown, 10 * np.linspace(0, 19, 8).round(), atol=3)


@pytest.mark.parametrize(
    'image', [np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8), np.zeros((0, 8, 3), np.uint8)]
)
def test_other_arrays_than_images_are_refused(report, image):
    with pytest.raises(ValueError, match=r'uint8 \[H, W, 3\] or .* and not empty, got'):
        report(retrievals=[Retrieval(image, '', [])])


def test_details_are_flattened(report):
    page = report(details={'seed': 0, 'queries': {'videos': 12, 'list': {'hash': 'ab12'}}})
    assert page.rows == [['seed', '0'], ['queries.videos', '12'], ['queries.list.hash', 'ab12']]


def test_sections_without_contents_are_left_out(report):
    assert report().all('h1') and not report().all('h2')
    assert len(report(details={'seed': 0}).all('h2')) == 1
    assert not report(sections=[Section('Empty', '', [])]).all('h2')


def test_everything_is_escaped(report):
    evil = '<b onclick="x">&amp;\'{style}'
    one = Retrieval(grey(8, 8), evil, [Hit(grey(8, 8), evil, True)])
    points = np.zeros((2, 2))
    page = report(
        title=evil,
        findings=[evil],
        setting=evil,
        warnings=[Warned(evil, [one])],
        figures=[figure(evil, **{evil: ALIKE})],
        paper=PaperNumbers(evil, {}),
        retrievals=[one],
        mistakes=[Mistakes(evil, [one])],
        sections=[
            Section('', '', [confusion_plot(evil, [evil], [[1]])]),
            Section('', '', [scatter_plot(evil, points, [evil, evil])]),
        ],
        details={evil: evil},
    )
    # Twice the title, the finding and the setting; a warning with two captions; a metric, a column,
    # its verdict and the paper; two captions; a mistake with two captions; the two figures, a
    # legend; a detail's name and value.
    assert page.text.count(evil) == 2 + 2 + 3 + 4 + 2 + 3 + 3 + 2
    assert {image['alt'] for image in page.all('img')} >= {
        f'confusion matrix of {evil}', f'features by {evil}',
    }  # fmt: skip
    assert not page.all('b', onclick='x')


def test_nothing_is_loaded_from_elsewhere(report):
    page = report(
        figures=[figure(random=BETTER)],
        retrievals=[Retrieval(grey(8, 8), '', [Hit(grey(8, 8), '', True)])],
        sections=[
            Section('Confusions', '', [confusion_plot('look', ['a', 'b'], [[3, 1], [0, 2]])])
        ],
        details={'seed': 0},
    )
    assert not {'script', 'link', 'iframe', 'object', 'use'} & {tag for tag, _ in page.tags}
    sources = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ('src', 'href', 'xlink:href', 'srcset', 'data')
    ]
    assert len(sources) == 4 and all(source.startswith('data:image/') for source in sources)
    assert not re.search(r'url\(|@import|https?://', page.html)
    (policy,) = page.all('meta', **{'http-equiv': 'Content-Security-Policy'})
    assert policy['content'].startswith("default-src 'none'; img-src data:;")


def test_file_names_that_are_not_valid_text(report):
    assert 'caf\\udce9.mp4' in report(title='caf\udce9.mp4').text
