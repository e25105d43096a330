// Workers and notices: lists that change in place.

import { byId, el, keyed, mark, say } from './dom.js';
import { NOTICE_WORDS, clock, count } from './text.js';

const isOver = job => ['finished', 'failed', 'cancelled'].includes(job.head.status);

export function showWorkers(job) {
  const workers = [...job.workers.values()].sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
  const over = isOver(job);
  byId('workers').hidden = workers.length === 0;
  byId('no-workers').hidden = workers.length > 0;
  keyed(byId('workers').tBodies[0], workers, worker => worker.name, worker => {
    const cell = name => el('td', { 'data-label': name });
    const bar = el('progress', { 'aria-label': `Progress of ${worker.name}` });
    const parts = { name: el('th', { scope: 'row' }), item: cell('Item'), progress: cell('Progress'), bar, amount: el('span'), speed: cell('Speed'), made: cell('Items made') };
    parts.device = el('small');
    parts.name.append(el('span', {}, worker.name), parts.device);
    parts.progress.append(bar, ' ', parts.amount);
    const row = el('tr', {}, parts.name, parts.item, parts.progress, parts.speed, parts.made);
    row.parts = parts;
    return row;
  }, (row, worker) => {
    const parts = row.parts, works = worker.item !== undefined && !over;
    say(parts.device, worker.device);
    mark(row, 'data-works', String(works));
    say(parts.item, works ? job.label(worker.item) + (worker.attempt > 1 ? `, attempt ${worker.attempt}` : '') : 'idle');
    parts.bar.hidden = !works || !worker.total;
    parts.bar.max = Math.max(1, worker.total ?? 1);
    parts.bar.value = worker.done ?? 0;
    say(parts.amount, works && worker.total ? `${count(worker.done)} of ${count(worker.total)} ${worker.unit}` : '');
    say(parts.speed, works && worker.done > 0 && worker.seconds > 0 ? `${count(worker.done / worker.seconds)} ${worker.unit}/s` : '');
    say(parts.made, String(worker.made));
  });
}

export function showNotices(job) {
  const notices = job.notices.slice(-100).reverse();
  byId('no-notices').hidden = notices.length > 0;
  say(byId('no-notices'), isOver(job) ? 'None.' : 'None so far.');
  byId('notices').hidden = notices.length === 0;
  keyed(byId('notices'), notices, notice => notice.number, notice => {
    const [glyph, word] = NOTICE_WORDS[notice.kind] ?? NOTICE_WORDS.remark;
    return el('li', { 'data-kind': notice.kind },
      el('span', { class: 'kind' }, el('span', { 'aria-hidden': 'true' }, `${glyph} `), word), ' ',
      notice.at > 0 ? el('time', { datetime: new Date(notice.at).toISOString() }, clock(notice.at)) : null, ' ', el('span', { class: 'text' }, notice.text));
  }, () => {});
}
