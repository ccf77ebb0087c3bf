'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const list = document.getElementById('results');
const note = document.getElementById('note');
const back = document.getElementById('back');
const cards = new Map([...document.querySelectorAll('#results > li')].map((c) => [c.dataset.item, c]));
const filters = [...document.querySelectorAll('select[data-column]')];
let playing = null;

// A clip is loaded while it plays: browsers limit the number of open ones.
function stop() {
  if (playing) {
    playing.pause();
    playing.removeAttribute('src');
    playing.load();
    playing = null;
  }
}

function play(video) {
  if (playing !== video) {
    stop();
    playing = video;
    video.src = video.dataset.clip;
  }
  video.play().catch(() => {});  // ended before it began
}

for (const button of document.querySelectorAll('.clip')) {
  const video = button.querySelector('video');
  if (video) {
    button.addEventListener('mouseenter', () => play(video));
    button.addEventListener('focus', () => play(video));
    button.addEventListener('click', () => play(video));
    button.addEventListener('mouseleave', stop);
    button.addEventListener('blur', stop);
  }
}

// Orders the cards by distance to a video of the page, or to the query.
function order(key) {
  const { items, text } = data.orders[key];
  const shown = key === 'query' ? items : [[key, '', ''], ...items];
  for (const card of cards.values()) {
    card.dataset.ranked = '';
  }
  for (const [item, rank, distance] of shown) {
    const card = cards.get(String(item));
    card.dataset.ranked = 'yes';
    card.querySelector('.rank').textContent = rank === '' ? 'ordered by this video' : rank;
    card.querySelector('.distance').textContent = distance;
    list.append(card);
  }
  note.textContent = text;
  back.hidden = key === 'query';
  filter();
}

function filter() {
  for (const card of cards.values()) {
    const labels = data.labels[card.dataset.item];
    const fits = filters.every((f) => f.value === '' || labels[f.dataset.column] === f.value.slice(1));
    card.hidden = !(fits && card.dataset.ranked);
  }
}

for (const select of filters) {
  select.addEventListener('change', filter);
}
for (const [item, card] of cards) {
  card.querySelector('.more').addEventListener('click', () => {
    order(item);
    card.scrollIntoView({ block: 'nearest' });
  });
}
back.addEventListener('click', () => order('query'));
order('query');
