"""The page of a search, in a browser: it plays, filters, orders and loads nothing."""

import base64
import json
import time

import av
import numpy as np
import pytest

from tests.browser import open_browser
from tests.conftest import write_video
from vsslbox.search import Neighbour, VideoIndex, find_neighbours, write_result_page
from vsslbox.search.small_clips import small_clip

NAMES = ['a <b>&"1".mp4', 'sub/b.mp4', 'c.mp4', "d 'quoted'.mp4", 'e.mp4', 'f.mp4', 'g.mp4']
ACTIONS = ['jump', 'run', 'jump', None, 'run', 'jump', 'run']
TOP = 4


@pytest.fixture(scope='module')
def index(tmp_path_factory):
    """An index of seven videos of 40 frames with features that are drawn."""
    folder = tmp_path_factory.mktemp('videos')
    (folder / 'sub').mkdir()
    rng = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        frames = np.full((40, 60, 80, 3), 30 * number, np.uint8)
        frames[:, :20, :20] = np.arange(0, 240, 6, dtype=np.uint8)[:, None, None, None]
        write_video(folder / name, frames, fps=25)
    return VideoIndex(
        folder / 'index',
        'zoo://<some>',
        '0' * 64,
        [str(folder / name) for name in NAMES],
        rng.normal(size=(len(NAMES), 3)).astype(np.float32),
        dict(action=ACTIONS),
        [(0, 0)] * len(NAMES),
    )


def cosine_distance(a, b):
    a, b = a.astype(float), b.astype(float)
    return 1 - (a @ b) / np.sqrt((a @ a) * (b @ b))


def brute_order(index, query, without=None):
    """Names and distances of all videos of the index but one, the nearest first."""
    others = [n for n in range(len(NAMES)) if n != without]
    return sorted((cosine_distance(query, index.features[n]), NAMES[n]) for n in others)


@pytest.fixture(scope='module')
def page(index, tmp_path_factory):
    """The page of the search for the last video but one, and its path."""
    path = tmp_path_factory.mktemp('page') / 'made' / 'page.html'
    everything = range(len(NAMES))
    (found,) = find_neighbours(index, index.features[[5]], [5], TOP, everything)
    write_result_page(path, index, index.paths[5], 5, found, everything, {}, num_workers=1)
    return path


@pytest.fixture(scope='module')
def browser(page, tmp_path_factory):
    """Chromium, with the page open, and a log of what it requests."""
    with open_browser(tmp_path_factory.mktemp('profile')) as chrome:
        chrome.set_window_size(1200, 1000)
        chrome.get(page.as_uri())
        yield chrome


@pytest.fixture
def fresh(browser, page):
    browser.get(page.as_uri())
    return browser


def shown(browser):
    """Name, rank and distance of each card that is shown."""
    script = """return [...document.querySelectorAll('#results > li')]
      .filter((card) => card.offsetParent).map((card) => ['.name', '.rank', '.distance']
      .map((part) => card.querySelector(part).textContent))"""
    return browser.execute_script(script)


def card(browser, name):
    script = """return [...document.querySelectorAll('#results > li')]
      .find((card) => card.querySelector('.name').textContent === arguments[0])"""
    return browser.execute_script(script, name)


def state(browser, element):
    """Whether the clip of an element is paused, and where it is."""
    script = """const v = arguments[0].querySelector('video');
      return [v.paused, v.currentTime, v.hasAttribute('src')]"""
    return browser.execute_script(script, element)


