// The connection: one stream of events a page, taken up again where it was lost; given back while nobody looks.

const RETRY = [1, 1, 2, 3, 5, 8], SILENCE = 13_000; // the server says something every five seconds

export class Stream {
  #handlers; #tell; #source = null; #url = ''; #after = ''; #failures = 0; #retry = 0; #silence = 0; #isOver = false;

  /** handlers: by event name; tell(state, text): how the connection stands. */
  constructor(handlers, tell) {
    this.#handlers = handlers;
    this.#tell = tell;
    document.addEventListener('visibilitychange', () => {
      // A hidden page costs nothing, and a browser has only few connections for one server.
      if (document.hidden) this.#close('paused', 'paused while hidden');
      else if (!this.#source) this.#open();
    });
    addEventListener('pagehide', () => this.#close('paused', 'paused'));
    addEventListener('online', () => this.#source || this.#open());
  }

  /** Listens to another address from its beginning; after says what of it is known. */
  listen(url, after = '') {
    if (url === this.#url) return;
    this.#close();
    this.#url = url;
    this.#after = after;
    this.#failures = 0;
    if (!document.hidden) this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = this.#source = new EventSource(this.#after ? `${this.#url}?after=${encodeURIComponent(this.#after)}` : this.#url);
    this.#listenForSilence();
    source.onopen = () => { this.#failures = 0; this.#isOver = false; this.#tell('live', 'live'); };
    source.onerror = () => this.#lose();
    source.addEventListener('bye', () => { this.#isOver = true; this.#lose(); });
    for (const [name, handle] of Object.entries({ beat: () => {}, ...this.#handlers })) {
      source.addEventListener(name, event => {
        this.#listenForSilence();
        if (event.lastEventId) this.#after = event.lastEventId;
        handle(JSON.parse(event.data));
      });
    }
  }

  #close(state, text) {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = null;
    if (state) this.#tell(state, text);
  }

  /** A connection that nobody closed, and that carries nothing any more, is lost all the same. */
  #listenForSilence() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), SILENCE);
  }

  async #lose() {
    this.#close();
    if (document.hidden) return;
    const url = this.#url, seconds = RETRY[Math.min(this.#failures++, RETRY.length - 1)];
    this.#retry = setTimeout(() => this.#open(), seconds * 1000);
    if (this.#isOver) {
      this.#tell('over', 'the program that served this page has ended; what you see is its last word');
      return;
    }
    this.#tell('lost', this.#failures > 1 ? `no connection, trying again every ${seconds} s` : 'connection lost, trying again');
    try {
      const answer = await fetch('api/jobs', { cache: 'no-store' });
      if (answer.status === 401 && url === this.#url) this.#tell('lost', 'not allowed: open the address with its token again');
    } catch {
      // Nobody answers: said already.
    }
  }
}
