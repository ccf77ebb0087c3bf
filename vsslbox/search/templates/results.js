const data = JSON.parse(document.getElementById('data').textContent);
const list = document.getElementById('results');
const note = document.getElementById('note');
const back = document.getElementById('back');
const cards = new Map([...document.querySelectorAll('#results > li')].map((c) => [c.dataset.item, c]));
const filters = [...document.querySelectorAll('select[data-column]')];
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
