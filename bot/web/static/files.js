// Files on their way to the server: those chosen together are one request, sent again with its id until it is taken.

const LARGEST = 10 * 1024 * 1024; // bytes of one file, as the server has it
const AT_ONCE = 10;
const LONGEST_PAUSE = 15000;

export class Files {
  /**
   * @param changed called after every change of `items`
   * @param taken called with each item that the server has kept
   * @param refused called with what is wrong: "size", "many", "room", "empty" or another code
   */
  constructor({ changed, taken, refused }) {
    this.changed = changed;
    this.taken = taken;
    this.refused = refused;
    this.items = [];
    this.failing = false;
    this.running = false;
  }

  /** Send these; what cannot be sent is said at once. */
  add(chosen) {
    const files = [...chosen];
    if (!files.length) return;
    if (files.length > AT_ONCE) return this.refused("many");
    if (files.some((file) => file.size > LARGEST)) return this.refused("size");
    this.items.push({ id: crypto.randomUUID(), files, shown: files.map((file) => file.name).join(" · ") });
    this.changed();
    this.start();
  }

  async start() {
    if (this.running) return;
    this.running = true;
    let pause = 0;
    while (this.items.length) {
      const answer = await post(this.items[0]);
      this.failing = !answer.taken && !answer.refused;
      if (this.failing) {
        this.changed();
        pause = answer.after ?? Math.min(LONGEST_PAUSE, Math.max(500, pause * 2));
        await new Promise((resolve) => setTimeout(resolve, pause));
        continue;
      }
      const item = this.items.shift();
      pause = 0;
      if (answer.taken) this.taken(item);
      else this.refused(answer.refused);
      this.changed();
    }
    this.running = false;
  }
}

/** {taken}, {refused: code}, {after} in milliseconds, or {} to try again. */
async function post(item) {
  const body = new FormData();
  body.append("id", item.id);
  body.append("zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "");
  for (const file of item.files) body.append("file", file, file.name);
  try {
    const answer = await fetch("/chat/files", { method: "POST", headers: { "X-Handrail": "page" }, body });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return { taken: true };
    if (answer.status === 429) return { after: 1000 * Number(answer.headers.get("Retry-After") ?? 1) };
    if (answer.status >= 500) return {};
    return { refused: said.error?.code ?? "unknown" };
  } catch {
    return {};
  }
}
