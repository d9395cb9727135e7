/**
 * The dashboard in a real Chromium: `deno task test:browser`. No part of `deno task
 * test`, which must run where there is no browser.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { badgerApp } from "@sett/badger/hono";
import type { Page } from "playwright-core";
import { hasChromium, VIEWS, withPage } from "./chromium.ts";
import { type Scene, SCENES } from "./scenes.ts";

const isAbsent = !hasChromium();
if (isAbsent) {
  console.error(
    "\n*** SKIPPED: there is no /usr/bin/chromium, so nothing of the dashboard's look " +
      "and use is tested. Install it: apt-get install -y chromium ***\n",
  );
}

function test(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: `browser: ${name}`,
    ignore: isAbsent,
    // The library keeps timers and pipes of its own between two browsers.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

function serve({ badger }: Scene, port = 0): {
  url: string;
  port: number;
  stop(): Promise<void>;
} {
  const app = badgerApp(badger, { gc: true });
  app.get("/elsewhere", (context) => context.html("<p>another site</p>"));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen() {} },
    app.fetch,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/badger`,
    port: server.addr.port,
    stop: () => server.shutdown(),
  };
}

/** Opens the page of a scene, looks at it, and expects no complaint. */
async function visit(
  scene: Scene,
  look: (page: Page, complaints: string[]) => Promise<void>,
): Promise<void> {
  const server = serve(scene);
  try {
    const complaints = await withPage(
      server.url,
      VIEWS.desktop!,
      async (page, complaints) => {
        await page.waitForSelector("[data-state=live]");
        await look(page, complaints);
      },
    );
    assertEquals(complaints, []);
  } finally {
    await server.stop();
    await scene.badger.close();
  }
}

const text = (page: Page, selector: string) =>
  page.locator(selector).innerText();
const read = <T>(page: Page, expression: string) =>
  page.evaluate<T>(expression);

for (const [name, least] of [["none", 0], ["one", 1], ["many", 200]] as const) {
  test(`${least} segments are readable in every view`, async () => {
    const scene = await SCENES[name]!();
    await visit(scene, async (page) => {
      const grounds = new Set<string>();
      for (const { width, scheme } of Object.values(VIEWS)) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height: 812 });
        const count = await page.locator("#segments > [role=option]").count();
        if (least < 2) assertEquals(count, least);
        else assert(count >= least && count <= 400, `${count} bars`);
        // Nothing is wider than the window, and no bar is too thin to be seen.
        assertEquals(await read(page, "document.body.scrollWidth"), width);
        const sizes = await read<number[]>(
          page,
          `[...document.querySelectorAll("#segments .bar")].map((bar) =>
            Math.min(bar.clientWidth, bar.clientHeight))`,
        );
        assert(sizes.every((size) => size >= 5), `${Math.min(...sizes)} px`);
        grounds.add(
          await read(page, "getComputedStyle(document.body).backgroundColor"),
        );
      }
      assertEquals(grounds.size, 2);
      const about = await text(page, "#segments-about");
      assertMatch(
        about,
        least === 0
          ? /^There is no segment yet/
          : least === 1
          ? /^1 segment .* No record has been written yet\.$/
          : /^2\d\d segments with [\d.]+ MiB live/,
      );
    });
  });
}

test("the figures move, and everything that is said is a number or a word", async () => {
  const scene = await SCENES.many!();
  await visit(scene, async (page) => {
    for (let i = 0; i < 12; i++) {
      await scene.work();
      await page.waitForTimeout(250);
    }
    const writes = await text(page, "#tiles > :nth-child(4) .figure");
    assertMatch(writes, /^[\d,]{3,}$/);
    await page.waitForSelector("#operations path.blue");
    const whole = await text(page, "body");
    assertEquals(whole.match(/undefined|NaN|Infinity|\[object|null/g), null);
  });
});

test("the keyboard reaches everything, and arrow keys move the cursors", async () => {
  const scene = await SCENES.few!();
  await scene.badger.gc({ discardRatio: 0.05 });
  await visit(scene, async (page) => {
    await page.click("#largest-button");
    await page.waitForSelector("#largest td");
    // A flat line counts as hidden.
    await page.waitForSelector("#operations path.blue", { state: "attached" });
    await page.click("h1");
    const reached: string[] = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      const at = await read<string>(
        page,
        `(() => {
          const { activeElement: at } = document;
          return at === document.body ? "" :
            at.id || at.className || at.closest("[id]").id + " " + at.tagName;
        })()`,
      );
      if (at === "" || at === reached[0]) break;
      reached.push(at);
    }
    assertEquals(reached, [
      "pause",
      "theme",
      "operations DIV",
      "rates DIV",
      "segments",
      "gc-button",
      "gc DIV",
      "gc-details SUMMARY",
      "scroll",
      "buckets-scroll",
      "largest-button",
      "largest-scroll",
    ]);
    await page.focus("#segments");
    const chosen = () => text(page, "#segments-readout");
    await page.keyboard.press("Home");
    const first = await chosen();
    await page.keyboard.press("ArrowRight");
    assertNotEquals(await chosen(), first);
    assertMatch(await chosen(), /^Segment \d+: .* live, .* dead/);
    for (const chart of ["#operations", "#gc"]) {
      const slider = page.locator(`${chart} [role=slider]`);
      await slider.focus();
      await page.keyboard.press("Home");
      assertEquals(await slider.getAttribute("aria-valuenow"), "0");
      assertMatch((await slider.getAttribute("aria-valuetext"))!, /\d/);
    }
  });
});

