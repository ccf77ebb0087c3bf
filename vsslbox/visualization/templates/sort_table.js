'use strict';
// Headings become buttons that sort, and a row and its line are shown together.
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
      const isText = heading.dataset.sort === 'text';
      const first = isText ? 'ascending' : 'descending';
      const other = isText ? 'descending' : 'ascending';
      const order = heading.getAttribute('aria-sort') === first ? other : first;
      headings.forEach((each) => each.removeAttribute('aria-sort'));
      heading.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const value = (row) => row.cells[column]?.dataset.value ?? '';
      const compare = (a, b) => isText ? a.localeCompare(b) : a - b;
      // Rows without a value stay last, whatever the order.
      const rows = [...body.rows].sort((a, b) => {
        const [one, two] = [value(a), value(b)];
        if (one === '' || two === '') return (one === '') - (two === '');
        return sign * compare(one, two);
      });
      body.append(...rows);
    });
  });
}
const drawing = document.querySelector('svg.axes');
const shown = [...document.querySelectorAll('[data-method]')];
const choose = (name) => {
  drawing?.classList.toggle('choosing', name !== undefined);
  shown.forEach((each) => each.classList.toggle('chosen', each.dataset.method === name));
};
for (const each of shown) {
  for (const event of ['pointerenter', 'focusin']) {
    each.addEventListener(event, () => choose(each.dataset.method));
  }
  for (const event of ['pointerleave', 'focusout']) each.addEventListener(event, () => choose());
}
