// Plots of the method, in SVG: lines over channels or ranks, and the matrix of what each layer lost.

import { el, svg } from './dom.js';
import { short } from './text.js';

const WIDE = 320, HIGH = 130, LEFT = 40, RIGHT = 6, TOP = 8, BOTTOM = 18;

/** A figure of lines. series: [{ name, key, x: [], y: [], step }], all on one scale; the vertical one is logarithmic. */
export function lines(title, series, { across, isLogAcross = false, note = '' }) {
  const all = series.flatMap(one => one.y.filter(value => value > 0));
  const top = Math.log10(Math.max(...all, 1e-30)), lowest = Math.log10(Math.min(...all, 10 ** top));
  const high = Math.max(top, lowest + 0.3), low = Math.max(Math.min(lowest, high - 0.3), high - 12);
  const lastX = Math.max(...series.map(one => one.x.at(-1)), 1);
  const placeX = value => LEFT + (WIDE - LEFT - RIGHT) * (isLogAcross ? Math.log10(Math.max(1, value)) / (Math.log10(lastX) || 1) : value / lastX);
  const placeY = value => TOP + (HIGH - TOP - BOTTOM) * Math.min(1, (high - Math.log10(Math.max(value, 1e-300))) / (high - low));
  const drawing = svg('svg', { viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img', 'aria-label': `${title}. ${series.map(one => `${one.name}: ${span(one.y)}`).join('; ')}. ${note}` });
  for (const tick of ticks(low, high)) {
    const y = placeY(tick);
    drawing.append(svg('line', { x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y, class: 'rule' }), label(LEFT - 4, y + 3, short(tick), 'end'));
  }
  drawing.append(label(LEFT, HIGH - 4, isLogAcross ? '1' : '0', 'start'), label((LEFT + WIDE) / 2, HIGH - 4, across, 'middle'), label(WIDE - RIGHT, HIGH - 4, String(lastX), 'end'));
  for (const one of series) {
    let path = '', x0 = one.step ? 0 : null;
    one.y.forEach((value, place) => {
      const x = placeX(one.x[place]).toFixed(1), y = placeY(value).toFixed(1);
      path += x0 === null ? `${path ? 'L' : 'M'}${x} ${y}` : `${path ? 'V' : `M${placeX(0).toFixed(1)} `}${y}H${x}`;
    });
    // What was there before is a ground, what came of it a line: told apart without colour.
    if (one.key === 'before' && path) path += `V${HIGH - BOTTOM}H${LEFT}Z`;
    drawing.append(svg('path', { d: path || 'M0 0', class: `line ${one.key}` }));
  }
  const keys = el('span', { class: 'keys' }, ...series.map(one => el('span', { class: `line-key ${one.key}` }, one.name)));
  return el('figure', {}, el('figcaption', {}, el('strong', {}, title), keys, note ? el('span', { class: 'note' }, note) : null), drawing);
}

/** A profile of channels as a series of lines. */
export function profile(name, key, of) {
  return { name, key, step: true, x: of.largest.map((_, bin) => Math.min(of.channels, (bin + 1) * of.channels_per_bin)), y: of.largest };
}

/** Rows by columns of numbers in colour; values: [row][column], undefined where not known yet. */
export function matrix(title, rows, columns, values, { unit, low, high, isAround = false, room = 700 }) {
  const side = 118, cell = Math.max(7, Math.min(46, Math.floor((room - side) / columns.length))), line = 20;
  const wide = side + cell * columns.length, tall = line * rows.length + 18;
  const drawing = svg('svg', { viewBox: `0 0 ${wide} ${tall}`, width: wide, height: tall, role: 'img', 'aria-label': title });
  rows.forEach((row, y) => {
    drawing.append(label(side - 6, y * line + 14, row, 'end'));
    columns.forEach((column, x) => {
      const value = values[y][x];
      if (value === undefined) {
        drawing.append(svg('rect', { x: side + x * cell, y: y * line, width: cell - 1, height: line - 1, class: 'unknown' }));
        return;
      }
      const share = value === null ? null : Math.max(0, Math.min(1, (value - low) / (high - low)));
      const box = svg('rect', { x: side + x * cell, y: y * line, width: cell - 1, height: line - 1, fill: share === null ? 'none' : isAround ? around(share) : cividis(share) });
      box.append(svg('title', {}, `${row}, ${column}: ${short(value)}${value === null ? '' : ` ${unit}`}`));
      drawing.append(box);
      if (cell >= 30 && value !== null) {
        const text = label(side + x * cell + (cell - 1) / 2, y * line + 14, Number.isFinite(value) ? value.toFixed(Math.abs(value) < 9.95 ? 1 : 0) : '∞', 'middle');
        text.setAttribute('class', isAround ? 'on-middle' : share > 0.55 ? 'on-light' : 'on-dark');
        drawing.append(text);
      }
    });
  });
  const every = Math.ceil(34 / cell);
  columns.forEach((column, x) => x % every === 0 && drawing.append(label(side + x * cell + cell / 2, tall - 4, String(column).replace('layer ', ''), 'middle')));
  return drawing;
}

/** What the colours of a matrix mean. */
export function scale(low, high, unit, isAround) {
  const bar = svg('svg', { viewBox: '0 0 120 12', width: 120, height: 12, 'aria-hidden': 'true' });
  for (let step = 0; step < 24; step++) bar.append(svg('rect', { x: step * 5, y: 0, width: 5, height: 12, fill: (isAround ? around : cividis)(step / 23) }));
  return el('span', { class: 'scale' }, `${low} `, bar, ` ${high} ${unit}`);
}

const label = (x, y, text, anchor) => svg('text', { x, y, 'text-anchor': anchor }, text);
const span = values => values.length ? `${short(Math.min(...values))} to ${short(Math.max(...values))}` : 'nothing';

/** Powers of ten, thinned to five at most; where there are too few of them, the two ends. */
function ticks(low, high) {
  const first = Math.ceil(low), last = Math.floor(high);
  if (last - first < 1) return [10 ** low, 10 ** high];
  const step = Math.ceil((last - first + 1) / 5), list = [];
  for (let power = first; power <= last; power += step) list.push(10 ** power);
  return list;
}

// Colours that the colour-blind tell apart, growing evenly in lightness.
const CIVIDIS = [[0, 34, 78], [56, 75, 108], [112, 113, 115], [167, 156, 114], [215, 201, 92], [254, 232, 56]];
const AROUND = [[178, 88, 6], [241, 163, 64], [245, 245, 245], [153, 142, 195], [84, 39, 136]];
const cividis = share => between(CIVIDIS, share);
const around = share => between(AROUND, share);

function between(colours, share) {
  const place = share * (colours.length - 1), first = Math.min(Math.floor(place), colours.length - 2), part = place - first;
  return `rgb(${colours[first].map((value, band) => Math.round(value + (colours[first + 1][band] - value) * part)).join(',')})`;
}
