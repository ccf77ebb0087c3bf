"""The page of a leaderboard: readable as it is, sorted by keyboard, on any screen and scheme."""

import json
from itertools import pairwise

import pytest

from tests.browser import open_browser
from tests.test_visualization.test_report_in_browser import luminance, show
from vsslbox.errors import InputError
from vsslbox.evaluation import Standing, Standings
from vsslbox.visualization import Method, choose_columns, leaderboard_markdown, write_leaderboard
from vsslbox.visualization.parallel_axes import parallel_axes

LONG = 'a_method_with_a_rather_long_name/' * 2 + '<b>|'


def standings(name, chance=25.0, **values):
    methods = {
        method: Standing(value, [value], (value - 8, value + 8), None, rank)
        for rank, (method, value) in enumerate(values.items(), start=1)
    }
    return Standings(name, 120, chance, methods)


KNN = standings('knn/action/top1', ours=70.0, theirs=52.5, random=40.0, **{LONG: 33.0})
LINEAR = standings('linear/action/top1', theirs=80.0, ours=61.0, random=41.0, **{LONG: 12.0})
DROP = Standings('order/action/drop', None, None, {'ours': Standing(-3.0, [-3.0])})
MEAN = Standing(70.0, [68.0, 72.0], (60.0, 78.5), (44.6, 95.4), 1)
METHODS = [
    Method('theirs', 'checkpoint', 1),
    Method('ours', 'checkpoint', 1),
    Method('random', 'random', 3),
    Method(LONG, 'checkpoint', 1),
    Method('torn', 'checkpoint', 0, 'torn.pth cannot be read'),
]


def test_the_table_shows_both_intervals_ranks_and_failures():
    knn = Standings('knn/action/top1', 120, 25.0, dict(ours=MEAN, theirs=KNN.methods['theirs']))
    table = leaderboard_markdown(METHODS, [knn, DROP], 'The setting.', 'scene').splitlines()
    assert table[:6] == [
        '|  | runs | knn/action/top1 | order/action/drop |',
        '| --- | --- | --- | --- |',
        '| ours | 1 | 70.0 ± 25.4 [60.0, 78.5] #1 | -3.0 |',
        '| theirs | 1 | 52.5 [44.5, 60.5] #2 | - |',
        '| random | 3 | - | - |',
        f'| {LONG.replace("|", chr(92) + "|")} | 1 | - | - |',
    ]
    text = '\n'.join(table)
    assert '| chance |  | 25.0 |  |' in text
    assert '* torn failed: torn.pth cannot be read' in text
    assert "whole values of 'scene'" in text and 'order/action/drop' in table[-3]


def test_columns_are_the_first_figures_unless_named():
    other = Standings('knn/action/top5', 120, None, KNN.methods)
    similar = Standings(
        'order/action/similarity', 120, None, {'ours': Standing(9.0, [9.0], (5.0, 12.0))}
    )
    ranked = standings('order/action/top1', ours=1.0)
    every = [KNN, other, similar, ranked, DROP]
    assert choose_columns(every) == [KNN, ranked]
    assert choose_columns([KNN, similar, DROP]) == [KNN, similar]
    assert choose_columns(every, ['*/drop', 'knn/*']) == [KNN, other, DROP]
    with pytest.raises(InputError, match=r"no figure fits 'svm/\*'; there are knn/action/top1"):
        choose_columns(every, ['svm/*'])


def test_axes_span_intervals_and_chance():
    kinds = {method.name: method.kind for method in METHODS if not method.failed}
    drawn = parallel_axes([KNN, LINEAR, DROP], kinds)
    knn, linear, _ = drawn.axes
    assert [label for _, label in knn.ticks] == ['25', '78']  # 33 - 8 = chance, and 70 + 8
    assert [label for _, label in linear.ticks] == ['4', '88']
    (ours,) = [line for line in drawn.lines if line.name == 'ours']
    place = drawn.bottom - (drawn.bottom - drawn.top) * (70 - 25) / (78 - 25)
    assert ours.points[0][1] == pytest.approx(place) and len(ours.points) == 3
    assert knn.chance == drawn.bottom
    labels = sorted(line.label for line in drawn.lines)
    assert all(below - above >= 16.9 for above, below in pairwise(labels))
    assert drawn.top <= labels[0] and labels[-1] <= drawn.bottom


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp('page') / 'leaderboard.html'
    write_leaderboard(
        path,
        methods=METHODS,
        columns=[KNN, LINEAR],
        standings=[KNN, LINEAR, DROP],
        setting='The 120 queries have a gallery of 360 videos.',
        details=dict(entries=['0' * 200]),
    )
    return path


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp('profile')) as browser:
        yield browser


