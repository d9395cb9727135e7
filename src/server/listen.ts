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
    },
    handler: FetchHandler,
  ): {
    addr: { port: number };
    shutdown(): Promise<void>;
    unref(): void;
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

/** Waits for `gentle`, and calls `force` instead if that takes too long. */
async function within(
  milliseconds: number,
  gentle: Promise<unknown>,
  force: () => unknown,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = new Promise<true>((resolve) => {
    timer = setTimeout(resolve, milliseconds, true);
  });
  try {
    if (await Promise.race([gentle, isLate]) === true) await force();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * True for a request that was refused before its body was read, or in the middle of it.
 * Node's server closes the connection of such a one after a while; a client that is not
 * told so sends its next request into the closed connection.
 */
function hasUnreadBody(request: Request, { status }: Response): boolean {
  const { headers } = request;
  const hasBody = (headers.get("content-length") ?? "0") !== "0" ||
    headers.has("transfer-encoding");
  // What is too large was not read to its end.
  return hasBody && status >= 400 && (status === 413 || !request.bodyUsed);
}

/** Listens with the server of this runtime. */
export async function listen(
  hostname: string,
  port: number,
  bodyBytesMax: number,
  fetch: FetchHandler,
  graceMs: number = GRACE_MS,
): Promise<Listener> {
  const { Deno, Bun } = globalThis as { Deno?: DenoLike; Bun?: BunLike };
  if (Deno !== undefined) {
    const server = Deno.serve(
      { hostname, port, onListen() {} },
      (request) => fetch(request),
    );
    return {
      port: server.addr.port,
      // A server that shuts down cannot be aborted any more, only be left behind.
      stop: () => within(graceMs, server.shutdown(), () => server.unref()),
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
      stop: () => within(graceMs, server.stop(), () => server.stop(true)),
    };
  }
  const { serve } = await import("@hono/node-server");
  const lastOfUnread = async (request: Request) => {
    const response = await fetch(request);
    if (hasUnreadBody(request, response)) {
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
            graceMs,
            new Promise<void>((done) => server.close(() => done())),
            () =>
              "closeAllConnections" in server && server.closeAllConnections(),
          ),
      });
    });
    server.on("error", reject);
  });
}
