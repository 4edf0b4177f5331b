// The chat page: the stream says what there is, the outbox says what the person did, this puts both on screen.

import { Files } from "./files.js";
import { Outbox } from "./outbox.js";
import { drawAsk, drawPerson, drawScreen, make } from "./screen.js";
import { follow } from "./stream.js";

const SETTLE = 1500; // how long an acknowledged answer may wait for the stream to show it
const byId = (id) => document.getElementById(id);
const [log, unsent, status, small, field, problem] = ["log", "unsent", "status", "small", "field", "problem"].map(byId);

let words = {};
let screen = null; // the one screen that can be answered
let ask = null; // its buttons
let acted = false; // the person did something, and the next screen answers it
let settling = []; // acknowledged, not in the log yet

// ---- what the person does

const outbox = new Outbox({ changed: drawUnsent, taken, refused });

const files = new Files({ changed: drawUnsent, taken, refused: refusedFiles });

const WRONG = { size: "files-size", many: "files-many", room: "files-room", empty: "files-empty" };

function refusedFiles(code) {
  acted = false;
  problem.textContent = words[WRONG[code] ?? "files-failed"];
}

function send(kind, fields, shown) {
  if (fields.prompt && outbox.items.length + settling.length) return; // a second click is no second answer
  acted = true;
  outbox.add(kind, fields, shown.join(" · "));
}

function taken(item) {
  if (item.batch !== undefined && item.batch !== batches) return; // the stream was faster
  settling.push(item);
  setTimeout(settle, SETTLE);
}

function settle() {
  if (!settling.length) return;
  settling = [];
  drawUnsent();
}

function refused(code, item) {
  acted = false;
  problem.textContent = words[code === "size" ? "too-long" : "out-of-date"];
  if (item.body.text && !field.value) field.value = item.body.text;
  grow();
}

function drawUnsent() {
  const shown = [...settling, ...outbox.items, ...files.items];
  for (const item of [...outbox.items, ...files.items]) item.batch ??= batches;
  unsent.replaceChildren(
    ...shown.map((item) => {
      const late = [outbox, files].some((each) => each.failing && each.items.includes(item)) ? [make("small", {}, words["not-sent"] ?? "…")] : [];
      return make("li", { className: "bubble person pending", dir: "auto" }, item.shown, ...late);
    }),
  );
  setReach();
  if (shown.length) reveal(unsent.lastElementChild);
}

/** While something is under way the screen's buttons would do nothing, and say so. */
function setReach() {
  const away = String(outbox.items.length + settling.length > 0);
  for (const each of [ask, small]) each?.setAttribute("aria-disabled", away);
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = (field.value.toWellFormed?.() ?? field.value).trim(); // JSON has no half characters
  problem.textContent = text || screen?.ask?.kind !== "entry" ? "" : screen.ask.error;
  field.setAttribute("aria-invalid", String(Boolean(problem.textContent)));
  if (text) {
    field.value = "";
    grow();
    send("said", { text }, [text.length > 600 ? `${text.slice(0, 600)} […]` : text]);
  }
  field.focus();
});

// ---- files: chosen, pasted, or dropped anywhere on the page

function sendFiles(chosen) {
  problem.textContent = "";
  acted = true;
  files.add(chosen);
}

byId("files").addEventListener("change", (event) => {
  sendFiles(event.target.files);
  event.target.value = ""; // the same one may be chosen again
});

document.addEventListener("paste", (event) => {
  if (!event.clipboardData?.files.length) return;
  event.preventDefault();
  sendFiles(event.clipboardData.files);
});

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  sendFiles(event.dataTransfer.files);
});

field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("composer").requestSubmit();
});

field.addEventListener("input", () => {
  problem.textContent = "";
  field.removeAttribute("aria-invalid");
  grow();
});

function grow() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

document.addEventListener("keydown", (event) => {
  if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
  const options = ask?.querySelectorAll("button[data-option], input[type=checkbox]") ?? [];
  options[event.key - 1]?.focus();
  options[event.key - 1]?.click();
});

byId("language").addEventListener("change", (event) => {
  send("commanded", { command: "language", value: event.target.value }, [event.target.selectedOptions[0].text]);
});

