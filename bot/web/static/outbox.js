// What the person did and the server has not acknowledged yet; a reload of the page loses none of it.

import { Sender } from "./sender.js";

const KEPT = "handrail-unsent"; // in this tab's session

export class Outbox extends Sender {
  constructor(heard) {
    super("/chat/events", heard);
    this.items = read();
  }

  /** Queue an event. `shown` is what the page shows of it meanwhile. */
  add(kind, fields, shown) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    this.push({ body: { id: crypto.randomUUID(), kind, zone, ...fields }, shown });
  }

  request(item) {
    return {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(item.body),
      signal: AbortSignal.timeout(20000),
    };
  }

  keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(this.items));
    } catch {
      // A browser that keeps nothing still sends.
    }
    super.keep();
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
