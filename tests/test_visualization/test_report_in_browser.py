"""The report in a browser: on wide and narrow screens, light and dark, without any request."""

import json

import numpy as np
import pytest

from tests.browser import open_browser
from vsslbox.evaluation import Comparison, Figure
from vsslbox.visualization import (
    Hit,
    Mistakes,
    Retrieval,
    Section,
    Warned,
    confusion_plot,
    scatter_plot,
    write_report,
)

LONG = 'a_folder_with_a_rather_long_name/' * 3 + 'video.mp4'


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    clip = np.repeat(np.arange(0, 240, 30, dtype=np.uint8), 60 * 80 * 3).reshape(8, 60, 80, 3)
    found = Retrieval(clip, LONG, [Hit(clip, LONG, number % 2 == 0) for number in range(5)])
    better = Comparison(31.7, 6.7, 36.6, (18.3, 55.0), 0.001, 'better')
    alike = Comparison(60.0, None, 8.3, (-2.0, 19.0), 0.2)
    figures = [
        Figure(f'{name}/appearance/top1', 68.3, 120, (59.6, 76.0), 12.5, comparisons)
        for name in ('knn', 'retrieval')
        for comparisons in [dict(random=better, colour=better, motion=alike)]
    ]
    points = np.random.default_rng(0).normal(size=(40, 2))
    path = tmp_path_factory.mktemp('page') / 'report.html'
    write_report(
        path,
        title='checkpoint: appearance',
        findings=['On appearance the checkpoint is better than random initialisation.'],
        warnings=[Warned(f'Two are alike: {LONG} and {LONG}', [found])],
        figures=figures,
        retrievals=[found] * 3,
        mistakes=[Mistakes('cat taken for dog: 3 of 9 queries', [found])],
        sections=[
            Section(
                'Pictures',
                '',
                [
                    confusion_plot('look', list(map(str, range(30))), np.eye(30, dtype=int)),
                    scatter_plot('look', points, [0, 1] * 20),
                ],
            )
        ],
        details=dict(hash='0' * 64),
    )
    return path


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp('profile')) as browser:
        yield browser


def show(browser, page, width, scheme='light'):
    """Open the page as on a screen of this width in CSS pixels."""
    metrics = dict(width=width, height=1000, deviceScaleFactor=1, mobile=False)
    browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', metrics)
    features = [dict(name='prefers-color-scheme', value=scheme)]
    browser.execute_cdp_cmd('Emulation.setEmulatedMedia', dict(features=features))
    browser.get(page.as_uri())


@pytest.mark.slow
@pytest.mark.parametrize('width', [1200, 400])
def test_it_fits_the_screen(browser, page, width):
    show(browser, page, width)
    assert browser.execute_script('return innerWidth') == width
    scroll, client = browser.execute_script(
        'const page = document.documentElement; return [page.scrollWidth, page.clientWidth]'
    )
    assert scroll == client
    cut_off = browser.execute_script(
        """const right = document.documentElement.clientWidth;
        return [...document.querySelectorAll('.figures td, .figures th, figcaption')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().right > right)
        .map(e => e.textContent)"""
    )
    assert cut_off == []


def luminance(colour):
    """WCAG's relative luminance of ``rgb(R, G, B)``."""
    channels = [int(n) / 255 for n in colour[colour.index('(') + 1 : -1].split(',')[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_texts_stand_out(browser, page, scheme):
    """Their contrast with the card is at least 4.5, as WCAG demands."""
    show(browser, page, 1200, scheme)
    card, *texts = browser.execute_script(
        """const of = (e, name) => getComputedStyle(document.querySelector(e))[name];
        return [of('.card', 'backgroundColor'), ...['.value', '.better', '.alike', '.interval',
        'figcaption', '.yes', '.no'].map(e => of(e, 'color'))]"""
    )
    assert (luminance(card) > 0.5) == (scheme == 'light')
    for text in texts:
        high, low = sorted([luminance(text), luminance(card)], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, text


def test_drawings_follow_the_scheme(browser, page):
    shown = []
    for scheme in ('light', 'dark'):
        show(browser, page, 1200, scheme)
        shown.append(
            browser.execute_script("return document.querySelector('picture img').currentSrc")
        )
    assert shown[0] != shown[1]
    assert all(source.startswith('data:image/svg+xml') for source in shown)


@pytest.mark.slow
def test_thumbnails_step_through_whole_frames(browser, page):
    show(browser, page, 1200)
    shifts = browser.execute_async_script(
        """const done = arguments[0], image = document.querySelector('.strip img');
        const width = image.parentElement.getBoundingClientRect().width, seen = new Set();
        const end = performance.now() + 1500;
        (function look() {
          seen.add(-new DOMMatrix(getComputedStyle(image).transform).e / width);
          performance.now() < end ? requestAnimationFrame(look) : done([...seen]);
        })()"""
    )
    assert len(shifts) > 4
    assert all(shift == pytest.approx(round(shift), abs=0.01) for shift in shifts)
    assert min(shifts) >= 0 and max(shifts) < 7.5


def test_mistakes_open_on_a_click(browser, page):
    show(browser, page, 1200)
    (folded,) = browser.find_elements('css selector', '.card > details')
    strip = folded.find_element('css selector', '.strip')
    assert not strip.is_displayed()
    folded.find_element('css selector', 'summary').click()
    assert strip.is_displayed()


def test_nothing_is_requested_and_nothing_refused(browser, page):
    browser.get_log('performance'), browser.get_log('browser')
    show(browser, page, 1200)
    messages = [json.loads(entry['message'])['message'] for entry in browser.get_log('performance')]
    requested = {
        message['params']['request']['url']
        for message in messages
        if message['method'] == 'Network.requestWillBeSent'
    }
    assert {url for url in requested if not url.startswith('data:')} == {page.as_uri()}
    assert browser.get_log('browser') == []
