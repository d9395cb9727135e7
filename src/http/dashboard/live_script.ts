/**
 * The page's code, part 4: asks for the figures, keeps their history, and says so when
 * no answer comes.
 *
 * @module
 */

/** Readings, rates, the state of the connection, and the buttons. */
export const LIVE_SCRIPT: string = String.raw`
const PERIOD = 2000;
const WAIT_MAX = 30000;
const ANSWER_TIMEOUT = 15000;
/** Ten minutes of readings. */
const SAMPLES_MAX = 300;
const base = location.pathname.replace(/\/$/, "");

const samples = [];
let data = null;
let before = null;
let failures = 0;
let isPaused = false;
let timer = 0;
let asking = null;

const EMPTY_SAMPLE = { reads: null, writes: null, found: null, cache: null, memtable: null };

/** What changed between two readings, a second. A counter that fell was started anew. */
function compare(old, now) {
  const time = now.time;
  if (old === null) return { time, ...EMPTY_SAMPLE };
  const seconds = (time - old.time) / 1000;
  const reads = now.stats.num_reads - old.stats.num_reads;
  const writes = now.stats.num_writes - old.stats.num_writes;
  if (reads < 0 || writes < 0 || seconds <= 0) return { time, ...EMPTY_SAMPLE };
  const each = { reads: reads / seconds, writes: writes / seconds };
  const a = old.stats.performance;
  const b = now.stats.performance;
  if (a === undefined || b === undefined) return { time, ...EMPTY_SAMPLE, ...each };
  const ratio = (hits, all) => all > 0 ? hits / all : null;
  const hits = b.hits - a.hits;
  const cacheHits = b.cache_hits - a.cache_hits;
  return {
    time,
    ...each,
    found: ratio(hits, hits + b.misses - a.misses),
    cache: ratio(cacheHits, cacheHits + b.cache_misses - a.cache_misses),
    memtable: ratio(b.memtable_hits - a.memtable_hits, hits),
  };
}

const operations = lineChart(byId("operations"), "Operations a second", [
  { name: "Reads", className: "blue", read: (sample) => sample.reads },
  { name: "Writes", className: "orange", dash: "7 3", read: (sample) => sample.writes },
], rate, null, () => samples);

const rates = lineChart(byId("rates"), "Hit rates", [
  { name: "Found", className: "blue", read: (sample) => sample.found },
  { name: "Memtable", className: "green", dash: "7 3", read: (sample) => sample.memtable },
  { name: "Block cache", className: "purple", dash: "2 3", read: (sample) => sample.cache },
], percent, 1, () => samples);

const runs = runsChart(byId("gc"), "Runs of the garbage collector", () => ({
  now: data === null ? 0 : data.time,
  runs: data === null ? [] : data.gc_runs.map((run) => ({ id: (run.bucket || "") + run.started_at, ...run })),
}), () => data === null || !data.stats.gc || data.stats.gc.runs === 0
  ? "The garbage collector has not run yet."
  : "No run has found anything to rewrite yet.");

function showGc() {
  const { gc } = data.stats;
  const parts = [plural(gc.runs, "run", "runs") + " since the start, " + plural(gc.segments_rewritten, "segment", "segments") + " rewritten: " +
    bytes(gc.bytes_reclaimed) + " given back, " + bytes(gc.bytes_rewritten) + " written again."];
  if (gc.stalls > 0) parts.push("Writes waited for it " + plural(gc.stalls, "time", "times") + ".");
  if (gc.last_error) parts.push("The last run failed: " + gc.last_error);
  if (data.gc_runs.length > 0) parts.push("Shown are the latest runs that did something.");
  byId("gc-about").hidden = gc.runs === 0;
  setText(byId("gc-about"), parts.join(" "));
  byId("gc-button").hidden = !data.gc_allowed;
  byId("gc-details").hidden = data.gc_runs.length === 0;
  fillTable(byId("gc-table"),
    [["Began", ""], ["Segments", "number"], ["Given back", "number"], ["Written again", "number"], ["Took", "number"], ["End", ""]],
    [...data.gc_runs].reverse().map((run) => [
      (run.bucket === undefined ? "" : run.bucket + ", ") + moment(run.started_at, data.time), count(run.segments_rewritten),
      bytes(run.bytes_reclaimed), bytes(run.bytes_rewritten), duration(run.milliseconds * 1000), run.error || run.reason,
    ]));
  runs.redraw();
}

function showAll() {
  setText(byId("name"), data.name === "badger" ? "Badger" : data.name);
  document.title = byId("name").textContent + " dashboard";
  const { stats } = data;
  const sample = samples[samples.length - 1];
  showBackend(stats);
  operations.redraw();
  showBuckets(stats);
  if (stats.backend !== "embedded") {
    showTiles(serverTiles(stats, sample));
    showServers(stats);
    return;
  }
  showTiles(engineTiles(stats, sample));
  rates.redraw();
  showSegments(data);
  showGc();
  showLatency(stats);
  showMemory(stats);
}

function keep(sample) {
  samples.push(sample);
  if (samples.length > SAMPLES_MAX) samples.shift();
}

function showState(state, text) {
  byId("state").dataset.state = state;
  setText(byId("state-text"), text);
}

/** Says what is known: when the figures are from, why there are no newer ones, what comes. */
function showLost(title, text) {
  failures++;
  const wait = Math.min(WAIT_MAX, PERIOD * Math.pow(2, failures - 1));
  // A gap in the lines, once.
  if (before !== null) keep({ time: data.time + Date.now() - data.receivedAt, isGap: true, ...EMPTY_SAMPLE });
  before = null;
  document.documentElement.classList.add("is-stale");
  showState("lost", "Not connected");
  setText(byId("lost-title"), title);
  setText(byId("lost-text"), text + " " + (data === null
    ? "There are no figures yet."
    : "The figures are those of " + clock(data.receivedAt, true) + "."));
  byId("lost").hidden = false;
  return wait;
}

function showFound() {
  failures = 0;
  document.documentElement.classList.remove("is-stale");
  byId("lost").hidden = true;
  showState(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live, every 2 seconds");
}

async function fetchJson(path, options) {
  const response = await fetch(base + path, { cache: "no-store", ...options });
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const body = isJson ? await response.json() : {};
  if (response.ok && isJson) return body;
  const error = new Error(body.error || "The server answered " + response.status + " " + response.statusText);
  error.isAnswer = true;
  throw error;
}

async function ask() {
  clearTimeout(timer);
  if (asking !== null) return asking;
  asking = read();
  const wait = await asking;
  asking = null;
  if (!isPaused) timer = setTimeout(ask, wait);
}

async function read() {
  if (document.hidden && data !== null) return PERIOD;
  try {
    const answer = await fetchJson("/dashboard.json", { signal: AbortSignal.timeout(ANSWER_TIMEOUT) });
    data = { ...answer, receivedAt: Date.now() };
    keep(compare(before, data));
    before = data;
  } catch (error) {
    return error.isAnswer
      ? showLost("No figures.", error.message + ".")
      : showLost("Connection lost.", "The server does not answer; the page goes on trying.");
  }
  showFound();
  showAll();
  return PERIOD;
}

byId("retry").addEventListener("click", () => ask());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !isPaused) ask();
});
byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  clearTimeout(timer);
  if (failures === 0) showState(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live, every 2 seconds");
  if (!isPaused) ask();
});

const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "badger-dashboard-theme";

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText(byId("theme"), "Theme: " + theme);
}

function storedTheme() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

byId("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme || "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  setTheme(next);
  try {
    localStorage.setItem(THEME_KEY, next);
  } catch { /* it holds for this visit then */ }
});
setTheme(storedTheme());

/** Runs an action of a button once at a time; the button stays focused meanwhile. */
function onAction(button, busyText, run) {
  const text = button.textContent;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    setText(button, busyText);
    await run();
    button.removeAttribute("aria-disabled");
    setText(button, text);
  });
}

onAction(byId("gc-button"), "Collecting", async () => {
  const result = byId("gc-result");
  result.classList.remove("is-error");
  try {
    const report = await fetchJson("/gc", { method: "POST", headers: { "x-badger-action": "gc" } });
    setText(result, report.segments_rewritten === 0
      ? "Nothing to collect: " + report.reason + "."
      : plural(report.segments_rewritten, "segment", "segments") + " rewritten in " + duration(report.milliseconds * 1000) + ": " +
        bytes(report.bytes_reclaimed) + " given back, " + bytes(report.bytes_rewritten) + " written again.");
  } catch (error) {
    result.classList.add("is-error");
    setText(result, "Not collected: " + error.message + ".");
  }
  if (!isPaused) ask();
});

onAction(byId("largest-button"), "Looking", async () => {
  try {
    const { largest } = await fetchJson("/largest.json?size=20");
    setText(byId("largest-about"), largest.length === 0
      ? "There are no keys."
      : "The " + plural(largest.length, "key", "keys") + " with the largest values, as of " + clock(Date.now(), true) + ". What is not plain text is escaped.");
    byId("largest-scroll").hidden = largest.length === 0;
    const hasBuckets = largest.some((key) => key.bucket !== undefined);
    fillTable(byId("largest"),
      [["Key", "text code"], ...(hasBuckets ? [["Bucket", "text"]] : []), ["Value", "number"]],
      largest.map((key) => [key.key, ...(hasBuckets ? [key.bucket === undefined ? "–" : key.bucket] : []), bytes(key.bytes)]));
  } catch (error) {
    setText(byId("largest-about"), "Not found: " + error.message + ".");
  }
});

new ResizeObserver(() => drawLatency(byId("latency"), latencyRows)).observe(byId("latency"));
ask();
`;
