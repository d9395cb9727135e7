/**
 * The life of a server: settings, store, routes, sockets, and back.
 *
 * @module
 */

import { isLoopback, serverApp } from "../http/server_app.ts";
import { Badger } from "../plugin/badger.ts";
import { ConfigError } from "../plugin/config_error.ts";
import { loadServerConfig, PORT_MAX } from "./config.ts";
import { listen } from "./listen.ts";

/** What {@linkcode serve} serves; what is given here comes before the file. */
export interface ServeOptions {
  /** The path of a YAML file with the sections `badger` and `server`. */
  config?: string;
  /** The data directory. */
  path?: string;
  /**
   * The address to listen on.
   *
   * @default {"127.0.0.1"}
   */
  host?: string;
  /**
   * The port; 0 for any that is free.
   *
   * @default {8321}
   */
  port?: number;
  /**
   * Listen off the loopback without authentication, and answer under any name.
   *
   * @default {false}
   */
  insecure?: boolean;
  /**
   * Refuse whatever would write over HTTP.
   *
   * @default {false}
   */
  readOnly?: boolean;
  /** Stops the server, as {@linkcode RunningServer.close} does. */
  signal?: AbortSignal;
}

/** A server that runs. */
export interface RunningServer {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** Resolves when it has stopped and its store is closed. */
  readonly finished: Promise<void>;
  /** Stops: requests that run come to their end, watchers are told, the store closes. */
  close(): Promise<void>;
}

/**
 * Opens a store and serves it over HTTP.
 *
 * Everything but `GET /badger/health` is behind the authentication of the settings.
 * Without any it listens on the loopback only, and answers only requests that name it.
 *
 * @param options The settings, and a signal to stop.
 * @returns The running server.
 * @throws {ConfigError} If the configuration cannot be used, or would let everybody in
 * from other machines.
 * @throws {RangeError} If the port is none.
 * @throws {StoreError} If the store cannot be opened.
 *
 * @example Usage
 * ```ts ignore
 * import { serve } from "@sett/badger/server";
 *
 * const server = await serve({ path: "./data/served", port: 0 });
 * await fetch(`${server.url}/badger/kv/users/ada`, { method: "PUT", body: "Ada" });
 * await server.close();
 * ```
 */
export async function serve(
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { signal, insecure = false } = options;
  signal?.throwIfAborted();
  const settings = loadServerConfig(options.config);
  const { auth, bodyBytesMax } = settings;
  const host = options.host ?? settings.host;
  if (!isLoopback(host) && auth === undefined && !insecure) {
    throw new ConfigError(
      `${host} is open to other machines and there is no authentication: set ` +
        "server.auth, or allow it with insecure",
      { key: "host" },
    );
  }
  const port = options.port ?? settings.port;
  // What each runtime says of it is another error.
  if (!(Number.isInteger(port) && port >= 0 && port <= PORT_MAX)) {
    throw new RangeError(
      `Cannot listen on port ${port}: it must be an integer from 0 to ${PORT_MAX}`,
    );
  }
  const badger = await Badger.start(
    { ...settings.badger, ...(options.path ? { path: options.path } : {}) },
    { env: () => undefined },
  );
  const stopping = new AbortController();
  try {
    const app = serverApp(badger, {
      auth,
      loopbackOnly: auth === undefined && !insecure,
      bodyBytesMax,
      readOnly: options.readOnly ?? settings.readOnly,
      signal: stopping.signal,
    });
    const listener = await listen(host, port, bodyBytesMax, app.fetch);
    let closing: Promise<void> | undefined;
    const finished = promiseOf();
    const close = () => {
      signal?.removeEventListener("abort", onAbort);
      return closing ??= stop().then(finished.resolve, (error) => {
        finished.reject(error);
        throw error;
      });
    };
    const stop = async () => {
      stopping.abort();
      try {
        await listener.stop();
      } finally {
        await badger.close();
      }
    };
    // Whoever waits is told by `finished`.
    const onAbort = () => void close().catch(() => {});
    finished.promise.catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const name = host.includes(":") ? `[${host}]` : host;
    return {
      url: `http://${name}:${listener.port}`,
      finished: finished.promise,
      close,
    };
  } catch (error) {
    await badger.close();
    throw error;
  }
}

/** A promise and what settles it; Node 20 has no `Promise.withResolvers`. */
function promiseOf(): {
  promise: Promise<void>;
  resolve: () => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
