/**
 * Takes the pictures of the documents: `deno task pictures`.
 */
import { badgerApp } from "@sett/badger/hono";
import { VIEWS, withPage } from "./chromium.ts";
import { SCENES } from "./scenes.ts";

/** How long the page is left to draw lines, in milliseconds. */
const WATCHED = Number(Deno.args[1] ?? 40_000);

const directory = Deno.args[0] ?? ".tmp/pictures";
const pictures: [string, string][] = [
  ["few", "desktop"],
  ["few", "desktop-dark"],
  ["many", "desktop"],
  ["many", "phone"],
  ["one", "phone-dark"],
  ["none", "desktop"],
];

await Deno.mkdir(directory, { recursive: true });
for (const [sceneName, viewName] of pictures) {
  const { badger, work } = await SCENES[sceneName]!();
  const app = badgerApp(badger, { gc: true });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    app.fetch,
  );
  const url = `http://127.0.0.1:${server.addr.port}/badger`;
  const complaints = await withPage(url, VIEWS[viewName]!, async (page) => {
    const end = Date.now() + (sceneName === "none" ? 5000 : WATCHED);
    if (sceneName !== "none" && sceneName !== "one") {
      await page.click("#largest-button");
    }
    while (Date.now() < end) {
      await work();
      await page.waitForTimeout(120);
    }
    await page.screenshot({
      path: `${directory}/dashboard-${sceneName}-${viewName}.png`,
      fullPage: true,
    });
  });
  console.log(sceneName, viewName, complaints);
  await server.shutdown();
  await badger.close();
}
