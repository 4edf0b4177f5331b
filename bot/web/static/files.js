// Files on their way to the server: those that were chosen together are one request.

import { Sender } from "./sender.js";

const LARGEST = 10 * 1024 * 1024; // bytes of one file, as the server has it
const AT_ONCE = 10;

export class Files extends Sender {
  /** What cannot be sent is refused at once: "size" or "many", besides the server's codes. */
  constructor(heard) {
    super("/chat/files", heard);
  }

  /** Send these. */
  add(chosen) {
    const files = [...chosen];
    if (!files.length) return;
    if (files.length > AT_ONCE) return this.refused("many");
    if (files.some((file) => file.size > LARGEST)) return this.refused("size");
    this.push({ id: crypto.randomUUID(), files, shown: files.map((file) => file.name).join(" · ") });
  }

  request(item) {
    const body = new FormData();
    body.append("id", item.id);
    body.append("zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "");
    for (const file of item.files) body.append("file", file, file.name);
    return { body };
  }
}
