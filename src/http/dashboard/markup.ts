/**
 * The skeleton of the page. It holds no figures: the script fills them in, and without
 * one it says so.
 *
 * @module
 */

/** What is between the `body` tags, without the script. */
export const MARKUP: string =
  `<a class="skip" href="#main">Skip to the figures</a>
<header>
  <h1><span id="name">Badger</span> <small id="backend"></small></h1>
  <p id="state" role="status" data-state="waiting"><span class="dot" aria-hidden="true"></span><span id="state-text">Connecting</span></p>
  <div class="tools">
    <button type="button" id="pause" aria-pressed="false">Pause</button>
    <button type="button" id="theme">Theme: auto</button>
  </div>
</header>
<div id="lost" role="alert" hidden>
  <div><strong id="lost-title"></strong> <span id="lost-text"></span></div>
  <button type="button" id="retry">Try now</button>
</div>
<noscript><p class="notice">This page needs JavaScript. The same figures are at <code>/badger/stats</code>.</p></noscript>
<main id="main" tabindex="-1">
  <dl id="tiles" aria-label="At a glance"></dl>
  <section aria-labelledby="operations-title">
    <h2 id="operations-title">Operations a second</h2>
    <p class="about">Reads and writes asked for, between two readings.</p>
    <div id="operations" class="chart"></div>
  </section>
  <section data-of="embedded" aria-labelledby="rates-title">
    <h2 id="rates-title">Hit rates</h2>
    <p class="about">Reads that found a value; of these, from a memtable; file blocks found in the cache.</p>
    <div id="rates" class="chart"></div>
  </section>
  <section class="wide" data-of="servers" aria-labelledby="servers-title" hidden>
    <h2 id="servers-title">Servers</h2>
    <p class="about" id="servers-about"></p>
    <div class="scroll" id="servers-scroll" role="region" aria-labelledby="servers-title" tabindex="0"><table id="servers"></table></div>
  </section>
  <section data-of="embedded" class="wide" aria-labelledby="segments-title">
    <h2 id="segments-title">Segments</h2>
    <p class="about" id="segments-about"></p>
    <p class="keys" id="segments-keys" aria-hidden="true"><span class="swatch live"></span>live <span class="swatch dead"></span>dead <span class="swatch active"></span>active</p>
    <div id="segments" role="listbox" aria-label="Segments" tabindex="0"></div>
    <p class="readout" id="segments-readout"></p>
  </section>
  <section data-of="embedded" class="wide" aria-labelledby="gc-title">
    <div class="heading">
      <h2 id="gc-title">Garbage collection</h2>
      <button type="button" id="gc-button" class="primary" hidden>Collect garbage now</button>
    </div>
    <p class="about" id="gc-about"></p>
    <p id="gc-result" role="status"></p>
    <div id="gc" class="chart"></div>
    <details id="gc-details"><summary>The runs as a table</summary>
      <div class="scroll" role="region" aria-labelledby="gc-title" tabindex="0"><table id="gc-table"></table></div>
    </details>
  </section>
  <section data-of="embedded" aria-labelledby="latency-title">
    <h2 id="latency-title">Latency</h2>
    <p class="about" id="latency-about"></p>
    <div id="latency"></div>
    <div class="scroll" role="region" aria-labelledby="latency-title" tabindex="0"><table id="latency-table"></table></div>
  </section>
  <section data-of="embedded" aria-labelledby="memory-title">
    <h2 id="memory-title">Memory</h2>
    <p class="about" id="memory-about"></p>
    <div id="memory-bar" aria-hidden="true"></div>
    <dl id="memory" class="parts"></dl>
  </section>
  <section aria-labelledby="buckets-title">
    <h2 id="buckets-title">Buckets</h2>
    <p class="about" id="buckets-about"></p>
    <div class="scroll tall" id="buckets-scroll" role="region" aria-labelledby="buckets-title" tabindex="0"><table id="buckets"></table></div>
  </section>
  <section aria-labelledby="largest-title">
    <div class="heading">
      <h2 id="largest-title">Largest keys</h2>
      <button type="button" id="largest-button">Find them</button>
    </div>
    <p class="about" id="largest-about" role="status">Finding them looks at every key once, and shows their names. No value is read.</p>
    <div class="scroll tall" id="largest-scroll" role="region" aria-labelledby="largest-title" tabindex="0" hidden><table id="largest"></table></div>
  </section>
</main>
<footer>Rates are computed in this page from counters, and kept while it is open. Charts: arrow keys move the cursor.</footer>`;
