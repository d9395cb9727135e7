/**
 * The look of the page: the system's fonts, one grid, and few colours.
 *
 * The colours are those of Okabe and Ito, which people who see colours differently can
 * tell apart, darkened where they must stand on white. `data-theme` on the root is the
 * reader's choice; without it the system's counts.
 *
 * @module
 */

const LIGHT = `
  color-scheme: light;
  --page: #f4f5f7; --panel: #fff; --line: #dde1e7; --grid: #e9ecf0;
  --text: #1a222d; --quiet: #566172; --blue: #0072b2; --orange: #c97a00;
  --green: #00835f; --purple: #a8558a; --red: #b3361f; --focus: #0058c7;
  --press: #eef1f5;`;

const DARK = `
  color-scheme: dark;
  --page: #0f1318; --panel: #181d24; --line: #2c343f; --grid: #252c36;
  --text: #e4e9f0; --quiet: #9ba7b7; --blue: #56b4e9; --orange: #e69f00;
  --green: #2fc39a; --purple: #d694bd; --red: #ff8a70; --focus: #8ec5ff;
  --press: #222a34;`;

/** The style sheet. */
export const STYLE: string = `
:root {${LIGHT}
}
@media (prefers-color-scheme: dark) { :root {${DARK}
} }
:root[data-theme="light"] {${LIGHT}
}
:root[data-theme="dark"] {${DARK}
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 80rem; padding: 0 1.25rem 2rem;
  background: var(--page); color: var(--text);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { font-size: 1.25rem; font-weight: 650; margin: 0; letter-spacing: -0.01em; }
h1 small { font-size: 0.8125rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
h2 { font-size: 0.9375rem; font-weight: 600; margin: 0; }
p { margin: 0; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--panel); padding: 0.5rem; z-index: 1; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; padding: 1rem 0; }
#state { display: flex; align-items: center; gap: 0.5rem; color: var(--quiet); }
.dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; border: 2px solid var(--quiet); }
[data-state="live"] .dot { background: var(--green); border-color: var(--green); }
[data-state="lost"] .dot { background: var(--red); border-color: var(--red); border-radius: 0; }
.tools { margin-left: auto; display: flex; gap: 0.5rem; }
button {
  font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; padding: 0.35rem 0.8rem; min-height: 2.25rem; cursor: pointer;
}
button:hover { background: var(--press); }
button[aria-pressed="true"] { background: var(--press); border-color: var(--quiet); }
button[aria-disabled="true"] { opacity: 0.6; cursor: default; }
.primary { background: var(--blue); border-color: var(--blue); color: var(--panel); }
.primary:hover { background: var(--blue); filter: brightness(1.1); }
#lost {
  display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; justify-content: space-between;
  background: var(--panel); border: 1px solid var(--red); border-left-width: 6px;
  border-radius: 8px; padding: 0.75rem 1rem; margin-bottom: 1rem;
}
.notice { padding: 1rem; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; outline: none; }
.is-stale main { opacity: 0.62; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.9rem 1rem 1rem; min-width: 0; }
.wide, #tiles { grid-column: 1 / -1; }
.heading { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: 0.5rem; }
.heading button { margin: -0.25rem 0; }
.about, .readout, footer, .keys { color: var(--quiet); font-size: 0.875rem; }
.about { margin: 0.25rem 0 0.75rem; max-width: 46rem; }
.wide .about { max-width: 64rem; }
.readout { min-height: 1.45em; margin-top: 0.6rem; }
#tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 1px; margin: 0; background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
#tiles > div { background: var(--panel); padding: 0.75rem 1rem; min-width: 0; }
#tiles dt { color: var(--quiet); font-size: 0.8125rem; }
#tiles dd { margin: 0; }
#tiles .figure { font-size: 1.5rem; line-height: 1.3; font-weight: 600; letter-spacing: -0.02em; white-space: nowrap; }
#tiles .beside { color: var(--quiet); font-size: 0.8125rem; min-height: 1.45em; }
.chart { position: relative; }
.chart svg, #latency svg { display: block; width: 100%; overflow: visible; }
svg text { fill: var(--quiet); font-size: 11px; }
svg .grid { stroke: var(--grid); }
svg .base { stroke: var(--quiet); }
svg .cursor { stroke: var(--text); }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin: 0.35rem 0 0.4rem; font-size: 0.875rem; color: var(--quiet); min-height: 1.45em; }
.legend b { color: var(--text); font-weight: 600; margin-left: 0.3rem; }
.legend .when { margin-left: auto; }
.swatch { display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 2px; margin-right: 0.35rem; background: currentColor; vertical-align: -0.06rem; }
.keys .swatch { margin-left: 0.9rem; } .keys .swatch:first-child { margin-left: 0; }
.blue { color: var(--blue); } .orange { color: var(--orange); } .green { color: var(--green); } .purple { color: var(--purple); } .red { color: var(--red); }
.live { color: var(--blue); } .dead { color: var(--orange); }
.swatch.active { background: none; border-bottom: 3px solid var(--text); border-radius: 0; }
svg .blue, svg .green, svg .purple, svg .orange, svg .red { stroke: currentColor; fill: none; }
svg .solid { fill: currentColor; }
svg circle.solid { stroke: var(--panel); stroke-width: 1.5; }
.empty { margin-top: 0.75rem; color: var(--quiet); padding: 1.5rem 0.5rem; text-align: center; border: 1px dashed var(--line); border-radius: 6px; }
#segments { display: flex; margin-top: 0.6rem; }
#segments:empty { display: none; }
#segments > div { cursor: pointer; }
#segments .bar { display: flex; background: var(--grid); }
#segments .bar i { display: block; flex: none; background: currentColor; }
#segments.rows { flex-direction: column; gap: 0.15rem; }
#segments.rows > div { display: grid; grid-template-columns: 9.5rem 1fr 12rem; gap: 0.75rem; align-items: center; padding: 0.15rem 0.4rem; border-radius: 4px; }
#segments.rows .bar { height: 1.1rem; border-radius: 3px; overflow: hidden; }
#segments.rows .bar i { width: var(--part); }
#segments.rows .figures { color: var(--quiet); font-size: 0.875rem; text-align: right; }
#segments.rows .is-active .label::after { content: "active"; margin-left: 0.5rem; font-size: 0.75rem; color: var(--text); border-bottom: 2px solid var(--text); }
#segments.columns { flex-wrap: wrap; row-gap: 0.6rem; }
#segments.columns > div { flex: 0 0 var(--column, 8px); padding: 0 1px; border-bottom: 3px solid transparent; }
#segments.columns .bar { height: var(--tall, 72px); flex-direction: column-reverse; background: linear-gradient(var(--grid), var(--grid)) bottom / 100% 1px no-repeat; }
#segments.columns .bar i { height: var(--part); }
#segments.columns .is-active { border-bottom-color: var(--text); }
#segments.columns .label, #segments.columns .figures { display: none; }
#segments > [aria-selected="true"] { background: var(--press); box-shadow: 0 0 0 1px var(--quiet); border-radius: 2px; }
#memory-bar { display: flex; height: 1.1rem; border-radius: 3px; overflow: hidden; background: var(--grid); gap: 1px; }
#memory-bar i { background: currentColor; flex: 0 1 0; }
.parts { margin: 0.75rem 0 0; }
.parts > div { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: 0.4rem 0; border-bottom: 1px solid var(--grid); }
.parts > div:last-child { border: 0; }
.parts dd { margin: 0; text-align: right; }
.parts .more { grid-column: 1 / -1; text-align: left; color: var(--quiet); font-size: 0.8125rem; padding-left: 1.1rem; }
.scroll { overflow-x: auto; }
.tall { max-height: 19rem; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
th { text-align: left; font-weight: 500; color: var(--quiet); }
thead th.code { font: inherit; }
#latency svg { margin-bottom: 0.6rem; }
thead th { position: sticky; top: 0; background: var(--panel); }
th, td { padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { color: var(--text); }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; }
td.text, tbody th { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 8rem; }
.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.8125rem; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.875rem; margin-top: 0.6rem; width: fit-content; }
details .scroll { margin-top: 0.4rem; max-height: 16rem; overflow-y: auto; }
#gc-result:not(:empty) { margin-bottom: 0.6rem; font-size: 0.875rem; border-left: 3px solid var(--green); padding-left: 0.6rem; }
#gc-result.is-error { border-color: var(--red); }
footer { padding: 1rem 0 0; }
@media (max-width: 60rem) { #tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 48rem) {
  body { padding: 0 0.75rem 1.5rem; }
  main { grid-template-columns: minmax(0, 1fr); gap: 0.75rem; }
  .tools { margin-left: 0; width: 100%; } .tools button { flex: 1; }
  button { min-height: 2.75rem; }
  #tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  #tiles > div { padding: 0.6rem 0.75rem; }
  #segments.rows > div { grid-template-columns: 1fr auto; gap: 0.1rem 0.75rem; padding: 0.35rem 0.25rem; }
  #segments.rows .bar { grid-column: 1 / -1; grid-row: 2; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.5rem; }
  td.text, tbody th { min-width: 4.5rem; }
  .code { font-size: 0.75rem; }
  .legend .when { margin-left: 0; width: 100%; }
}
@media (prefers-reduced-motion: no-preference) { main { transition: opacity 0.2s; } }
@media (forced-colors: active) {
  .swatch, #segments .bar i, #memory-bar i { forced-color-adjust: none; }
}
`;