def wait_until(condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it does not happen'
        time.sleep(0.05)


@pytest.mark.slow
def test_results_stand_in_order(fresh, index):
    expected = brute_order(index, index.features[5], without=5)[:TOP]
    assert shown(fresh) == [
        [name, str(rank), f'{distance:.4f}']
        for rank, (distance, name) in enumerate(expected, start=1)
    ]
    text = fresh.find_element('tag name', 'main').text
    assert 'The 4 nearest of 7 videos, by the cosine distance of the features of zoo://<some>.' in (
        text
    )
    assert 'This page has no more: the other 2 videos are not in it.' in text


@pytest.mark.slow
def test_pointing_at_a_video_plays_it(fresh, index):
    from selenium.webdriver import ActionChains

    first, second = (card(fresh, name) for name, _, _ in shown(fresh)[:2])
    assert state(fresh, first) == [True, 0, False]
    ActionChains(fresh).move_to_element(first.find_element('css selector', '.clip')).perform()
    wait_until(lambda: state(fresh, first)[1] > 0.2)
    assert state(fresh, first)[0] is False
    ActionChains(fresh).move_to_element(second.find_element('css selector', '.clip')).perform()
    wait_until(lambda: state(fresh, second)[1] > 0)
    assert state(fresh, first) == [True, 0, False], 'one plays at a time'


def test_the_keyboard_plays_videos(fresh):
    from selenium.webdriver.common.keys import Keys

    body = fresh.find_element('tag name', 'body')
    body.send_keys(Keys.TAB)
    query = fresh.find_element('css selector', '.query')
    wait_until(lambda: state(fresh, query)[1] > 0)
    fresh.switch_to.active_element.send_keys(Keys.TAB)
    assert state(fresh, query)[0] is True


def test_a_touch_plays_a_video(fresh):
    target = card(fresh, shown(fresh)[0][0])
    place = target.find_element('css selector', '.clip').rect
    points = [dict(x=place['x'] + 20, y=place['y'] + 20)]
    send = fresh.execute_cdp_cmd
    send('Emulation.setTouchEmulationEnabled', dict(enabled=True))
    try:
        send('Input.dispatchTouchEvent', dict(type='touchStart', touchPoints=points))
        send('Input.dispatchTouchEvent', dict(type='touchEnd', touchPoints=[]))
        wait_until(lambda: state(fresh, target)[1] > 0)
    finally:
        send('Emulation.setTouchEmulationEnabled', dict(enabled=False))


def test_the_filter_hides_other_labels(fresh):
    from selenium.webdriver.support.ui import Select

    before = shown(fresh)
    choice = Select(fresh.find_element('css selector', 'select[data-column=action]'))
    choice.select_by_visible_text('run')
    runs = [row for row in before if ACTIONS[NAMES.index(row[0])] == 'run']
    assert shown(fresh) == runs and 0 < len(runs) < len(before)
    choice.select_by_visible_text('all')
    assert shown(fresh) == before


def test_more_like_this_orders_by_brute_force(fresh, index):
    before = shown(fresh)
    held = {name for name, _, _ in before} | {NAMES[5]}
    for name, _, _ in before:
        card(fresh, name).find_element('css selector', '.more').click()
        own = NAMES.index(name)
        ranked = [
            [other, str(rank), f'{distance:.4f}']
            for rank, (distance, other) in enumerate(
                brute_order(index, index.features[own], without=own), start=1
            )
        ]
        expected = [row for row in ranked if row[0] in held]
        assert shown(fresh) == [[name, 'ordered by this video', ''], *expected]
        missing = [row[0] for row in ranked[:TOP] if row[0] not in held]
        note = fresh.find_element('id', 'note').text
        assert f'Of its 4 nearest, this page holds {TOP - len(missing)}.' in note
        assert all(name in note for name in missing)
    fresh.find_element('id', 'back').click()
    assert shown(fresh) == before


@pytest.mark.slow
def test_no_request_leaves_the_page(fresh, page):
    fresh.get_log('performance')  # what the browser's own pages loaded at its start
    fresh.get(page.as_uri())
    for name, _, _ in shown(fresh):
        target = card(fresh, name)
        target.find_element('css selector', '.more').click()
        target.find_element('css selector', '.clip').click()
        wait_until(lambda target=target: state(fresh, target)[1] > 0)
    messages = [json.loads(entry['message'])['message'] for entry in fresh.get_log('performance')]
    addresses = {
        message['params']['request']['url']
        for message in messages
        if message['method'] == 'Network.requestWillBeSent'
    }
    assert page.as_uri() in addresses
    assert {url for url in addresses if not url.startswith(('data:', page.as_uri()))} == set()
    assert [entry for entry in fresh.get_log('browser') if 'favicon' not in entry['message']] == []


@pytest.mark.parametrize('width', [1200, 400])
def test_nothing_is_wider_than_the_window(fresh, width):
    fresh.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=width, height=900, deviceScaleFactor=1, mobile=False),
    )
    try:
        assert fresh.execute_script('return document.documentElement.scrollWidth') <= width
    finally:
        fresh.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})


