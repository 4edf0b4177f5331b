// Keeps the board's pages fresh: fetches the same page and swaps the parts that changed, and nothing else.

const EVERY = 4000;

async function refresh() {
  if (document.hidden) return;
  let fresh;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(10000) });
    if (!answer.ok) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // the next look is soon
  }
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    if (now && !inUse(old) && essence(now) !== essence(old)) swap(old, now);
  }
}

/** Somebody types in there, or has typed and not sent. */
function inUse(part) {
  const fields = [...part.querySelectorAll("input:not([type=hidden]), textarea")];
  return fields.some((field) => field === document.activeElement || field.value !== field.defaultValue);
}

/** What a part says, without the ids that are new in every copy and without what is folded out. */
function essence(part) {
  const copy = part.cloneNode(true);
  for (const hidden of copy.querySelectorAll("[type=hidden]")) hidden.remove();
  for (const folded of copy.querySelectorAll("details")) folded.removeAttribute("open");
  return copy.innerHTML;
}

function swap(old, now) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...old.querySelectorAll("details")].map((each) => each.open);
  old.replaceChildren(...document.adoptNode(now).childNodes);
  old.querySelectorAll("details").forEach((each, index) => {
    each.open ||= open[index] ?? false;
  });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
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

document.addEventListener("visibilitychange", refresh);
setInterval(refresh, EVERY);