def of_table(browser, expression):
    """Evaluate an expression on the cells of the first table's head, or its rows."""
    return browser.execute_script(
        f"""const table = document.querySelector('.board');
        return [...table.{expression}"""
    )


def rows(browser):
    return of_table(browser, 'tBodies[0].rows].map(row => row.dataset.method)')


def sorted_by(browser):
    return of_table(browser, "tHead.rows[0].cells].map(cell => cell.getAttribute('aria-sort'))")


@pytest.mark.slow
def test_headings_sort_by_keyboard(browser, page):
    from selenium.webdriver.common.keys import Keys  # which the browser needs, too

    show(browser, page, 1200)
    assert rows(browser) == ['ours', 'theirs', 'random', LONG, 'torn']
    assert sorted_by(browser) == [None, 'descending', None]
    browser.execute_script("document.querySelector('.card').focus()")

    def press(*keys):
        for key in keys:
            browser.switch_to.active_element.send_keys(key)

    press(Keys.TAB, Keys.ENTER)
    assert rows(browser) == [LONG, 'ours', 'random', 'theirs', 'torn']
    assert sorted_by(browser) == ['ascending', None, None]
    press(Keys.TAB, Keys.TAB, Keys.SPACE)
    assert rows(browser) == ['theirs', 'ours', 'random', LONG, 'torn']
    assert sorted_by(browser) == [None, None, 'descending']
    press(Keys.SPACE)  # what failed stays last
    assert rows(browser) == [LONG, 'random', 'ours', 'theirs', 'torn']
    assert sorted_by(browser) == [None, None, 'ascending']


def test_a_row_shows_its_line(browser, page):
    show(browser, page, 1200)
    row = browser.find_element('css selector', '.board tbody tr[data-method="theirs"]')
    browser.execute_script("arguments[0].dispatchEvent(new Event('pointerenter'))", row)
    (chosen,) = browser.find_elements('css selector', 'svg .chosen')
    assert chosen.get_attribute('data-method') == 'theirs'
    browser.execute_script("arguments[0].dispatchEvent(new Event('pointerleave'))", row)
    assert browser.find_elements('css selector', '.chosen') == []


@pytest.mark.parametrize('width', [1600, 400])
def test_it_fits_the_screen(browser, page, width):
    """What is wider scrolls in its card, where the names of the methods stay."""
    show(browser, page, width)
    scroll, client = browser.execute_script(
        'const page = document.documentElement; return [page.scrollWidth, page.clientWidth]'
    )
    assert scroll == client
    left = browser.execute_script(
        """const card = document.querySelector('.card'); card.scrollLeft = 1000;
        const name = card.querySelector('tbody th');
        return name.getBoundingClientRect().left - card.getBoundingClientRect().left"""
    )
    assert -1 <= left <= 17


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_texts_stand_out(browser, page, scheme):
    show(browser, page, 1200, scheme)
    card, *texts = browser.execute_script(
        """const of = (e, name) => getComputedStyle(document.querySelector(e))[name];
        return [of('.card', 'backgroundColor'), ...['.value', '.first-rank', '.rank', '.interval',
        '.failed', '.about'].map(e => of(e, 'color')),
        ...[...document.querySelectorAll('.method text')].map(e => getComputedStyle(e).fill)]"""
    )
    assert (luminance(card) > 0.5) == (scheme == 'light') and len(texts) == 10
    for text in texts:
        high, low = sorted([luminance(text), luminance(card)], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, text


def test_nothing_is_requested_and_nothing_refused(browser, page):
    browser.get_log('performance'), browser.get_log('browser')
    show(browser, page, 1200)
    messages = [json.loads(entry['message'])['message'] for entry in browser.get_log('performance')]
    requested = {
        message['params']['request']['url']
        for message in messages
        if message['method'] == 'Network.requestWillBeSent'
    }
    assert requested == {page.as_uri()}
    assert browser.get_log('browser') == []


def test_without_javascript_it_is_all_there(page):
    html = page.read_text()
    table = html[html.index('<table') : html.index('</table>')]
    places = [table.index(f'>{value}<') for value in ('70.0', '52.5', '40.0')]
    assert places == sorted(places)
    assert '<button' not in html.split('<script>')[0]
    assert 'failed: torn.pth cannot be read' in table
    assert '<b>' not in html
