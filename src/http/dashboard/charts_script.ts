/**
 * The page's code, part 2: the charts, in SVG. Each can be read with a pointer and
 * with the arrow keys, and says to a screen reader what its cursor is on.
 *
 * @module
 */

/** Lines over time, the time line of GC runs, and percentiles on a logarithmic axis. */
export const CHARTS_SCRIPT: string = String.raw`
const LEFT = 46;
const RIGHT = 8;

/** Round steps from 0 to at least "max": 1, 2 or 5 times a power of ten, or of two for bytes. */
function ticks(max, isBytes) {
  const base = isBytes ? Math.pow(1024, Math.floor(Math.log(Math.max(max, 1)) / Math.log(1024))) : 1;
  const raw = max / base / 3;
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) * base;
  const found = [];
  for (let i = 0; i * step < max + step; i++) found.push(i * step);
  return found;
}

/** Makes a chart that can be walked through; "show" draws it at the moment chosen. */
function makeChart(host, label, show) {
  const legend = make("div", "legend");
  const plot = make("div");
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", label);
  plot.setAttribute("aria-orientation", "horizontal");
  const empty = make("p", "empty");
  host.append(legend, plot, empty);
  const chart = {
    legend, plot, empty, host,
    chosen: null,
    places: [],
    width: 0,
    redraw: () => show(chart),
    say(index, text) {
      plot.setAttribute("aria-valuemin", "0");
      plot.setAttribute("aria-valuemax", String(Math.max(0, chart.places.length - 1)));
      plot.setAttribute("aria-valuenow", String(index));
      plot.setAttribute("aria-valuetext", text);
    },
    showEmpty(text) {
      empty.hidden = text === "";
      plot.hidden = legend.hidden = text !== "";
      setText(empty, text);
    },
  };
  const choose = (id) => {
    chart.chosen = id;
    chart.redraw();
  };
  plot.addEventListener("pointermove", (event) => {
    const x = event.clientX - plot.getBoundingClientRect().left;
    let best = null;
    for (const place of chart.places) {
      if (best === null || Math.abs(place.x - x) < Math.abs(best.x - x)) best = place;
    }
    if (best !== null) choose(best.id);
  });
  plot.addEventListener("pointerleave", () => choose(null));
  plot.addEventListener("blur", () => choose(null));
  plot.addEventListener("keydown", (event) => {
    const last = chart.places.length - 1;
    if (last < 0) return;
    const at = chart.places.findIndex((place) => place.id === chart.chosen);
    const from = at < 0 ? last : at;
    const moves = {
      ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1,
      PageUp: from + 10, PageDown: from - 10, Home: 0, End: last,
    };
    if (event.key === "Escape") choose(null);
    if (!(event.key in moves)) return;
    event.preventDefault();
    choose(chart.places[Math.min(last, Math.max(0, moves[event.key]))].id);
  });
  new ResizeObserver(() => {
    if (host.clientWidth === chart.width) return;
    chart.width = host.clientWidth;
    chart.redraw();
  }).observe(host);
  return chart;
}

function legendItem(className, name, value) {
  const item = make("span");
  item.append(make("span", "swatch " + className), name, make("b", "", value));
  return item;
}

function axis(svg, marks, width, y, format) {
  for (const mark of marks) {
    svg.append(
      draw("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }),
      draw("text", { x: LEFT - 7, y: y(mark) + 4, "text-anchor": "end" }, format(mark)),
    );
  }
}

function timeMarks(svg, width, height, from, to, x) {
  for (const part of width < 480 ? [0, 1] : [0, 0.5, 1]) {
    const time = from + part * (to - from);
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    const text = part === 1 ? "now" : to - from > 12 * 3600e3 ? moment(time, to) : clock(time, to - from < 900e3);
    svg.append(draw("text", { x: x(time), y: height - 3, "text-anchor": anchor }, text));
  }
}

/** Lines over time. "series" is [{name, className, dash, read(sample)}]. */
function lineChart(host, label, series, format, most, getSamples) {
  return makeChart(host, label, (chart) => {
    const samples = getSamples();
    chart.showEmpty(samples.length < 2 ? "The first point comes with the second reading, in two seconds." : "");
    if (samples.length < 2 || chart.width === 0) return;
    const { width } = chart;
    const height = 190;
    const bottom = height - 22;
    const to = samples[samples.length - 1].time;
    const from = Math.min(samples[0].time, to - 60e3);
    const values = samples.flatMap((sample) => series.map((line) => line.read(sample) || 0));
    const marks = most === null ? ticks(Math.max(1, ...values), false) : [0, most / 2, most];
    const top = marks[marks.length - 1];
    const x = (time) => LEFT + ((time - from) / (to - from)) * (width - LEFT - RIGHT);
    const y = (value) => bottom - (value / top) * (bottom - 8);
    const svg = draw("svg", { width, height, viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" });
    axis(svg, marks, width, y, format);
    timeMarks(svg, width, height, from, to, x);
    const index = samples.findIndex((sample) => sample.time === chart.chosen);
    const shown = samples[index < 0 ? samples.length - 1 : index];
    const cursor = index < 0 ? null : x(shown.time);
    if (cursor !== null) svg.append(draw("line", { class: "cursor", x1: cursor, x2: cursor, y1: 8, y2: bottom }));
    for (const line of series) {
      let path = "";
      let isDown = false;
      for (const sample of samples) {
        const value = line.read(sample);
        if (value !== null) path += (isDown ? "L" : "M") + x(sample.time).toFixed(1) + " " + y(value).toFixed(1);
        isDown = value !== null;
      }
      svg.append(draw("path", { class: line.className, d: path, "stroke-width": 1.8, "stroke-linejoin": "round", "stroke-dasharray": line.dash ?? "none" }));
      const value = line.read(shown);
      if (value !== null) svg.append(draw("circle", { class: line.className + " solid", cx: x(shown.time), cy: y(value), r: 3.5 }));
    }
    chart.plot.replaceChildren(svg);
    chart.places = samples.map((sample) => ({ id: sample.time, x: x(sample.time) }));
    const when = shown.isGap ? clock(shown.time, true) + ", no reading" : clock(shown.time, true);
    chart.legend.replaceChildren(
      ...series.map((line) => legendItem(line.className, line.name, format(line.read(shown)))),
      make("span", "when", when),
    );
    chart.say(index < 0 ? samples.length - 1 : index, when + ": " +
      series.map((line) => line.name + " " + format(line.read(shown))).join(", "));
  });
}

/** What a run gave back is drawn upwards, what it had to write again downwards. */
function runsChart(host, label, getRuns, emptyText) {
  const spans = [10, 60, 360, 1440, 10080, 43200, 525600].map((minutes) => minutes * 60e3);
  return makeChart(host, label, (chart) => {
    const { runs, now } = getRuns();
    chart.showEmpty(runs.length === 0 ? emptyText() : "");
    if (runs.length === 0 || chart.width === 0) return;
    const { width } = chart;
    const height = 190;
    const bottom = height - 24;
    const span = spans.find((size) => size >= now - runs[0].started_at) || now - runs[0].started_at;
    const from = now - span;
    const up = Math.max(1, ...runs.map((run) => run.bytes_reclaimed));
    const down = Math.max(...runs.map((run) => run.bytes_rewritten));
    const marks = ticks(up, true);
    const top = marks[marks.length - 1];
    const x = (time) => LEFT + 14 + ((time - from) / span) * (width - LEFT - 14 - RIGHT);
    const y = (value) => bottom - ((value + down) / (top + down)) * (bottom - 8);
    const svg = draw("svg", { width, height, viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" });
    for (const mark of marks) {
      svg.append(
        draw("line", { class: mark === 0 ? "base" : "grid", x1: LEFT + 14, x2: width - RIGHT, y1: y(mark), y2: y(mark) }),
        draw("text", { x: LEFT + 7, y: y(mark) + 4, "text-anchor": "end" }, mark === 0 ? "0" : bytes(mark)),
      );
    }
    timeMarks(svg, width, height, from, now, x);
    const index = runs.findIndex((run) => run.id === chart.chosen);
    runs.forEach((run, i) => {
      const left = x(run.started_at);
      const wide = Math.max(4, x(run.started_at + run.milliseconds) - left);
      const bar = (className, one, two) =>
        svg.append(draw("rect", { class: className + " solid", x: left - wide / 2, width: wide, y: y(one), height: Math.max(0, y(two) - y(one)) }));
      bar("green", run.bytes_reclaimed, 0);
      bar("purple", 0, -run.bytes_rewritten);
      if (run.error) {
        const d = "M" + (left - 5) + " " + (y(0) - 5) + "l10 10m0 -10l-10 10";
        svg.append(draw("path", { class: "red", d, "stroke-width": 2.5 }));
      }
      if (i === index) svg.append(draw("line", { class: "cursor", x1: left, x2: left, y1: 8, y2: bottom, "stroke-dasharray": "2 2" }));
    });
    chart.plot.replaceChildren(svg);
    chart.places = runs.map((run) => ({ id: run.id, x: x(run.started_at) }));
    const run = runs[index < 0 ? runs.length - 1 : index];
    const when = (index < 0 ? "last, " : "") + moment(run.started_at, now) + (run.error ? ", failed" : ", in " + duration(run.milliseconds * 1000));
    chart.legend.replaceChildren(
      legendItem("green", "given back", bytes(run.bytes_reclaimed)),
      legendItem("purple", "written again", bytes(run.bytes_rewritten)),
      make("span", "when", when),
    );
    chart.say(index < 0 ? runs.length - 1 : index, when + ": " + plural(run.segments_rewritten, "segment", "segments") +
      ", " + bytes(run.bytes_reclaimed) + " given back, " + bytes(run.bytes_rewritten) + " written again" + (run.error ? ". " + run.error : ""));
  });
}

/** Percentiles, a row each, on one logarithmic axis. The table below says the same. */
function drawLatency(host, rows) {
  const width = host.clientWidth;
  const timed = rows.filter((row) => row.count > 0);
  if (width === 0 || timed.length === 0) {
    host.replaceChildren();
    return;
  }
  const low = Math.floor(Math.log10(Math.min(...timed.map((row) => Math.max(row.p50, 0.01)))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...timed.map((row) => row.max)))));
  const height = timed.length * 30 + 24;
  const x = (value) => LEFT + ((Math.log10(Math.max(value, 0.01)) - low) / (high - low)) * (width - LEFT - 24);
  const svg = draw("svg", { width, height, viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" });
  for (let power = low; power <= high; power++) {
    const at = x(Math.pow(10, power));
    svg.append(draw("line", { class: "grid", x1: at, x2: at, y1: 0, y2: height - 18 }));
    if ((high - power) % (width < 480 && high - low > 4 ? 2 : 1) === 0) {
      svg.append(draw("text", { x: at, y: height - 4, "text-anchor": "middle" }, duration(Math.pow(10, power))));
    }
  }
  timed.forEach((row, i) => {
    const y = i * 30 + 15;
    svg.append(
      draw("text", { x: 0, y: y + 4 }, row.name),
      draw("line", { class: "base", x1: x(row.p50), x2: x(row.max), y1: y, y2: y }),
      draw("line", { class: "blue", x1: x(row.p50), x2: x(row.p99), y1: y, y2: y, "stroke-width": 6, "stroke-linecap": "round", opacity: 0.35 }),
      draw("line", { class: "base", x1: x(row.max), x2: x(row.max), y1: y - 6, y2: y + 6 }),
    );
    for (const name of ["p99", "p90", "p50"]) {
      svg.append(draw("circle", { class: "blue solid", cx: x(row[name]), cy: y, r: name === "p50" ? 5.5 : name === "p90" ? 4.5 : 3.5 }));
    }
  });
  host.replaceChildren(svg);
}
`;
