/**
 * A server from one YAML file: the key-value store, the statistics and the OpenAPI
 * document over HTTP, on Deno, Bun and Node.
 *
 * ```yaml
 * badger:
 *   path: ./data/badger
 * server:
 *   port: 8321
 *   auth:
 *     bearer: [a-long-random-token]
 * ```
 *
 * Deno needs `--allow-net` beside the permissions of `@sett/badger/plugin`, and
 * `--allow-env` for the variables `BADGER_SERVER_BEARER` and `BADGER_SERVER_BASIC` if
 * secrets are to come from there.
 *
 * @example Usage
 * ```ts ignore
 * import { serve } from "@sett/badger/server";
 *
 * const server = await serve({ config: "./badger.yml" });
 * console.log(server.url);
 * await server.finished;
 * ```
 *
 * @module
 */

export { type RunningServer, serve, type ServeOptions } from "./serve.ts";
