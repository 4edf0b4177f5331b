// The connection to the server's stream: comes back by itself, and lets go while nobody looks.

const PATIENCE = 1500; // how long a lost connection is not worth a word
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10000;
const HIDDEN_STREAM = 60000; // how long a hidden page keeps its stream: a browser has six for all tabs
const HIDDEN_LOOK = 30000; // and how often it looks in afterwards

/** Follow the stream. `heard` has a function for each kind of event, and `lost` and `found` for the connection. */
export function follow(heard) {
  let source = null;
  let last = ""; // the id of the last line, as the server named it
  let pause = FIRST_PAUSE;
  let concern = 0;
  let sleeping = 0;
  let dozing = false;

  function connect() {
    source?.close();
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    source = new EventSource(`/chat/stream?${new URLSearchParams({ zone, after: last })}`);
    source.addEventListener("error", failed);
    for (const name of ["hello", "line", "state"]) {
      source.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        heard[name](JSON.parse(event.data));
        if (name === "hello") found();
        if (name === "state" && dozing) doze();
      });
    }
  }

  function found() {
    clearTimeout(concern);
    [concern, pause] = [0, FIRST_PAUSE];
    heard.found();
  }

  function failed() {
    concern ||= setTimeout(heard.lost, PATIENCE);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    pause = Math.min(LONGEST_PAUSE, pause * 1.7);
    setTimeout(connect, pause);
  }

  function doze() {
    dozing = true;
    source.close();
    clearTimeout(sleeping);
    sleeping = setTimeout(connect, HIDDEN_LOOK);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(sleeping);
    dozing = false;
    if (document.hidden) sleeping = setTimeout(doze, HIDDEN_STREAM);
    else if (source.readyState === EventSource.CLOSED) connect();
  });

  connect();
}
