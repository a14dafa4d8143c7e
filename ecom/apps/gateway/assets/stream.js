// What the gateway tells by itself. It may have no place for a stream, or be away: then whoever listens has to ask.

const AGAIN_MS = 30_000;

export class Stream {
  #listener;
  #source = null;
  #timer = 0;
  #isOpen = false;

  // The listener has opened(), interrupted(), and trending(answer), series(answer), unavailable(problem).
  constructor(listener) {
    this.#listener = listener;
  }

  get isOpen() {
    return this.#isOpen;
  }

  // Listen to trending products, and to one product's minutes where it is given, until close().
  open(limit, product) {
    this.close();
    const query = new URLSearchParams({ limit });
    if (product) query.set("product_id", product);
    const source = new EventSource(`/analytics/stream?${query}`);
    source.addEventListener("open", () => this.#opened(source));
    source.addEventListener("error", () => this.#failed(source, limit, product));
    for (const name of ["trending", "series", "unavailable"]) {
      source.addEventListener(name, (event) => source === this.#source && this.#listener[name](JSON.parse(event.data)));
    }
    this.#source = source;
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#isOpen = false;
  }

  #opened(source) {
    if (source !== this.#source) return;
    this.#isOpen = true;
    this.#listener.opened();
  }

  // The browser comes again by itself when a stream ends or breaks, and says how far it was told; it gives up when it
  // gets another answer than a stream.
  #failed(source, limit, product) {
    if (source !== this.#source) return;
    this.#isOpen = false;
    if (source.readyState === EventSource.CLOSED) {
      this.#timer = setTimeout(() => this.open(limit, product), AGAIN_MS * (1 + Math.random()));
    }
    this.#listener.interrupted();
  }
}
