// What the person did and the server has not acknowledged yet: sent in order, with one id until it is taken.

const KEPT = "handrail-unsent"; // in this tab's session, so that a reload loses nothing
const LONGEST_PAUSE = 15000;

export class Outbox {
  /**
   * @param changed called after every change of `items`
   * @param taken called with each item that the server has kept
   * @param refused called with (item, code) when the server will never take an item
   */
  constructor({ changed, taken, refused }) {
    this.changed = changed;
    this.taken = taken;
    this.refused = refused;
    this.items = read();
    this.failing = false;
    this.running = false;
    this.pause = 0;
    this.wake = () => {};
    window.addEventListener("online", () => this.hurry());
  }

  /** Queue an event. `shown` is what the page shows of it meanwhile. */
  add(kind, fields, shown) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    this.items.push({ body: { id: crypto.randomUUID(), kind, zone, ...fields }, shown });
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
    const answer = await post(item.body);
    if (answer.taken || answer.refused) {
      this.items.shift();
      this.failing = false;
      this.pause = 0;
      if (answer.taken) this.taken(item);
      else this.refused(item, answer.refused);
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

  keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(this.items));
    } catch {
      // A browser that keeps nothing still sends.
    }
    this.changed();
  }
}

/** {taken}, {refused: code} for what will never be taken, {after} in milliseconds, or {} to try again. */
async function post(body) {
  try {
    const answer = await fetch("/chat/events", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Handrail": "page" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
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

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => each?.body?.id && typeof each.shown === "string") : [];
  } catch {
    return [];
  }
}
