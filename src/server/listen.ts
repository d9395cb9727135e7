/**
 * The HTTP server that the runtime brings: of Deno, of Bun, or Node's with Hono's
 * adapter.
 *
 * @module
 */

/** Answers a request. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export interface Listener {
  /** The port it listens on. */
  readonly port: number;
  /** Takes no more requests, and waits for those that run; then lets go of them. */
  stop(): Promise<void>;
}

/** How long requests that run may take to end once the server stops. */
const GRACE_MS = 10_000;

interface DenoLike {
  serve(
    options: {
      hostname: string;
      port: number;
      onListen: () => void;
      signal: AbortSignal;
    },
    handler: FetchHandler,
  ): {
    addr: { port: number };
    finished: Promise<void>;
    shutdown(): Promise<void>;
  };
}

interface BunLike {
  serve(
    options: {
      hostname: string;
      port: number;
      development: boolean;
      idleTimeout: number;
      maxRequestBodySize: number;
      fetch: FetchHandler;
    },
  ): { port: number; stop(closeConnections?: boolean): Promise<void> };
}

/** Waits for `gentle`, and calls `force` if that takes too long. */
async function within(
  gentle: Promise<unknown>,
  force: () => unknown,
): Promise<void> {
  const timer = setTimeout(force, GRACE_MS);
  try {
    await gentle;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * True for a request that was refused before its body was read. Node's server closes the
 * connection of such a one after a while; a client that is not told so sends its next
 * request into the closed connection.
 */
function hasUnreadBody(request: Request): boolean {
  const { headers } = request;
  const hasBody = (headers.get("content-length") ?? "0") !== "0" ||
    headers.has("transfer-encoding");
  return hasBody && !request.bodyUsed;
}

/** Listens with the server of this runtime. */
export async function listen(
  hostname: string,
  port: number,
  bodyBytesMax: number,
  fetch: FetchHandler,
): Promise<Listener> {
  const { Deno, Bun } = globalThis as { Deno?: DenoLike; Bun?: BunLike };
  if (Deno !== undefined) {
    const force = new AbortController();
    const { signal } = force;
    const server = Deno.serve(
      { hostname, port, onListen() {}, signal },
      (request) => fetch(request),
    );
    return {
      port: server.addr.port,
      stop: () => within(server.shutdown(), () => force.abort()),
    };
  }
  if (Bun !== undefined) {
    const server = Bun.serve({
      hostname,
      port,
      development: false,
      // Watches are quiet for longer than Bun's ten seconds.
      idleTimeout: 60,
      // The app tells of bodies that are too large, in JSON.
      maxRequestBodySize: bodyBytesMax * 2,
      fetch: (request) => fetch(request),
    });
    return {
      port: server.port,
      stop: () => within(server.stop(), () => server.stop(true)),
    };
  }
  const { serve } = await import("@hono/node-server");
  const lastOfUnread = async (request: Request) => {
    const response = await fetch(request);
    if (response.status >= 400 && hasUnreadBody(request)) {
      response.headers.set("connection", "close");
    }
    return response;
  };
  return await new Promise<Listener>((resolve, reject) => {
    const server = serve({ fetch: lastOfUnread, hostname, port }, (info) => {
      resolve({
        port: info.port,
        stop: () =>
          within(
            new Promise<void>((done) => server.close(() => done())),
            () =>
              "closeAllConnections" in server && server.closeAllConnections(),
          ),
      });
    });
    server.on("error", reject);
  });
}
