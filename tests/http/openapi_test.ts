/**
 * The OpenAPI document: valid, and of the routes that there are.
 */
import { assert, assertEquals } from "@std/assert";
import { makeOpenApi } from "../../src/http/openapi.ts";
import { serverApp } from "../../src/http/server_app.ts";
import { Badger } from "../../src/plugin/mod.ts";

Deno.test("OpenAPI: a validator finds nothing wrong, and would", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "tests/http/validate_openapi.ts",
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  assertEquals(JSON.parse(text), {
    valid: true,
    errors: [],
    version: "3.1",
    isWrongValid: false,
  });
});

Deno.test("OpenAPI: the paths and methods are those of the app", async () => {
  await using badger = await Badger.start(
    { memory_mode: true },
    { env: () => undefined },
  );
  const app = serverApp(badger, { auth: undefined, loopbackOnly: true });
  const real = new Set(
    app.routes.filter(({ method }) => method !== "ALL").map((route) =>
      `${route.method} ${route.path.replace(/:(\w+)/g, "{$1}")}`
    ),
  );
  real.delete("GET /badger/openapi.json");
  const documented = new Set<string>();
  const { paths } = makeOpenApi() as {
    paths: Record<string, Record<string, unknown>>;
  };
  for (const [path, item] of Object.entries(paths)) {
    for (const method of Object.keys(item)) {
      // Hono answers HEAD by way of GET.
      if (method === "parameters" || method === "head") continue;
      documented.add(`${method.toUpperCase()} ${path}`);
    }
  }
  assertEquals([...documented].sort(), [...real].sort());
  const served = await (await app.request("/badger/openapi.json")).json();
  assertEquals(served, JSON.parse(JSON.stringify(makeOpenApi())));
});
