// Numbers, times and names as people read them.

/** What an item's status is called, by its number; glyph beside colour, so that neither is needed alone. */
export const STATES = [
  { name: 'not needed', key: 'unneeded', glyph: '·' },
  { name: 'waiting', key: 'waiting', glyph: '□' },
  { name: 'failed, will be retried', key: 'delayed', glyph: '✕' },
  { name: 'ready', key: 'ready', glyph: '◦' },
  { name: 'running', key: 'running', glyph: '▨' },
  { name: 'done', key: 'done', glyph: '■' },
];
export const UNNEEDED = 0, DELAYED = 2, RUNNING = 4, DONE = 5;

export const JOB_WORDS = {
  absent: ['◌', 'waiting for its turn'],
  running: ['▶', 'running'],
  finished: ['✓', 'finished'],
  failed: ['✕', 'failed'],
  cancelled: ['■', 'stopped'],
};

export const NOTICE_WORDS = {
  remark: ['i', 'Remark'],
  retry: ['↻', 'Retry'],
  damage: ['◩', 'Damage'],
  loss: ['⌁', 'Loss'],
  difference: ['≠', 'Difference'],
  waiting: ['…', 'Waiting'],
  failure: ['✕', 'Failure'],
};

/** "ObserveOriginal", "out_proj_input" → words. */
export const words = name => name.replaceAll('_', ' ').replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

export const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

/** 1234567 → "1.23M". */
export function count(value) {
  for (const [size, unit] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']]) {
    if (Math.abs(value) >= size) {
      const scaled = value / (unit === 'k' ? 1e3 : size);
      return `${scaled.toFixed(scaled < 10 ? 2 : scaled < 100 ? 1 : 0)}${unit}`;
    }
  }
  return Number.isInteger(value) ? String(value) : value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
}

/** 4000 → "1 h 7 min". */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes < 5 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`;
}

export const clock = at => new Date(at).toLocaleTimeString([], { hour12: false });

/** A number of a picture: three digits that count. */
export function short(value) {
  if (value === null || value === undefined) return '–';
  const number = Number(value);
  if (!Number.isFinite(number)) return 'exact';
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return number.toExponential(1);
  return String(Number(number.toPrecision(3)));
}
