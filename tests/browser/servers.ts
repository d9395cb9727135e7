/**
 * The dashboard of servers: a tiered backend over a real cluster, in a real Chromium.
 * Part of `deno task test:browser`; skipped, loudly, where one of the two is absent.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { badgerApp } from "@sett/badger/hono";
import { RedisBackend, startBackend } from "@sett/badger/redis";
import { Cluster } from "../contract/servers.mjs";
import { hasChromium, VIEWS, withPage } from "./chromium.ts";

const hasServers = await new Deno.Command("redis-server", {
  args: ["--version"],
}).output().then(() => true, () => false);
const isAbsent = !hasServers || !hasChromium();
if (isAbsent) {
  console.error(
    "\n*** SKIPPED: there is no redis-server or no /usr/bin/chromium, so nothing of " +
      "the dashboard of servers is tested ***\n",
  );
}

Deno.test({
  name: "browser: servers and what is kept near are shown, in every view",
  ignore: isAbsent,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const cluster = await Cluster.start();
    const redis = { mode: "cluster", nodes: cluster.nodes } as const;
    for (const kind of ["redis", "tiered"] as const) {
      await using backend = await startBackend(
        { kv: { backend: kind, redis } },
        { env: () => undefined, name: kind },
      );
      const { kvStore } = backend;
      for (let i = 0; i < 200; i++) {
        await kvStore.addValue("pages", `key ${i % 50}`, "value");
        await kvStore.getValue("pages", `key ${i % 50}`);
        await kvStore.getValue("users", `key ${i % 50}`);
      }
      if (!("far" in backend) && !(backend instanceof RedisBackend)) {
        throw new Error("another backend");
      }
      const app = badgerApp(backend, { gc: true });
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        app.fetch,
      );
      const url = `http://127.0.0.1:${server.addr.port}/badger`;
      const complaints = await withPage(url, VIEWS.desktop!, async (page) => {
        await page.waitForSelector("[data-state=live]");
        assertStringIncludes(
          await page.locator("#backend").innerText(),
          "Redis protocol, cluster",
        );
        for (const { width, scheme } of Object.values(VIEWS)) {
          await page.emulateMedia({ colorScheme: scheme });
          await page.setViewportSize({ width, height: 812 });
          assertEquals(
            await page.evaluate("document.body.scrollWidth"),
            width,
          );
        }
        await page.setViewportSize({ width: 1280, height: 812 });
        const rows = await page.locator("#servers tbody tr").allInnerTexts();
        assertEquals(
          rows.filter((row) => /^127\.0\.0\.1:\d+\s+connected\s+0$/.test(row))
            .length >= 3,
          true,
          rows.join(" | "),
        );
        for (const hidden of ["segments", "gc", "latency", "memory", "rates"]) {
          assertEquals(
            await page.locator(`#${hidden}-title`).isVisible(),
            false,
          );
        }
        const tiles = await page.locator("#tiles").innerText();
        assertMatch(
          tiles,
          kind === "tiered" ? /changes are heard/ : /Redirections/,
        );
        assertEquals(
          /undefined|NaN|null/.test(await page.innerText("body")),
          false,
        );
        await page.click("#largest-button");
        await page.waitForSelector("#largest td");
        const picture = Deno.args[0];
        if (picture !== undefined) {
          await page.emulateMedia({ colorScheme: "light" });
          for (let i = 0; i < 40; i++) {
            await kvStore.addValue("pages", `key ${i}`, "value");
            await kvStore.getValue("users", `key ${i}`);
            await page.waitForTimeout(250);
          }
          await page.screenshot({
            path: `${picture}/dashboard-${kind}-desktop.png`,
            fullPage: true,
          });
        }
      });
      assertEquals(complaints, []);
      const refused = await app.request("/badger/gc", {
        method: "POST",
        headers: { "x-badger-action": "gc" },
      });
      assertEquals(refused.status, 403);
      await server.shutdown();
    }
    await cluster.dispose();
  },
});