# --------------------------------------------------------------------------- without a browser


def test_the_page_says_what_many_videos_hide(index, monkeypatch, tmp_path):
    monkeypatch.setattr('vsslbox.search.result_page.MOST_RANKED', 3)
    everything = range(len(NAMES))
    (found,) = find_neighbours(index, index.features[[5]], [5], 2, everything)
    path = tmp_path / 'page.html'
    write_result_page(path, index, index.paths[5], 5, found, everything, {}, num_workers=1)
    data = json.loads(path.read_text('utf-8').split('id="data">')[1].split('</script>')[0])
    for item, place in enumerate([*(neighbour.place for neighbour in found), 5]):
        order = data['orders'][str(item)]
        assert order['text'].endswith('Results beyond its 3 nearest are hidden.')
        nearest = [name for _, name in brute_order(index, index.features[place], place)[:3]]
        held = [NAMES[neighbour.place] for neighbour in found] + [NAMES[5]]
        ranked = [(held.index(name), rank) for rank, name in enumerate(nearest, 1) if name in held]
        assert [(row[0], row[1]) for row in order['items']] == ranked


def test_a_video_that_cannot_be_read_keeps_its_place(index, tmp_path):
    lost = [*index.paths[:1], str(tmp_path / 'lost.mp4')]
    small = VideoIndex(index.folder, 'c.pth', '', lost, index.features[:2], dict(x=['1', None]), [])
    write_result_page(
        tmp_path / 'page.html', small, index.paths[2], None, [Neighbour(1, 0.5)], [0, 1], {}, 1
    )
    html = (tmp_path / 'page.html').read_text()
    assert html.count('cannot be read') == 1 and html.count('<video') == 1
    assert "default-src 'none'" in html


@pytest.mark.slow
@pytest.mark.parametrize(('frames', 'seconds'), [(12, 0.5), (24 * 8, 2.5)])
def test_a_clip_is_small_short_and_from_the_middle(frames, seconds, tmp_path):
    images = np.full((frames, 360, 480, 3), 100, np.uint8)
    images[:] = (40 + 150 * np.arange(frames) / frames).astype(np.uint8)[:, None, None, None]
    write_video(tmp_path / 'video.mp4', images, fps=24)
    clip = small_clip(str(tmp_path / 'video.mp4'))
    assert (clip.width, clip.height) == (214, 160)
    assert clip.poster.startswith('data:image/jpeg;base64,')
    kind, content = clip.video.split(',')
    assert kind == 'data:video/mp4;base64'
    (tmp_path / 'clip.mp4').write_bytes(base64.b64decode(content))
    with av.open(str(tmp_path / 'clip.mp4')) as container:
        decoded = [frame.to_ndarray(format='gray') for frame in container.decode(video=0)]
        assert container.streams.video[0].codec.name == 'h264' and not container.streams.audio
    assert len(decoded) == pytest.approx(12.5 * seconds, abs=1.5)
    assert decoded[0].shape == (160, 214)
    middle = images[(frames - len(decoded) * 24 // 12) // 2 if seconds == 2.5 else 0, 0, 0, 0]
    assert decoded[0].mean() == pytest.approx(middle, abs=6)
