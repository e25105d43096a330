// What is known of one job: its plan, and how everything stands. Knows nothing of the document.

import { DONE, RUNNING, UNNEEDED, words } from './text.js';

export class Job {
  constructor(plan) {
    this.plan = plan;
    this.size = plan.items.length / 4;
    this.statuses = new Uint8Array(this.size);
    this.stages = new Map();
    this.workers = new Map();
    this.notices = [];
    this.head = { status: 'absent', cause: '', fault: '', store: '', made: 0, reused: 0, repeated: 0, damaged: [] };
    this.trouble = '';
    this.isKnown = false;
    this.counts = plan.kinds.map(() => [0, 0, 0, 0, 0, 0]);
    this.#recount();
  }

  kindOf(item) { return this.plan.items[item * 4]; }
  firstOf(item) { return this.plan.items[item * 4 + 1]; }
  countOf(item) { return this.plan.items[item * 4 + 2]; }
  shardOf(item) { return this.plan.items[item * 4 + 3]; }

  /** The item for people. */
  label(item) {
    const first = this.firstOf(item), count = this.countOf(item), shard = this.shardOf(item), layers = this.plan.layers;
    const where = first < 0 ? '' : first === layers ? ' embeddings and head' : count === 1 ? ` layer ${first}` : ` layers ${first}–${Math.min(first + count, layers) - 1}`;
    return words(this.plan.kinds[this.kindOf(item)].kind) + where + (shard < 0 ? '' : `, shard ${shard}`);
  }

  /** Everything anew; tells which items changed: all. */
  takeWhole(news) {
    this.stages.clear();
    this.workers.clear();
    this.notices = [];
    const items = news.items;
    if (typeof items === 'string') {
      for (let item = 0; item < this.size; item++) this.statuses[item] = items.charCodeAt(item) - 48;
    }
    this.#recount();
    this.#take(news);
  }

  /** What is new; returns the items that changed. */
  takeChange(news) {
    const changed = [];
    for (let place = 0; place < (news.items?.length ?? 0); place += 2) {
      const item = news.items[place], status = news.items[place + 1], counts = this.counts[this.kindOf(item)];
      counts[this.statuses[item]]--;
      counts[status]++;
      this.statuses[item] = status;
      changed.push(item);
    }
    this.#take(news);
    return changed;
  }

  /** Items done, and items that are to be made or are made. */
  total() {
    let done = 0, all = 0;
    for (const counts of this.counts) {
      done += counts[DONE];
      all += counts.reduce((sum, value) => sum + value) - counts[UNNEEDED];
    }
    return { done, all };
  }

  /** How a stage stands: from its items, and from what it tells of itself. */
  stage(name) {
    const told = this.stages.get(name), sum = [0, 0, 0, 0, 0, 0];
    this.plan.kinds.forEach((kind, number) => kind.stage === name && this.counts[number].forEach((value, status) => { sum[status] += value; }));
    const all = sum.reduce((one, other) => one + other), open = all - sum[DONE] - sum[UNNEEDED];
    const state = open === 0 ? (told ? 'done' : 'stored') : sum[RUNNING] > 0 ? 'running' : sum[DONE] > 0 || told?.done > 0 ? 'begun' : 'waiting';
    return { name, state, told, items: sum };
  }

  #recount() {
    for (const counts of this.counts) counts.fill(0);
    for (let item = 0; item < this.size; item++) this.counts[this.kindOf(item)][this.statuses[item]]++;
  }

  #take(news) {
    this.isKnown = true;
    for (const name of Object.keys(this.head)) if (name in news) this.head[name] = news[name];
    if ('trouble' in news) this.trouble = news.trouble;
    for (const stage of news.stages ?? []) this.stages.set(stage.stage, stage);
    for (const name of news.gone ?? []) this.workers.delete(name);
    for (const worker of news.workers ?? []) this.workers.set(worker.name, { ...worker, heard: performance.now() });
    this.notices.push(...news.notices ?? []);
    this.notices.splice(0, this.notices.length - 200);
  }
}
