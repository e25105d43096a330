// Maps of the work: layers across, shards down, one cell an item; drawn on canvas, so that ten thousand items cost nothing.

import { byId, el, keyed, mark, say } from './dom.js';
import { DELAYED, DONE, RUNNING, STATES, capital, words } from './text.js';

const READY = 3, LARGEST_MAP = 300;

export class Maps {
  #job = null; #maps = []; #places = []; #colours = []; #stale = new Set(); #isAsked = false;

  constructor() {
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      matchMedia(query).addEventListener('change', () => { this.#readColours(); this.#drawAll(); });
    }
    new ResizeObserver(() => this.#drawAll()).observe(byId('maps'));
    byId('legend').append(...STATES.map(state => el('li', {}, el('span', { class: `swatch ${state.key}`, 'aria-hidden': 'true' }, state.glyph), ` ${state.name}`)));
    this.#readColours();
  }

  /** Another job, or the same one anew. */
  show(job) {
    this.#job = job;
    this.#maps = lay(job);
    this.#places = new Array(job.size);
    this.#maps.forEach(map => map.cells.forEach(cell => { this.#places[cell.item] = { map, cell }; }));
    byId('maps').replaceChildren(...this.#maps.map(map => this.#build(map)));
    const head = byId('kinds').tHead;
    if (!head.rows.length) head.append(el('tr', {}, el('th', { scope: 'col' }, 'Kind'), ...STATES.map(state => el('th', { scope: 'col' }, state.name))));
    this.#readColours();
    this.#drawAll();
    this.update([]);
  }

  /** Items changed. */
  update(changed) {
    for (const item of changed) this.#stale.add(item);
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      for (const item of this.#stale) {
        const place = this.#places[item];
        if (place) this.#drawCell(place.map, place.cell);
      }
      this.#stale.clear();
      this.#count();
    });
  }

  #count() {
    const job = this.#job;
    for (const map of this.#maps) {
      const sums = map.kinds.map(kind => job.counts[kind]).reduce((one, other) => one.map((value, state) => value + other[state]));
      const all = sums.reduce((one, other) => one + other) - sums[0];
      const text = `${sums[DONE]} of ${all} done${sums[RUNNING] ? `, ${sums[RUNNING]} running` : ''}${sums[DELAYED] ? `, ${sums[DELAYED]} to be retried` : ''}`;
      say(map.summary, text);
      mark(map.canvas, 'aria-label', `${map.title}: ${text}`);
    }
    keyed(byId('kinds').tBodies[0], job.plan.kinds.map((kind, number) => ({ ...kind, number })), kind => kind.kind,
      kind => el('tr', {}, el('th', { scope: 'row' }, capital(words(kind.kind))), ...STATES.map(() => el('td'))),
      (row, kind) => job.counts[kind.number].forEach((value, state) => say(row.cells[state + 1], String(value))));
  }

  #build(map) {
    map.canvas = el('canvas', { role: 'img' });
    map.cursor = el('div', { class: 'cursor', hidden: true });
    map.summary = el('span', { class: 'summary' });
    map.where = el('p', { class: 'where', 'aria-live': 'polite' });
    map.at = { row: 0, column: 0 };
    map.frame = el('div', { class: 'map', tabindex: '0', role: 'application', 'aria-label': `${map.title}, map; the arrow keys go from item to item` }, map.canvas, map.cursor);
    map.frame.addEventListener('keydown', event => this.#walk(map, event));
    map.frame.addEventListener('focus', () => this.#point(map, map.at));
    map.frame.addEventListener('blur', () => this.#point(map, null));
    map.canvas.addEventListener('pointermove', event => this.#point(map, {
      row: Math.floor(event.offsetY / map.height), column: Math.floor(event.offsetX / map.width),
    }));
    map.canvas.addEventListener('pointerleave', () => this.#point(map, document.activeElement === map.frame ? map.at : null));
    const rows = map.labels ? el('ol', { class: 'rows', 'aria-hidden': 'true' }, ...map.labels.map(label => el('li', {}, label))) : null;
    map.rows = rows;
    return el('section', { class: map.labels ? 'labelled' : '' },
      el('h3', {}, map.title, ' ', el('small', {}, map.axes)), el('p', {}, map.summary), el('div', { class: 'pair' }, rows, el('div', { class: 'scroll' }, map.frame)), map.where);
  }

  #walk(map, event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -map.columns], End: [0, map.columns] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const cell = map.grid[map.at.row * map.columns + map.at.column];
    // From a block of layers to the next block, not through it.
    const from = cell ? (step[1] > 0 ? cell.column + cell.span - 1 : step[1] < 0 ? cell.column : map.at.column) : map.at.column;
    map.at = {
      row: Math.max(0, Math.min(map.rowCount - 1, map.at.row + step[0])),
      column: Math.max(0, Math.min(map.columns - 1, from + step[1])),
    };
    this.#point(map, map.at);
  }

  /** Tells what lies at a place. */
  #point(map, at) {
    const cell = at && at.row < map.rowCount && at.column < map.columns ? map.grid[at.row * map.columns + at.column] : null;
    map.cursor.hidden = !cell;
    if (!cell) {
      say(map.where, at && document.activeElement === map.frame ? 'no item here' : '');
      return;
    }
    const style = map.cursor.style;
    style.left = `${cell.column * map.width}px`;
    style.top = `${cell.row * map.height}px`;
    style.width = `${cell.span * map.width}px`;
    style.height = `${map.height}px`;
    const status = this.#job.statuses[cell.item];
    const who = status === RUNNING ? [...this.#job.workers.values()].filter(worker => worker.item === cell.item).map(worker => worker.name).join(' and ') : '';
    say(map.where, `${capital(this.#job.label(cell.item))}: ${STATES[status].name}${who ? ` on ${who}` : ''}`);
  }

