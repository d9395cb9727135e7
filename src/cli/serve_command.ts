/**
 * A store over HTTP: `serve`.
 *
 * @module
 */

import type { ServeOptions } from "../server/mod.ts";
import type { Call } from "./call.ts";
import type { CommandSpec } from "./command.ts";

/** The command that serves. */
export const SERVE_COMMANDS: readonly CommandSpec[] = [{
  usage: "serve",
  summary: "serve a store over HTTP, with its dashboard and metrics",
  details:
    "Options come before the file, and the file before the defaults. Ctrl-C or SIGTERM " +
    "lets the requests that run come to their end and closes the store: exit code 0. " +
    "Without authentication, which only the file or the environment can set, it listens " +
    "on the loopback alone.",
  isOnStore: false,
  options: [
    {
      flags: "-c, --config <file>",
      description: "a YAML file with the sections badger and server",
    },
    {
      flags: "-p, --path <directory>",
      description: "the data directory (default: ./data/badger)",
    },
    {
      flags: "--host <address>",
      description: "the address to listen on (default: 127.0.0.1)",
    },
    {
      flags: "--port <number>",
      description: "the port; 0 for any that is free (default: 8321)",
    },
    {
      flags: "--read-only",
      description: "refuse whatever would write over HTTP",
    },
    {
      flags: "--insecure",
      description: "let everybody in, from other machines too",
    },
  ],
  examples: [
    "serve --path ./data",
    "serve --config badger.yml --port 8080",
    "serve --config badger.yml --read-only --json",
  ],
  isEndedBySignal: true,
  run: serveStore,
}];

async function serveStore(call: Call): Promise<void> {
  const { output, signal } = call;
  const options: ServeOptions = {
    signal,
    insecure: call.flag("insecure"),
  };
  const config = call.text("config");
  if (config !== undefined) options.config = config;
  const path = call.text("path");
  if (path !== undefined) options.path = path;
  const host = call.text("host");
  if (host !== undefined) options.host = host;
  const port = call.integer("port", 0);
  if (port !== undefined) options.port = port;
  if (call.flag("readOnly")) options.readOnly = true;
  // Other commands need not load a server to start.
  const { serve } = await import("../server/mod.ts");
  const server = await serve(options);
  try {
    const { url } = server;
    if (output.isJson) await output.line(JSON.stringify({ url }));
    else await output.line(`Listening on ${url}, dashboard at ${url}/badger`);
    await output.flush();
    await server.finished;
  } finally {
    await server.close();
  }
}