test("garbage is collected by the button, with the keyboard", async () => {
  const scene = await SCENES.few!();
  const { badger } = scene;
  for (let i = 0; i < 40_000; i++) badger.store.setSync("over", "v".repeat(99));
  const before = badger.stats();
  await visit(scene, async (page) => {
    await page.focus("#gc-button");
    await page.keyboard.press("Enter");
    // A function to wait for would be compiled in the page, which its policy forbids.
    await page.locator("#gc-result", { hasText: "rewritten in" }).waitFor();
    const after = badger.stats();
    assertEquals(after.gc.runs, before.gc.runs + 1);
    assertGreater(after.gc.bytesReclaimed, before.gc.bytesReclaimed);
    assertMatch(await text(page, "#gc-result"), /^\d+ segments? rewritten in /);
    assertEquals(
      await read(page, "document.activeElement.id"),
      "gc-button",
    );
  });
});

test("another site cannot press the button", async () => {
  const scene = await SCENES.one!();
  await visit(scene, async (page, complaints) => {
    const url = page.url();
    await page.goto(
      url.replace("127.0.0.1", "localhost").replace("badger", "elsewhere"),
    )
      .catch(() => page.goto("data:text/html,elsewhere"));
    const post = (headers: string) =>
      read<string>(
        page,
        `fetch("${url}/gc", { method: "POST", mode: "${
          headers === "{}" ? "no-cors" : "cors"
        }", headers: ${headers} }).then((answer) => answer.type, () => "refused")`,
      );
    assertEquals(await post("{}"), "opaque"); // sent, and answered with a 403
    assertEquals(await post(`{ "x-badger-action": "gc" }`), "refused");
    assertEquals(scene.badger.stats().gc.runs, 0);
    complaints.length = 0; // of what was refused
  });
});

test("keys are text, and a script that was not sent does not run", async () => {
  const scene = await SCENES.few!();
  await visit(scene, async (page, complaints) => {
    await page.click("#largest-button");
    await page.waitForSelector("#largest td");
    const table = await text(page, "#largest");
    assertMatch(table, /\\x00\\xffA\\x0a/);
    assertMatch(table, /photos\/<img src=x onerror=alert\(1\)>/);
    assertMatch(await text(page, "#buckets"), /<b>queue<\/b>/);
    assertEquals(
      await page.locator("main img, main b:text('queue')").count(),
      0,
    );
    assertEquals(complaints, []);
    const outcome = await read<string>(
      page,
      `(() => {
        try {
          document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hit = 1'>");
        } catch (error) { return error.name; }
        return "inserted";
      })()`,
    );
    assertEquals(outcome, "TypeError");
    assertGreater(complaints.length, 0);
    complaints.length = 0; // the policy told of what was tried
  });
});

test("a lost connection is told, with the time of the figures, and mended", async () => {
  const scene = await SCENES.one!();
  let server = serve(scene);
  await withPage(server.url, VIEWS.phone!, async (page) => {
    await page.waitForSelector("[data-state=live]");
    await server.stop();
    await page.waitForSelector("#lost:not([hidden])");
    assertMatch(
      await text(page, "#lost"),
      /Connection lost\. .* The figures are those of \d\d:\d\d:\d\d\./,
    );
    assertEquals(await text(page, "#state"), "Not connected");
    server = serve(scene, server.port);
    await page.click("#retry");
    await page.waitForSelector("[data-state=live]");
    assertEquals(await page.locator("#lost").isVisible(), false);
    // A store that is closed is another state than a server that is gone.
    await scene.badger.close();
    await page.waitForSelector("#lost:not([hidden])");
    assertMatch(await text(page, "#lost"), /the store is closed|closed/);
  });
  await server.stop();
});

test("the theme is the system's until it is chosen, and then kept", async () => {
  await visit(await SCENES.one!(), async (page) => {
    const ground = () =>
      read<string>(page, "getComputedStyle(document.body).backgroundColor");
    const light = await ground();
    await page.click("#theme");
    assertEquals([await text(page, "#theme"), await ground()], [
      "Theme: light",
      light,
    ]);
    await page.click("#theme");
    const dark = await ground();
    assertNotEquals(dark, light);
    await page.reload();
    assertEquals([await text(page, "#theme"), await ground()], [
      "Theme: dark",
      dark,
    ]);
    await page.click("#theme");
    assertEquals(await ground(), light);
  });
});