  #drawAll() {
    for (const map of this.#maps) {
      const room = map.frame.parentElement.clientWidth;
      if (!room) continue;
      map.width = Math.max(3, Math.min(26, Math.floor(room / map.columns)));
      map.height = map.labels ? 18 : Math.max(3, Math.min(16, Math.floor(LARGEST_MAP / map.rowCount)));
      const scale = devicePixelRatio || 1, wide = map.width * map.columns, high = map.height * map.rowCount;
      map.canvas.width = Math.round(wide * scale);
      map.canvas.height = Math.round(high * scale);
      map.canvas.style.width = map.frame.style.width = `${wide}px`;
      map.canvas.style.height = map.frame.style.height = `${high}px`;
      map.pen = map.canvas.getContext('2d');
      map.pen.setTransform(scale, 0, 0, scale, 0, 0);
      for (const cell of map.cells) this.#drawCell(map, cell);
    }
  }

  #drawCell(map, cell) {
    const pen = map.pen;
    if (!pen) return;
    const status = this.#job.statuses[cell.item], gap = map.height > 5 && map.width > 4 ? 1 : 0.5;
    const x = cell.column * map.width, y = cell.row * map.height, wide = cell.span * map.width - gap, high = map.height - gap;
    pen.clearRect(x, y, wide + gap, map.height);
    const [fill, ink] = this.#colours[status];
    pen.fillStyle = fill;
    pen.fillRect(x, y, wide, high);
    if (wide < 6 || high < 6) return;
    pen.strokeStyle = pen.fillStyle = ink;
    pen.lineWidth = 1.2;
    const middleX = x + wide / 2, middleY = y + high / 2, half = Math.min(wide, high) / 2 - 2;
    pen.beginPath();
    if (status === RUNNING) {
      pen.save();
      pen.rect(x, y, wide, high);
      pen.clip();
      pen.beginPath();
      for (let line = -high; line < wide; line += 5) {
        pen.moveTo(x + line, y + high);
        pen.lineTo(x + line + high, y);
      }
      pen.stroke();
      pen.restore();
    } else if (status === DELAYED) {
      pen.moveTo(middleX - half, middleY - half);
      pen.lineTo(middleX + half, middleY + half);
      pen.moveTo(middleX - half, middleY + half);
      pen.lineTo(middleX + half, middleY - half);
      pen.stroke();
    } else if (status === READY) {
      pen.arc(middleX, middleY, 1.8, 0, 7);
      pen.fill();
    } else if (status !== DONE && ink !== fill) {
      pen.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
    }
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    this.#colours = STATES.map(state => [style.getPropertyValue(`--${state.key}`).trim(), style.getPropertyValue(`--${state.key}-ink`).trim()]);
  }
}

/** Which maps a job has: one for each pass that is cut into shards, one for the steps of layers, one for what has shards only. */
function lay(job) {
  const { kinds, layers, shards } = job.plan, grouped = kinds.map(() => []);
  for (let item = 0; item < job.size; item++) grouped[job.kindOf(item)].push(item);
  const passes = [], steps = [], pieces = [];
  grouped.forEach((items, kind) => {
    const ofLayers = items.filter(item => job.firstOf(item) >= 0);
    if (ofLayers.length && shards > 1 && job.shardOf(ofLayers[0]) >= 0) passes.push([kind, ofLayers]);
    else if (ofLayers.length) steps.push([kind, ofLayers]);
    else if (items.length > 1) pieces.push([kind, items]);
  });
  const title = kind => capital(words(kinds[kind].kind));
  const maps = passes.map(([kind, items]) => map(job, title(kind), 'layers across, shards down', [kind], null, shards, layers + 1,
    items.map(item => ({ item, row: job.shardOf(item), column: job.firstOf(item) }))));
  const rows = (list, name, axes, columns, columnOf) => list.length && maps.push(map(job, name, axes, list.map(([kind]) => kind), list.map(([kind]) => title(kind)), list.length, columns,
    list.flatMap(([, items], row) => items.map(item => ({ item, row, column: columnOf(item) })))));
  rows(steps, 'Steps of each layer', 'layers across, embeddings and head last', layers + 1, item => job.firstOf(item));
  rows(pieces, 'Steps by shard', 'shards across', 1 + Math.max(0, ...pieces.flatMap(([, items]) => items.map(item => job.shardOf(item)))), item => Math.max(0, job.shardOf(item)));
  return maps;
}

function map(job, title, axes, kinds, labels, rowCount, columns, places) {
  const grid = new Array(rowCount * columns), cells = [];
  for (const place of places) {
    const cell = { ...place, span: Math.max(1, Math.min(job.countOf(place.item), columns - place.column)) };
    if (cell.row >= rowCount || cell.column >= columns) continue;
    cells.push(cell);
    for (let column = cell.column; column < cell.column + cell.span; column++) grid[cell.row * columns + column] = cell;
  }
  return { title, axes, kinds, labels, rowCount, columns, cells, grid };
}
