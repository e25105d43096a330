// The pictures of the method: fetched layer by layer as layers finish, kept, drawn for the layer that is chosen.

import { byId, el, say } from './dom.js';
import { lines, matrix, profile, scale } from './plots.js';
import { DONE, capital, count, short, words } from './text.js';

const VIEWS = [['after', 'as written', 0, 60, false], ['before', 'same quantizer, original model', 0, 60, false], ['gain', 'gain by the transforms', -20, 20, true]];

// A picture that could not be had is asked for again after so long, and the others have their turn meanwhile.
const PATIENCE = 15_000;

export class Pictures {
  #job = null; #base = ''; #layers = []; #known = new Map(); #failed = new Map(); #again = 0; #rotation = null; #chosen = -1; #isBusy = false; #redraw = 0; #view = 'after';
  #choice = byId('layer-choice'); #follow = byId('layer-follow');

  constructor() {
    this.#choice.addEventListener('change', () => this.#choose(Number(this.#choice.value), true));
    byId('layer-before').addEventListener('click', () => this.#step(-1));
    byId('layer-after').addEventListener('click', () => this.#step(1));
    this.#follow.addEventListener('change', () => this.#followNewest());
  }

  show(job) {
    clearTimeout(this.#redraw);
    this.#redraw = 0;
    this.#job = job;
    this.#base = `api/jobs/${job.plan.job}/pictures/`;
    this.#known = new Map();
    this.#failed = new Map();
    this.#rotation = null;
    this.#chosen = -1;
    const numberOf = name => job.plan.kinds.findIndex(kind => kind.kind === name);
    const quantize = numberOf('Quantize'), transform = numberOf('Transform'), rotation = numberOf('ResidualRotation');
    this.#layers = Array.from({ length: job.plan.layers + 1 }, (_, layer) => ({ layer, quantize: -1, transform: -1, rotation: -1 }));
    for (let item = 0; item < job.size; item++) {
      const kind = job.kindOf(item), first = job.firstOf(item);
      if (kind === quantize && first >= 0) this.#layers[first].quantize = item;
      else if (kind === transform && first >= 0) this.#layers[first].transform = item;
      else if (kind === rotation) this.#rotation = { item, document: null };
    }
    this.#choice.replaceChildren(...this.#layers.map(one => el('option', { value: String(one.layer), disabled: true }, this.#nameOf(one.layer))));
    for (const id of ['quality', 'rotation', 'layer-content']) byId(id).replaceChildren();
    byId('layer').hidden = true;
    byId('no-pictures').hidden = false;
    this.update();
  }

  /** Fetches what has become ready, one after the other, while the browser has nothing better to do. */
  update() {
    if (this.#isBusy || !this.#job) return;
    clearTimeout(this.#again);
    const next = this.#next();
    if (!next) {
      if (this.#failed.size) this.#again = setTimeout(() => this.update(), PATIENCE);
      return;
    }
    this.#isBusy = true;
    const job = this.#job, address = this.#base + next.path;
    const idle = globalThis.requestIdleCallback ?? (work => setTimeout(work, 20));
    idle(async () => {
      let answer = null, isDone = false;
      try {
        answer = await fetch(address);
        isDone = answer.ok && job === this.#job && next.take(await answer.json());
      } catch {
        // Without an answer the connection is lost; else the picture is none.
      }
      this.#isBusy = false;
      if (job !== this.#job) {
        this.update();
      } else if (isDone) {
        this.#failed.delete(next.name);
        this.#drawSoon();
        this.update();
      } else {
        if (answer) this.#failed.set(next.name, performance.now());
        this.#again = setTimeout(() => this.update(), answer ? 500 : 3000);
      }
    }, { timeout: 200 });
  }

  #isDone(item) { return item >= 0 && this.#job.statuses[item] === DONE; }
  #nameOf(layer) { return layer === this.#job.plan.layers ? 'embeddings and head' : `layer ${layer}`; }

  #next() {
    const isDue = name => !(performance.now() - this.#failed.get(name) < PATIENCE);
    if (this.#rotation && !this.#rotation.document && this.#isDone(this.#rotation.item) && isDue('rotation')) {
      return { name: 'rotation', path: 'rotation', take: document => { this.#rotation.document = document; return true; } };
    }
    const order = this.#chosen < 0 ? this.#layers : [this.#layers[this.#chosen], ...this.#layers];
    for (const one of order) {
      const ready = Number(this.#isDone(one.transform)) + Number(this.#isDone(one.quantize));
      const has = this.#known.get(one.layer)?.parts ?? 0;
      // Of a layer that is not quantized yet only the chosen one is drawn: the others come whole.
      if (ready > has && isDue(`${one.layer}/${ready}`) && (this.#isDone(one.quantize) || one === this.#layers[this.#chosen] || this.#chosen < 0)) {
        return {
          name: `${one.layer}/${ready}`,
          path: String(one.layer),
          take: document => {
            // The answer may be one that was begun for another page, a moment before the rest was there.
            const parts = Number('Transform' in document) + Number('Quantize' in document);
            if (parts > has) this.#known.set(one.layer, { ...document, parts, isNew: true });
            return parts > has;
          },
        };
      }
    }
    return null;
  }

  #drawSoon() {
    this.#redraw ||= setTimeout(() => {
      this.#redraw = 0;
      byId('no-pictures').hidden = true;
      for (const layer of this.#known.keys()) this.#choice.options[layer].disabled = false;
      byId('layer').hidden = this.#known.size === 0;
      this.#drawQuality();
      if (this.#rotation?.document && !byId('rotation').firstChild) this.#drawRotation();
      if (this.#known.get(this.#chosen)?.isNew) this.#choose(this.#chosen, false);
      this.#followNewest();
    }, 400);
  }

  #followNewest() {
    if (!this.#follow.checked && this.#chosen >= 0) return;
    const layers = [...this.#known.keys()].filter(layer => layer < this.#job.plan.layers);
    const newest = layers.length ? Math.max(...layers) : [...this.#known.keys()][0];
    if (newest !== undefined && newest !== this.#chosen) this.#choose(newest, false);
  }

  #step(by) {
    const layers = [...this.#known.keys()].sort((one, other) => one - other), place = layers.indexOf(this.#chosen) + by;
    if (place >= 0 && place < layers.length) this.#choose(layers[place], true);
  }

  #choose(layer, byHand) {
    const document = this.#known.get(layer);
    if (!document) return;
    if (byHand) this.#follow.checked = false;
    this.#chosen = layer;
    this.#choice.value = String(layer);
    document.isNew = false;
    say(byId('layer-title'), capital(this.#nameOf(layer)));
    byId('layer-content').replaceChildren(...layerFigures(document));
  }

  #drawRotation() {
    const list = this.#rotation.document.ResidualRotation?.picture?.rotations ?? [];
    byId('rotation').replaceChildren(...list.length ? [el('h3', {}, 'The residual stream, rotated'), el('div', { class: 'figures' }, ...list.flatMap(rotationFigures))] : []);
  }

  /** What every layer and site lost, in one picture. */
  #drawQuality() {
    const reports = this.#layers.map(one => this.#known.get(one.layer)?.Quantize?.report);
    const rows = [];
    for (const report of reports) {
      for (const [name, entry] of entriesOf(report)) {
        if (!rows.includes(name) && entry.SqnrAfter !== null && entry.SqnrAfter !== undefined) rows.push(name);
      }
    }
    if (!rows.length) return;
    const [, words, low, high, isAround] = VIEWS.find(view => view[0] === this.#view);
    const columns = this.#layers.map(one => this.#nameOf(one.layer)).map(name => name === 'embeddings and head' ? 'ends' : name);
    const tables = reports.map(report => report && new Map(entriesOf(report)));
    const values = rows.map(row => tables.map(table => table && valueOf(table.get(row), this.#view)));
    const place = byId('quality');
    if (!place.firstChild) this.#buildQuality(place);
    const [picture, legend, table] = place.parts;
    const title = `Signal to quantization noise in decibels, ${words}: weights and activations down, layers across`;
    picture.replaceChildren(matrix(title, rows, columns, values, { unit: 'dB', low, high, isAround, room: picture.clientWidth || 700 }));
    legend.replaceChildren(scale(low, high, 'dB', isAround));
    table.replaceChildren(...rows.map(row => {
      const list = view => tables.flatMap((table, layer) => { const value = table && valueOf(table.get(row), view); return Number.isFinite(value) ? [[value, layer]] : []; });
      const after = list('after'), before = list('before'), worst = after.reduce((one, other) => other[0] < one[0] ? other : one, [Infinity, -1]);
      const mean = pairs => pairs.length ? (pairs.reduce((sum, pair) => sum + pair[0], 0) / pairs.length).toFixed(1) : '–';
      return el('tr', {}, el('th', { scope: 'row' }, row), el('td', {}, mean(before)), el('td', {}, mean(after)), el('td', {}, worst[1] < 0 ? '–' : worst[0].toFixed(1)), el('td', {}, worst[1] < 0 ? '–' : columns[worst[1]]));
    }));
  }

  #buildQuality(place) {
    const picture = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Loss of every layer' }), legend = el('p', { class: 'legend' }), body = el('tbody');
    const views = el('fieldset', { class: 'views' }, el('legend', {}, 'Show'), ...VIEWS.map(([key, name]) => {
      const radio = el('input', { type: 'radio', name: 'view', value: key, checked: key === this.#view });
      radio.addEventListener('change', () => { this.#view = key; this.#drawQuality(); });
      return el('label', {}, radio, ` ${name}`);
    }));
    const heads = ['Weights or activation', 'Before, mean', 'After, mean', 'After, worst', 'Worst layer'].map(name => el('th', { scope: 'col' }, name));
    place.append(el('h3', {}, 'What quantization loses, layer by layer'), el('p', {}, 'Signal to quantization noise: more is better, 6 dB are one bit.'), views, picture, legend,
      el('details', {}, el('summary', {}, 'The same as a table'), el('div', { class: 'scroll' }, el('table', {}, el('caption', {}, 'Signal to quantization noise in dB over the layers so far'), el('thead', {}, el('tr', {}, ...heads)), body))));
    place.parts = [picture, legend, body];
  }
}

const entriesOf = report => report ? [...report.Modules.map(one => [one.Module, one]), ...report.Sites.map(one => [one.Site, one])] : [];

function valueOf(entry, view) {
  if (!entry) return null;
  const [before, after] = [entry.SqnrBefore, entry.SqnrAfter].map(value => value === 'Infinity' ? Infinity : value ?? null);
  if (view !== 'gain') return view === 'after' ? after : before;
  return before === null || after === null || !Number.isFinite(before - after) ? null : after - before;
}

function layerFigures(document) {
  // What a quantized layer leaves has its transform in it; before that there is the transform alone.
  const [transform, quantized] = [document.Transform?.picture ?? {}, document.Quantize?.picture ?? {}];
  const list = name => quantized[name]?.length ? quantized[name] : transform[name] ?? [];
  const figures = [
    ...list('sites').flatMap(siteFigures),
    ...list('smoothings').filter(one => one.factors).map(smoothingFigure),
    ...list('rotations').flatMap(rotationFigures),
  ];
  const report = document.Quantize?.report;
  return [el('div', { class: 'figures' }, ...figures), ...report ? [lossTable(report)] : [el('p', {}, 'This layer is transformed, and not quantized yet.')]];
}

function siteFigures(site) {
  const figures = [], across = site.axis ?? 'channel';
  for (const [name, before, after] of [['largest magnitude', site.magnitude_before, site.magnitude_after], ['variance', site.variance_before, site.variance_after]]) {
    const series = [before && profile('before', 'before', before), after && profile('after the transforms', 'after', after)].filter(Boolean);
    if (series.length) figures.push(lines(`${capital(words(site.site))}: ${name} per ${across}`, series, { across, note: spread(before, after) }));
  }
  return figures;
}

const smoothingFigure = one => lines(`${capital(words(one.site))}: smoothing factors`, [profile('factor', 'after', one.factors)],
  { across: 'channel', note: one.strength === undefined ? '' : `strength ${short(one.strength)}` });

function rotationFigures(rotation) {
  const name = capital(words(rotation.site)), figures = [lines(`${name}: variance per channel`, [
    profile('before', 'before', rotation.before), profile('plain Hadamard', 'hadamard', rotation.hadamard), profile('KLT and Hadamard', 'after', rotation.klt),
  ], { across: 'channel', note: `largest over median: ${[rotation.before, rotation.hadamard, rotation.klt].map(one => short(one.maximum_over_median)).join(' → ')}` })];
  if (rotation.spectrum?.length) {
    figures.push(lines(`${name}: spectrum of the covariance`, [{ name: 'eigenvalue', key: 'after', x: rotation.spectrum_ranks, y: rotation.spectrum }], { across: 'rank', isLogAcross: true }));
  }
  return figures;
}

const spread = (before, after) => before && after ? `largest over median: ${short(before.maximum_over_median)} → ${short(after.maximum_over_median)}` : '';

function lossTable(report) {
  const bits = args => args ? `${args.Bits} bits, ${words(String(args.Strategy))}` : 'not quantized';
  const rows = [...report.Modules.map(one => [one.Module, 'weights', one.Weights, one, count(one.Bytes)]), ...report.Sites.map(one => [one.Site, 'activation', one.Input, one, ''])];
  return el('div', { class: 'scroll' }, el('table', {}, el('caption', {}, 'What was done to each weight and activation, and what it lost'),
    el('thead', {}, el('tr', {}, ...['Name', 'Kind', 'How', 'Bytes', 'SQNR before, dB', 'SQNR after, dB'].map(name => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...rows.map(([name, kind, args, one, bytes]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, kind), el('td', {}, bits(args)), el('td', {}, bytes),
      el('td', {}, short(one.SqnrBefore)), el('td', {}, short(one.SqnrAfter)))))));
}
