// Keeps the board's pages fresh: is told that something changed, fetches the same page, and swaps the parts that
// are different. What somebody types in stays; where they are stays; what is new is said politely.

const NET = 60000; // a look without being told, should a stream be held up on its way
const PAUSE = 3000; // before a lost stream is tried again

const { stream, ...words } = document.body.dataset;
const said = document.getElementById("said");
let version = words.version;
let source = null;
let again = 0;

async function refresh() {
  if (document.hidden || !stream) return;
  let fresh;
  try {
    const answer = await fetch(location.href, { redirect: "manual", signal: AbortSignal.timeout(10000) });
    if (answer.type === "opaqueredirect") return out();
    if (!answer.ok) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // the next look is soon
  }
  const news = fresh.body.dataset.version !== version; // and not just a minute that has gone by
  version = fresh.body.dataset.version;
  const known = numbers();
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (now && !inUse(old) && essence(now) !== essence(old)) swap(old, now);
  }
  ready();
  const added = numbers().filter((each) => !known.includes(each));
  if (words.new && added.length) tell(words.new.replace("{numbers}", added.join(", ")));
  if (words.changed && news) {
    tell(words.changed.replace("{status}", document.querySelector("#head .mark").textContent));
  }
}

/** The numbers in the list. */
function numbers() {
  return [...document.querySelectorAll("#cases tbody th")].map((each) => each.textContent);
}

/** Say it to whoever listens and does not look. */
function tell(what) {
  said.textContent = what;
}

/** Signed out, here or in another tab: what is typed stays, and how to go on is shown. */
function out() {
  source?.close();
  clearTimeout(again);
  if (document.getElementById("out")) return;
  const notice = document.createElement("p");
  notice.id = "out";
  notice.className = "notice alarm";
  const link = document.createElement("a");
  link.href = `/helpdesk/sign-in?${new URLSearchParams({ to: location.pathname + location.search })}`;
  link.textContent = words.out;
  notice.append(link);
  document.getElementById("main").prepend(notice);
  tell(words.out);
}

/** Somebody types in there, or has typed and not sent. */
function inUse(part) {
  const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea")];
  return fields.some((field) => field === document.activeElement || field.value !== field.defaultValue);
}

/** What a part says, without what is new in every copy, what is folded out and what the script shows. */
function essence(part) {
  const copy = part.cloneNode(true);
  for (const each of copy.querySelectorAll("[type=hidden], .copy")) each.remove();
  for (const each of copy.querySelectorAll("details")) each.removeAttribute("open");
  return copy.innerHTML;
}

function swap(old, now) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Map([...old.querySelectorAll("details")].map((each, index) => [each.id || index, each.open]));
  old.replaceChildren(...document.adoptNode(now).childNodes);
  old.querySelectorAll("details").forEach((each, index) => {
    each.open ||= open.get(each.id || index) ?? false;
  });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Buttons that work with this script only. */
function ready() {
  for (const each of document.querySelectorAll(".copy[hidden]")) each.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  const usual = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // it can still be marked and copied by hand
  }
  button.textContent = words.copied;
  tell(`${words.copied}: ${button.dataset.copy}`);
  setTimeout(() => (button.textContent = usual), 2000);
});

function follow() {
  source?.close();
  clearTimeout(again);
  // A browser has six connections for all tabs: who is not looked at has none.
  if (document.hidden || !stream) return;
  source = new EventSource(stream);
  source.addEventListener("version", (event) => {
    if (event.data !== version) refresh();
  });
  source.addEventListener("out", out);
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) again = setTimeout(() => refresh().then(follow), PAUSE);
  });
}

// Paper shows everything; afterwards the page is as it was.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const each of unfolded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of unfolded) each.open = false;
});

// What was just done was said; whoever reloads the page has done nothing.
const here = new URL(location.href);
if (here.searchParams.has("did")) {
  here.searchParams.delete("did");
  history.replaceState(null, "", here);
}

document.addEventListener("visibilitychange", () => {
  follow();
  refresh();
});
addEventListener("pagehide", () => source?.close());
setInterval(refresh, NET);
ready();
follow();
