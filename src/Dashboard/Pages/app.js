// Puts the page together: which job is shown, what the stream says, when things are drawn and read out.

import { byId, el, keyed, mark, say, sayOrHide } from './dom.js';
import { Job } from './job.js';
import { Maps } from './maps.js';
import { Pictures } from './pictures.js';
import { Stages } from './stages.js';
import { Stream } from './stream.js';
import { JOB_WORDS, capital, count } from './text.js';
import { showNotices, showWorkers } from './workers.js';

const stages = new Stages(), maps = new Maps(), pictures = new Pictures();
let jobs = [], job = null, wanted = '', isDirty = false, changed = [], early = [];

const stream = new Stream({
  jobs: news => { jobs = news.jobs; say(byId('source'), news.source); showJobs(); route(); },
  job: news => hear(news, true),
  change: news => hear(news, false),
}, (state, text) => {
  mark(byId('connection'), 'data-state', state);
  if (byId('connection-text').textContent !== text && (state === 'lost' || state === 'over')) announce(text);
  say(byId('connection-text'), text);
});

addEventListener('hashchange', route);
stream.listen('api/events');

/** The job that the address names; else the one that runs, so that one preset after the other can be watched without a hand. */
function route() {
  const named = /^#job=([0-9a-f]+)$/.exec(location.hash)?.[1];
  const next = named ?? (jobs.find(one => one.status === 'running') ?? (jobs.some(one => one.job === wanted) ? { job: wanted } : jobs.at(-1)))?.job ?? '';
  if (next && next !== wanted) select(next);
}

async function select(id) {
  wanted = id;
  job = null;
  early = [];
  showJobs();
  stream.listen(`api/jobs/${id}/events`);
  for (let patience = 0; wanted === id && !job; patience++) {
    try {
      const answer = await fetch(`api/jobs/${id}`);
      if (answer.status === 404) { byId('job').hidden = true; sayOrHide(byId('empty'), 'There is no such job here.'); return; }
      if (!answer.ok) throw new Error(answer.statusText);
      const plan = await answer.json();
      if (wanted === id) begin(new Job(plan));
    } catch {
      await new Promise(done => setTimeout(done, Math.min(10, 1 + patience) * 1000));
    }
  }
}

function begin(next) {
  job = next;
  byId('empty').hidden = true;
  byId('job').hidden = false;
  stages.show(job);
  maps.show(job);
  pictures.show(job);
  for (const [news, isWhole] of early) hear(news, isWhole);
  early = [];
  draw();
}

function hear(news, isWhole) {
  if (!job) {
    early = isWhole ? [[news, true]] : [...early, [news, false]];
    return;
  }
  const before = { status: job.head.status, notices: job.notices.at(-1)?.number ?? 0, stages: job.plan.stages.map(stage => job.stage(stage.stage).state) };
  if (isWhole) {
    job.takeWhole(news);
    changed = Array.from({ length: job.size }, (_, item) => item);
  } else {
    changed.push(...job.takeChange(news));
    tell(before);
  }
  if (!isDirty) {
    isDirty = true;
    requestAnimationFrame(draw);
  }
}

function draw() {
  isDirty = false;
  showJobs();
  if (!job) return; // another one was chosen since the frame was asked for, and is not there yet
  showHead();
  stages.update(job);
  maps.update(changed);
  changed = [];
  showWorkers(job);
  showNotices(job);
  pictures.update();
}

function showJobs() {
  keyed(byId('jobs'), jobs, one => one.job, one => {
    const link = el('a', { href: `#job=${one.job}` }, el('span', { class: 'name' }), ' ', el('span', { class: 'badge' }));
    return el('li', {}, link);
  }, (item, one) => {
    const status = job?.plan.job === one.job && job.isKnown ? job.head.status : one.status;
    const link = item.firstElementChild, [glyph, word] = JOB_WORDS[status] ?? JOB_WORDS.absent;
    say(link.children[0], titleOf(one));
    say(link.children[1], `${glyph} ${word}`);
    mark(link, 'data-status', status);
    if (one.job === wanted) mark(link, 'aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
}

function showHead() {
  const { head } = job, line = jobs.find(one => one.job === job.plan.job), [glyph, word] = JOB_WORDS[head.status] ?? JOB_WORDS.absent, { done, all } = job.total();
  const title = line ? titleOf(line) : `${job.plan.recipe} ${job.plan.scheme ?? ''}`;
  say(byId('job-title'), title);
  document.title = `${glyph} ${all ? Math.floor(100 * done / all) : 0} % ${title} – MambaQuant`;
  mark(byId('job-status'), 'data-status', head.status);
  say(byId('job-status'), `${glyph} ${capital(word)}`);
  sayOrHide(byId('job-cause'), head.cause && (head.fault ? `${head.fault}: ${head.cause}` : head.cause));
  sayOrHide(byId('job-trouble'), job.trouble);
  byId('job-progress').max = Math.max(1, all);
  byId('job-progress').value = done;
  say(byId('job-done'), `${count(done)} of ${count(all)} done`);
  const facts = [['Made', head.made], ['From the store', head.reused], ['Begun again', head.repeated], ['Layers', job.plan.layers], ['Calibration', `${job.plan.samples} × ${job.plan.sequenceLength} tokens in ${job.plan.shards} shards`],
    ['Store', head.store], ['Job', job.plan.job], ...head.damaged.length ? [['Damaged and made again', head.damaged.join('; ')]] : []];
  keyed(byId('job-facts'), facts.filter(fact => fact[1] !== ''), fact => fact[0], fact => el('div', {}, el('dt', {}, fact[0]), el('dd')), (node, fact) => say(node.lastChild, String(fact[1])));
}

const titleOf = line => [line.model, `${line.recipe} ${line.scheme}`.trim()].filter(Boolean).join(' · ');

/** Reads out what matters: an end, a stage that is done, what went wrong. */
function tell(before) {
  if (job.head.status !== before.status) announce(`The job is ${JOB_WORDS[job.head.status]?.[1] ?? job.head.status}. ${job.head.cause}`);
  job.plan.stages.forEach((stage, place) => {
    if (before.stages[place] !== 'done' && job.stage(stage.stage).state === 'done') announce(`${stage.stage} is done.`);
  });
  const bad = job.notices.filter(notice => notice.number > before.notices && notice.kind !== 'remark');
  if (bad.length) announce(`${bad.length > 1 ? `${bad.length} notices, the last: ` : ''}${bad.at(-1).text}`);
}

let spoken = -Infinity, waiting = [];
/** Speaks at most every eight seconds; what comes meanwhile is said together. */
function announce(text) {
  waiting.push(text);
  if (waiting.length > 1) return;
  setTimeout(() => {
    spoken = performance.now();
    byId('announce').textContent = waiting.slice(-3).join(' ');
    waiting = [];
  }, Math.max(0, spoken + 8000 - performance.now()));
}
