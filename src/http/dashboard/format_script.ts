/**
 * The page's code, part 1: figures as people read them, and elements.
 *
 * The parts are text, since the page is sent as it stands; they use neither backquotes
 * nor `${`. All text gets into the page by `textContent`, never as markup.
 *
 * @module
 */

/** Numbers, bytes, durations, times; making and filling elements. */
export const FORMAT_SCRIPT: string = String.raw`
const byId = (id) => document.getElementById(id);

function digits(value, fraction) {
  return value.toLocaleString("en", { minimumFractionDigits: 0, maximumFractionDigits: fraction });
}

/** Three digits that count: 1.23, 12.3, 123. */
function short(value) {
  return digits(value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

function count(value) {
  if (value < 1e6) return digits(value, 0);
  return value < 1e9 ? short(value / 1e6) + " million" : short(value / 1e9) + " billion";
}

function rate(value) {
  if (value === null) return "–";
  if (value < 1e4) return value < 10 ? digits(value, 1) : digits(value, 0);
  return value < 1e6 ? short(value / 1e3) + "k" : short(value / 1e6) + "M";
}

function bytes(value) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return digits(value, 0) + (value === 1 ? " byte" : " bytes");
  return short(value) + " " + units[unit];
}

function percent(part) {
  if (part === null) return "–";
  const value = part * 100;
  // Nearly all is not all, and hardly any is not none.
  if (value > 99.9 && value < 100) return "> 99.9 %";
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return digits(value, 1) + " %";
}

function duration(microseconds) {
  if (microseconds < 1) return digits(microseconds * 1000, 0) + " ns";
  if (microseconds < 1000) return short(microseconds) + " µs";
  if (microseconds < 1e6) return short(microseconds / 1e3) + " ms";
  return short(microseconds / 1e6) + " s";
}

function plural(value, one, many) {
  return count(value) + " " + (value === 1 ? one : many);
}

function clock(time, withSeconds) {
  return new Date(time).toLocaleTimeString("en", {
    hour: "2-digit",
    minute: "2-digit",
    second: withSeconds ? "2-digit" : undefined,
    hourCycle: "h23",
  });
}

function moment(time, now) {
  if (Math.abs(now - time) < 12 * 3600e3) return clock(time, true);
  const day = new Date(time).toLocaleDateString("en", { day: "numeric", month: "short" });
  return day + ", " + clock(time, false);
}

/** Sets text only where it changed, so that a selection in the page stays. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Says what a panel shows, or that there is nothing to show. */
function setAbout(id, isEmpty, text) {
  byId(id).className = isEmpty ? "empty" : "about";
  setText(byId(id), text);
}

/** Fills a table; a column is [head, class], a cell is text. The first one names its row. */
function fillTable(table, columns, rows) {
  const drawn = JSON.stringify(rows);
  if (table.drawn === drawn) return;
  table.drawn = drawn;
  const head = make("tr");
  for (const [name, className] of columns) {
    const cell = make("th", className, name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = make("tbody");
  for (const row of rows) {
    const line = make("tr");
    row.forEach((text, i) => {
      const cell = make(i === 0 ? "th" : "td", columns[i][1], text);
      if (i === 0) cell.scope = "row";
      line.append(cell);
    });
    body.append(line);
  }
  const top = make("thead");
  top.append(head);
  table.replaceChildren(top, body);
}
`;