// ---- what the stream says

let batch = []; // lines since the last `state`
let batches = 0;
let anew = false; // the batch replaces what is in the log
let session = null;

const heard = {
  hello(data) {
    words = data.words;
    if (data.after === 0) [anew, batch, session] = [true, [], null];
    document.documentElement.lang = data.language;
    document.documentElement.dir = data.direction;
    for (const each of document.querySelectorAll("[data-word]")) each.textContent = words[each.dataset.word];
    for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
    byId("language").value = data.language;
  },
  line(data) {
    batch.push(data);
  },
  state({ live }) {
    batches += 1;
    const first = anew;
    const atEnd = document.documentElement.scrollHeight - innerHeight - scrollY < 80;
    const drawn = batch.flatMap(drawLine);
    log.setAttribute("aria-live", first && batch.length > 6 ? "off" : "polite"); // nobody wants all of it read out
    const shown = batch.findLast((line) => line.screen?.id === live)?.screen ?? (first ? null : screen);
    if (first) log.replaceChildren(...drawn);
    else log.append(...drawn);
    settling = [];
    drawUnsent();
    makeLive(live, shown);
    if (batch.length) document.title = document.hidden ? `● ${words.title}` : words.title;
    if (drawn.length && (first || acted || atEnd)) reveal(drawn.findLast((each) => each.matches(".screen")) ?? drawn.at(-1));
    if (batch.some((line) => line.who === "bot")) acted = false;
    [batch, anew] = [[], false];
  },
  found() {
    status.dataset.state = "connected";
    status.textContent = "";
    outbox.hurry();
    files.hurry();
  },
  lost() {
    status.dataset.state = "lost";
    status.textContent = words.offline ?? status.textContent;
  },
};

function drawLine(line) {
  const drawn = [];
  if (session !== null && line.session !== session) {
    const when = new Date(line.at * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    drawn.push(make("p", { className: "divider" }, when));
  }
  session = line.session;
  if (line.screen) drawn.push(drawScreen(line.screen, words));
  else if (line.say) drawn.push(drawPerson(line, words));
  return drawn;
}

/** Let only the screen `id` be answered, and bring the focus along if it was on what has gone. */
function makeLive(id, shown) {
  const article = id ? byId(`screen-${id}`) : null; // no screen is live while something is checked
  if (article && screen?.id === id && ask?.isConnected) return;
  const lost = ask?.contains(document.activeElement) || small.contains(document.activeElement);
  ask?.remove();
  screen = article ? shown : null;
  ask = screen ? drawAsk(screen, send) : null;
  if (ask) article.append(ask);
  setReach();
  small.replaceChildren(...(screen?.commands ?? []).map((command) => drawCommand(screen, command)));
  const entry = screen?.ask?.kind === "entry" && screen.ask.type !== "date" ? screen.ask : null;
  byId("field-label").textContent = entry?.label ?? words[ask ? "field-choices" : "field"];
  field.rows = entry?.type === "details" ? 3 : 1;
  grow();
  byId("working").hidden = id !== "";
  for (const old of log.querySelectorAll(".screen.live")) old.classList.remove("live");
  article?.classList.add("live");
  if (article && (lost || (acted && document.activeElement === document.body))) article.focus({ preventScroll: true });
}

function drawCommand({ id }, command) {
  const button = make("button", { type: "button" }, command.label);
  button.addEventListener("click", () => send("commanded", { prompt: id, command: command.id }, [command.label]));
  return button;
}

/** Scroll as little as shows the whole element; the beginning of one that is taller than the window. */
function reveal(element) {
  const room = innerHeight - byId("composer").parentElement.offsetHeight - document.querySelector(".top").offsetHeight;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || anew;
  const block = element.offsetHeight > room ? "start" : "end";
  element.scrollIntoView({ block, behavior: calm ? "instant" : "smooth" });
}

// ---- the page as a whole

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && words.title) document.title = words.title;
});

new ResizeObserver(([foot]) => {
  document.documentElement.style.setProperty("--foot", `${foot.target.offsetHeight}px`);
}).observe(document.querySelector(".foot"));

drawUnsent();
follow(heard);
outbox.start();
