// Sends one thing after the other to the server, each again and again until it is taken or refused.

const LONGEST_PAUSE = 15000;

export class Sender {
  /**
   * What is sent has an id of its own, so that the server takes it once. Who extends this says how a request looks.
   *
   * @param path where to
   * @param changed called after every change of `items` and of `failing`
   * @param taken called with each item that the server has kept
   * @param refused called with (code, item) when the server will never take an item
   */
  constructor(path, { changed, taken, refused }) {
    this.path = path;
    this.changed = changed;
    this.taken = taken;
    this.refused = refused;
    this.items = [];
    this.failing = false;
    this.running = false;
    this.pause = 0;
    this.wake = () => {};
    window.addEventListener("online", () => this.hurry());
  }

  /** Headers, body and whatever else of the request that sends an item. */
  request(_item) {
    throw new Error("who sends says what");
  }

  /** Called after every change of `items`. */
  keep() {
    this.changed();
  }

  push(item) {
    this.items.push(item);
    this.keep();
    this.start();
  }

  /** Try again now instead of later. */
  hurry() {
    this.wake();
    this.start();
  }

  async start() {
    if (this.running) return;
    this.running = true;
    try {
      while (this.items.length) await this.next();
    } finally {
      this.running = false;
    }
  }

  async next() {
    const [item] = this.items;
    const answer = await this.post(item);
    if (answer.taken || answer.refused) {
      this.items.shift();
      this.failing = false;
      this.pause = 0;
      if (answer.taken) this.taken(item);
      else this.refused(answer.refused, item);
      this.keep();
      return;
    }
    this.failing = true;
    this.changed();
    this.pause = answer.after ?? Math.min(LONGEST_PAUSE, Math.max(500, this.pause * 2));
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, this.pause * (0.75 + Math.random() / 2));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }

  /** {taken}, {refused: code} for what will never be taken, {after} in milliseconds, or {} to try again. */
  async post(item) {
    const { headers, ...rest } = this.request(item);
    try {
      const answer = await fetch(this.path, {
        method: "POST",
        headers: { "X-Handrail": "page", ...headers },
        ...rest,
      });
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) return { taken: true };
      if (answer.status === 429) return { after: 1000 * Number(answer.headers.get("Retry-After") ?? 1) };
      if (answer.status >= 500) return {};
      return { refused: said.error?.code ?? "unknown" };
    } catch {
      return {};
    }
  }
}
