/**
 * The page's code, part 3: what is no chart over time.
 *
 * @module
 */

/** Tiles, segments, latency, memory, buckets. */
export const PANELS_SCRIPT: string = String.raw`
/** Up to this many segments have a row each, with figures; more become columns. */
const ROWS_MAX = 12;
/** More columns than this are not told apart any more: then one stands for several. */
const COLUMNS_MAX = 400;

function engineTiles(stats, sample) {
  const { performance } = stats;
  const stored = stats.live_bytes + stats.dead_bytes;
  const reads = performance.hits + performance.misses;
  const memory = Object.values(stats.memory).reduce((sum, part) => sum + part, 0);
  const waits = stats.pending_writes === 0 ? "none waits" : plural(stats.pending_writes, "waits", "wait");
  return [
    ["Keys", count(stats.keys), plural(stats.bucket_count, "bucket", "buckets")],
    ["Value log", bytes(stats.vlog_size), stored === 0 ? "no records yet" : percent(stats.dead_bytes / stored) + " dead"],
    ["Reads a second", rate(sample.reads), count(stats.num_reads) + " in all"],
    ["Writes a second", rate(sample.writes), count(stats.num_writes) + " in all, " + waits],
    ["Reads that found a value", percent(reads === 0 ? null : performance.hits / reads), reads === 0 ? "no reads yet" : "since the start"],
    ["Memory", bytes(memory), "index, memtables, cache"],
  ];
}

function showTiles(tiles) {
  const list = byId("tiles");
  // Another backend has others, if the server was started anew.
  while (list.children.length > tiles.length) list.lastChild.remove();
  tiles.forEach(([name, figure, beside], i) => {
    let tile = list.children[i];
    if (tile === undefined) {
      tile = make("div");
      tile.append(make("dt"), make("dd", "figure"), make("dd", "beside"));
      list.append(tile);
    }
    setText(tile.children[0], name);
    setText(tile.children[1], figure);
    setText(tile.children[2], beside);
  });
}

/** One bar a segment, or a bar for several neighbours where there are very many. */
function groupSegments(segments) {
  const size = Math.ceil(segments.length / COLUMNS_MAX);
  const groups = [];
  for (let i = 0; i < segments.length; i += size) {
    const part = segments.slice(i, i + size);
    const sum = (name) => part.reduce((total, segment) => total + segment[name], 0);
    const first = part[0];
    const last = part[part.length - 1];
    groups.push({
      id: (first.bucket === undefined ? "" : first.bucket + " ") + first.id,
      name: part.length === 1
        ? "Segment " + first.id + (first.bucket === undefined ? "" : " of " + first.bucket)
        : "Segments " + first.id + " to " + last.id,
      active: part.some((segment) => segment.active),
      live: sum("live_bytes"),
      dead: sum("dead_bytes"),
      records: sum("records"),
    });
  }
  return groups;
}

function describeSegment(group) {
  const total = group.live + group.dead;
  return bytes(total) + ", " + plural(group.records, "record", "records") +
    (total === 0 ? "" : ", " + percent(group.dead / total) + " dead");
}

const segmentList = byId("segments");
let segmentGroups = [];
let chosenSegment = null;

function showSegments(data) {
  const groups = segmentGroups = groupSegments(data.segments);
  const { discard_ratio: ratio, segments, stats } = data;
  const ripe = ratio === null ? [] : segments.filter((segment) => segment.live_bytes + segment.dead_bytes > 0 && segment.discard_ratio >= ratio);
  const about = [];
  if (segments.length === 0) about.push("There is no segment yet: the first one is made when a bucket is opened.");
  else {
    about.push(plural(data.segment_count, "segment", "segments") + " with " + bytes(stats.live_bytes) + " live and " + bytes(stats.dead_bytes) + " dead, the oldest first.");
    if (ratio !== null) {
      about.push(ripe.length === 0
        ? "None has reached the discard ratio of " + percent(ratio) + "."
        : plural(ripe.length, "has", "have") + " reached the discard ratio of " + percent(ratio) + ".");
    }
    if (segments.length < data.segment_count) about.push("Shown are the newest " + count(segments.length) + ".");
    if (groups.length < segments.length) about.push("Each bar stands for " + Math.ceil(segments.length / COLUMNS_MAX) + " neighbours.");
    if (stats.live_bytes + stats.dead_bytes === 0) about.push("No record has been written yet.");
  }
  setAbout("segments-about", segments.length === 0, about.join(" "));
  byId("segments-keys").hidden = segments.length === 0;
  segmentList.hidden = segments.length === 0;
  const isRows = groups.length <= ROWS_MAX;
  segmentList.className = isRows ? "rows" : "columns";
  segmentList.setAttribute("aria-orientation", isRows ? "vertical" : "horizontal");
  segmentList.style.setProperty("--column", groups.length <= 40 ? "22px" : groups.length <= 110 ? "10px" : "8px");
  segmentList.style.setProperty("--tall", groups.length <= 110 ? "120px" : "76px");
  while (segmentList.children.length > groups.length) segmentList.lastChild.remove();
  while (segmentList.children.length < groups.length) {
    const option = make("div");
    option.id = "segment-" + segmentList.children.length;
    option.setAttribute("role", "option");
    const bar = make("span", "bar");
    bar.append(make("i", "live"), make("i", "dead"));
    option.append(make("span", "label"), bar, make("span", "figures"));
    segmentList.append(option);
  }
  const largest = Math.max(1, ...groups.map((group) => group.live + group.dead));
  // A few bytes are not nothing: half a percent is still seen.
  const part = (size) => (size === 0 ? 0 : Math.max(0.5, (size / largest) * 100)) + "%";
  groups.forEach((group, i) => {
    const option = segmentList.children[i];
    option.setAttribute("aria-label", group.name + (group.active ? ", active" : "") + ": " + describeSegment(group));
    option.classList.toggle("is-active", group.active);
    setText(option.children[0], group.name);
    option.children[1].children[0].style.setProperty("--part", part(group.live));
    option.children[1].children[1].style.setProperty("--part", part(group.dead));
    const total = group.live + group.dead;
    setText(option.children[2], total === 0 ? "empty" : bytes(total) + ", " + percent(group.dead / total) + " dead");
  });
  chooseSegment(chosenSegment);
}

function chooseSegment(id) {
  chosenSegment = id;
  const index = segmentGroups.findIndex((group) => group.id === id);
  for (let i = 0; i < segmentList.children.length; i++) {
    segmentList.children[i].setAttribute("aria-selected", String(i === index));
  }
  const group = segmentGroups[index];
  if (group === undefined) segmentList.removeAttribute("aria-activedescendant");
  else segmentList.setAttribute("aria-activedescendant", "segment-" + index);
  const readout = byId("segments-readout");
  readout.hidden = segmentGroups.length === 0;
  setText(readout, group === undefined
    ? "Point at a bar, or use the arrow keys, for its figures."
    : group.name + (group.active ? ", active" : "") + ": " + bytes(group.live) + " live, " + bytes(group.dead) + " dead, " + describeSegment(group));
}

function segmentUnder(event) {
  const option = event.target.closest("[role=option]");
  return option === null ? undefined : segmentGroups[[...segmentList.children].indexOf(option)];
}

for (const kind of ["pointerover", "click"]) {
  segmentList.addEventListener(kind, (event) => {
    const group = segmentUnder(event);
    if (group !== undefined) chooseSegment(group.id);
  });
}
segmentList.addEventListener("focus", () => {
  if (chosenSegment === null && segmentGroups.length > 0) chooseSegment(segmentGroups[segmentGroups.length - 1].id);
});
segmentList.addEventListener("keydown", (event) => {
  const last = segmentGroups.length - 1;
  const at = segmentGroups.findIndex((group) => group.id === chosenSegment);
  const moves = {
    ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1,
    PageUp: at - 10, PageDown: at + 10, Home: 0, End: last,
  };
  if (last < 0 || !(event.key in moves)) return;
  event.preventDefault();
  const to = Math.min(last, Math.max(0, moves[event.key]));
  chooseSegment(segmentGroups[to].id);
  segmentList.children[to].scrollIntoView({ block: "nearest" });
});

let latencyRows = [];

function showLatency(stats) {
  const { get, set, sync } = stats.performance.latency_microseconds;
  latencyRows = [["get", get], ["set", set], ["sync", sync]].map(([name, figures]) => ({ name, ...figures }));
  const timed = latencyRows.filter((row) => row.count > 0);
  setAbout("latency-about", timed.length === 0, timed.length === 0
    ? "Nothing has been timed yet: of reads and writes one in 64 is, of syncs each."
    : "Since the start. Dots: half, 9 in 10 and 99 in 100 took at most this long; the mark at the end is the longest.");
  byId("latency-table").parentElement.hidden = timed.length === 0;
  const cells = (row) => [row.name, ...[row.p50, row.p90, row.p99, row.max].map((value) => row.count === 0 ? "–" : duration(value)), count(row.count)];
  fillTable(byId("latency-table"),
    [["", ""], ["p50", "number"], ["p90", "number"], ["p99", "number"], ["longest", "number"], ["timed", "number"]],
    latencyRows.map(cells));
  drawLatency(byId("latency"), latencyRows);
}

const MEMORY_PARTS = [
  ["index_bytes", "Hash index", "blue", "all keys, and the queue of expiries"],
  ["order_bytes", "Order of keys", "purple", "made by the first list"],
  ["memtable_bytes", "Memtables", "green", "the newest records"],
  ["cache_bytes", "Block cache", "orange", "blocks of files that were read"],
];

function showMemory(stats) {
  const { memory } = stats;
  const total = MEMORY_PARTS.reduce((sum, [name]) => sum + memory[name], 0);
  const each = stats.keys === 0 ? "" : ", the index takes " + bytes(Math.round(memory.index_bytes / stats.keys)) + " a key";
  setText(byId("memory-about"), bytes(total) + " held by the store" + each + ". What the program keeps is not in it.");
  const bar = byId("memory-bar");
  const list = byId("memory");
  MEMORY_PARTS.forEach(([name, title, className, more], i) => {
    if (list.children.length <= i) {
      const row = make("div");
      const head = make("dt");
      head.append(make("span", "swatch " + className), title);
      row.append(head, make("dd"), make("dd", "more", more));
      list.append(row);
      bar.append(make("i", className));
    }
    bar.children[i].style.flexGrow = String(memory[name]);
    setText(list.children[i].children[1], bytes(memory[name]) + (total === 0 ? "" : " (" + percent(memory[name] / total) + ")"));
  });
}

/** The most buckets in the table; the busiest ones. */
const BUCKETS_SHOWN = 100;

function showBuckets(stats) {
  const busy = (bucket) => Object.values(bucket.operations).reduce((sum, calls) => sum + calls, 0);
  const buckets = [...stats.buckets].sort((a, b) => busy(b) - busy(a)).slice(0, BUCKETS_SHOWN);
  const hasKeys = buckets.some((bucket) => bucket.keys !== undefined);
  setAbout("buckets-about", buckets.length === 0, buckets.length === 0
    ? "No bucket has been made yet."
    : buckets.length < stats.bucket_count
    ? "The busiest " + buckets.length + " of " + count(stats.bucket_count) + ". Calls of the key-value store and the filter since the start."
    : "Calls of the key-value store and the filter since the start, the busiest bucket first.");
  byId("buckets-scroll").hidden = buckets.length === 0;
  fillTable(byId("buckets"),
    [["Bucket", "text"], ...(hasKeys ? [["Keys", "number"]] : []), ["Reads", "number"], ["Writes", "number"], ["Look-ups", "number"], ["Deletes", "number"]],
    buckets.map(({ name, keys, operations }) => [
      name === "" ? "(no name)" : name,
      ...(hasKeys ? [keys === undefined ? "not open" : count(keys)] : []),
      count(operations.get + operations.get_compress),
      count(operations.add + operations.add_compress),
      count(operations.exists),
      count(operations.delete),
    ]));
}
`;
