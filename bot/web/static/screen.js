// Draws one line of the conversation. Everything that comes from the server is put in as text, never as HTML.

/** An element with a class, children and properties. Strings become text. */
export function make(tag, { className, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** What a person wrote or picked. */
export function drawPerson(line, words) {
  const who = make("span", { className: "unseen" }, `${words[line.who === "helpdesk" ? "helpdesk" : "you"]}: `);
  return make("div", { className: `bubble ${line.who}`, dir: "auto" }, who, line.say);
}

/** A screen of the bot, without anything that can be pressed. */
export function drawScreen(screen, words) {
  const heading = make(
    "h2",
    screen.progress ? { className: "progress" } : { className: "unseen" },
    screen.progress ? screen.progress.label : words.bot,
  );
  const said = make("div", { className: "say", id: `say-${screen.id}` }, ...paragraphs(screen.say));
  const article = make("article", {
    className: `screen ${screen.tone}`,
    id: `screen-${screen.id}`,
    tabIndex: -1,
    lang: screen.lang,
    dir: screen.dir,
  });
  article.append(heading, ...screen.notes.flatMap((note) => paragraphs(note, "note")), said);
  if (screen.files?.length) article.append(files(screen.files));
  if (screen.facts.length) article.append(facts(screen.facts));
  if (screen.more) {
    const text = make("div", { className: "more" }, ...paragraphs(screen.more.text));
    article.append(make("details", {}, make("summary", {}, screen.more.label), text));
  }
  return article;
}

/** The live part of a screen: buttons, a list to tick, a date. `send(kind, fields, shown)` takes the answer. */
export function drawAsk(screen, send) {
  const { ask } = screen;
  if (!ask) return null;
  const choose = (options) =>
    send("chose", { prompt: screen.id, options: options.map((each) => each.id) }, options.map((each) => each.label));
  if (ask.kind === "entry") return drawEntry(screen, choose, send);
  if (ask.several) return drawList(screen, choose);
  const group = make("div", { className: ask.scale ? "ask scale" : "ask", role: "group" });
  group.setAttribute("aria-labelledby", `say-${screen.id}`);
  group.append(...ask.options.map((option, index) => button(option, ask.scale ? "" : index + 1, choose)));
  return group;
}

function button(option, number, choose) {
  const made = make("button", { type: "button", className: option.main ? "option main" : "option" });
  if (number && number < 10) {
    made.append(make("kbd", { "aria-hidden": "true" }, String(number)));
    made.setAttribute("aria-keyshortcuts", String(number));
  }
  made.append(make("span", {}, option.label));
  made.dataset.option = option.id;
  made.addEventListener("click", () => choose([option]));
  return made;
}

function drawList(screen, choose) {
  const { ask } = screen;
  const problem = make("p", { className: "problem", id: `problem-${screen.id}`, role: "alert" });
  const boxes = ask.options.map((option) => make("input", { type: "checkbox", value: option.id }));
  const tick = (changed) => {
    problem.textContent = "";
    if (!boxes[changed].checked) return;
    boxes.forEach((box, index) => {
      if (index !== changed && (ask.options[changed].alone || ask.options[index].alone)) box.checked = false;
    });
  };
  const rows = ask.options.map((option, index) => {
    boxes[index].addEventListener("change", () => tick(index));
    const number = index < 9 ? [make("kbd", { "aria-hidden": "true" }, String(index + 1))] : [];
    return make("label", { className: "option" }, boxes[index], ...number, make("span", {}, option.label));
  });
  const form = make("form", { className: "ask list", noValidate: true });
  const set = make("fieldset", { "aria-describedby": problem.id });
  set.append(make("legend", { className: "unseen" }, `${screen.say} ${ask.label}`), ...rows);
  form.append(set, problem, make("button", { type: "submit", className: "main" }, ask.send));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const picked = ask.options.filter((_, index) => boxes[index].checked);
    if (picked.length) {
      choose(picked);
    } else {
      problem.textContent = ask.error;
      boxes[0].focus();
    }
  });
  return form;
}

function drawEntry(screen, choose, send) {
  const { ask } = screen;
  const box = make("div", { className: "ask entry" });
  if (ask.type === "date") box.append(drawDate(screen, send));
  if (ask.skip) box.append(button(ask.skip, "", choose));
  return box.childElementCount ? box : null;
}

function drawDate(screen, send) {
  const { ask } = screen;
  const problem = make("p", { className: "problem", id: `problem-${screen.id}`, role: "alert" });
  const field = make("input", { type: "date", id: `date-${screen.id}`, "aria-describedby": problem.id });
  const form = make("form", { className: "date", noValidate: true });
  form.append(make("label", { for: field.id }, ask.label), field);
  form.append(make("button", { type: "submit", className: "main" }, ask.send), problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.textContent = field.value ? "" : ask.error;
    field.setAttribute("aria-invalid", String(!field.value));
    if (field.value) send("entered", { prompt: screen.id, text: field.value }, [field.value]);
    else field.focus();
  });
  return form;
}

/** Files of the helpdesk: a picture is shown where it stands, anything else is to be saved. */
function files(listed) {
  const items = listed.map((file) => {
    const link = make("a", file.picture ? { href: file.url, target: "_blank", rel: "noreferrer" } : { href: file.url, download: "" });
    if (file.picture) {
      const picture = make("img", { src: file.url, alt: "" });
      picture.addEventListener("error", () => picture.remove()); // it only has the name of one
      link.append(picture);
    }
    link.append(make("bdi", {}, file.name));
    return make("li", {}, link);
  });
  return make("ul", { className: "files" }, ...items);
}

function facts(listed) {
  const list = make("dl", { className: "facts" });
  for (const fact of listed) {
    const values = fact.values.map((value) => make("dd", { dir: "auto" }, value));
    list.append(make("div", {}, make("dt", {}, fact.label), ...values));
  }
  return list;
}

/** A line is a paragraph; lines that begin with "- " or "1." are a list. */
function paragraphs(text, className = "") {
  const made = [];
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const item = /^(?:[-*]|(\d+)[.)])\s+(.*)$/.exec(line);
    if (!item) {
      made.push(make("p", { className }, ...linked(line)));
      continue;
    }
    const tag = item[1] ? "OL" : "UL";
    if (made.at(-1)?.tagName !== tag) made.push(make(tag.toLowerCase(), { className }));
    made.at(-1).append(make("li", {}, ...linked(item[2])));
  }
  return made;
}

/** Addresses of Microsoft's own pages become links; any other stays text, because it may be a stranger's. */
function linked(text) {
  const address = /https:\/\/(?:[a-z0-9-]+\.)*(?:microsoft\.com|microsoftonline\.com|office\.com)(?:\/[^\s()<>"]*[^\s()<>".,;:!?])?(?=[\s().,;:!?]|$)/g;
  const made = [];
  let end = 0;
  for (const found of text.matchAll(address)) {
    const link = make("a", { href: found[0], target: "_blank", rel: "noopener noreferrer" }, found[0].replace("https://", ""));
    made.push(text.slice(end, found.index), link);
    end = found.index + found[0].length;
  }
  return [...made, text.slice(end)];
}
