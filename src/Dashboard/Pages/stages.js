// The stages as a graph: cards in the order of the work, joined by lines where there is room.

import { byId, el, keyed, mark, say, svg } from './dom.js';
import { capital, count, duration } from './text.js';

const WORDS = {
  done: ['✓', 'done'], stored: ['✓', 'nothing to do'], running: ['▶', 'running'], begun: ['‖', 'begun'], waiting: ['□', 'waiting'],
};

export class Stages {
  #list = byId('stages'); #lines = null; #stages = []; #drawn = '';

  constructor() {
    new ResizeObserver(() => this.#join()).observe(this.#list);
  }

  /** Another job. */
  show(job) {
    const depth = new Map();
    this.#stages = job.plan.stages.map(stage => {
      const column = 1 + Math.max(0, ...stage.needs.map(need => depth.get(need) ?? 0));
      depth.set(stage.stage, column);
      return { ...stage, column };
    });
    this.#list.replaceChildren();
    this.#lines?.remove();
    this.#lines = svg('svg', { class: 'lines', 'aria-hidden': 'true' });
    this.#list.before(this.#lines);
    this.#list.style.setProperty('--columns', Math.max(1, ...depth.values()));
    this.#drawn = '';
    this.update(job);
  }

  update(job) {
    keyed(this.#list, this.#stages, stage => stage.stage, stage => this.#card(stage), (card, stage) => {
      const { state, told } = job.stage(stage.stage), parts = card.parts;
      const over = job.head.status === 'finished' || job.head.status === 'failed' || job.head.status === 'cancelled';
      const [glyph, word] = WORDS[over && state === 'running' ? 'begun' : state];
      mark(card, 'data-state', state);
      say(parts.state, `${glyph} ${word}`);
      const done = told ? told.done : state === 'stored' ? 1 : 0, total = told ? told.total : 1;
      parts.bar.max = Math.max(1, total);
      parts.bar.value = done;
      say(parts.amount, told ? `${count(done)} of ${count(total)} ${told.unit}` : '');
      const isMoving = !over && state !== 'done' && told?.perSecond > 0;
      say(parts.rate, told?.perSecond > 0 && total > 1 ? `${count(told.perSecond)} ${told.unit}/s` : '');
      say(parts.left, isMoving && told.secondsLeft ? `about ${duration(told.secondsLeft)} left` : '');
    });
    this.#join();
  }

  #card(stage) {
    const parts = {
      state: el('p', { class: 'state' }), bar: el('progress', { 'aria-label': `Progress of ${stage.stage}` }),
      amount: el('p', { class: 'amount' }), rate: el('p', { class: 'rate' }), left: el('p', { class: 'left' }),
    };
    const after = stage.needs.length ? el('span', { class: 'unseen' }, `, after ${stage.needs.join(' and ')}`) : null;
    const card = el('li', { class: 'stage' }, el('h3', {}, capital(stage.stage), after), parts.state, parts.bar, parts.amount, parts.rate, parts.left);
    card.style.setProperty('--column', stage.column);
    card.parts = parts;
    return card;
  }

  /** Lines from each card to those that stand behind it; where the cards lie one below the other a line of the style sheet does. */
  #join() {
    if (!this.#lines || this.#list.children.length === 0) return;
    const frame = this.#list.parentElement.getBoundingClientRect();
    const places = new Map([...this.#list.children].map(card => [card.dataset.key, card.getBoundingClientRect()]));
    const paths = [];
    for (const stage of this.#stages) {
      const to = places.get(stage.stage);
      for (const need of stage.needs) {
        const from = places.get(need);
        if (!from || from.right > to.left) continue;
        const x = from.right - frame.left, y = from.top + 20 - frame.top, toX = to.left - frame.left, toY = to.top + 20 - frame.top, bend = toX - 8;
        paths.push(`M${x} ${y}H${bend}V${toY}H${toX}`);
      }
    }
    const drawn = paths.join('');
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#lines.replaceChildren(svg('path', { d: drawn || 'M0 0' }));
  }
}
