/**
 * All routes together behind authentication: what a server by itself answers.
 *
 * Nothing is mounted before the guard but the health check, which tells only that the
 * server runs. So a route added to `badgerApp` is guarded too.
 *
 * @module
 */

import { Hono, type MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import type { Badger } from "../plugin/badger.ts";
import { badgerKv, type BadgerKvOptions } from "./kv_app.ts";
import { badgerApp } from "./mod.ts";
import { makeOpenApi } from "./openapi.ts";
import { answerError } from "./request_error.ts";

/** Who may come in. */
export interface ServerAuth {
  /** Any of these tokens. */
  bearer?: string[];
  /** Any of these users, with their passwords. */
  basic?: Record<string, string>;
}

/** How {@linkcode serverApp} is put together. */
export interface ServerAppOptions extends Omit<BadgerKvOptions, "path"> {
  /** Who may come in; without it everybody may who reaches it. */
  auth: ServerAuth | undefined;
  /**
   * Answer only requests for a name of this machine. A page of a stranger can bring a
   * browser to ask a server on the loopback under the page's own name, and then to
   * read the answer (DNS rebinding).
   */
  loopbackOnly: boolean;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** True for a host that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.includes(":") ? `[${host}]` : host);
}

/** What lets in whoever has one of the tokens, or a user's password. */
function guard({ bearer, basic }: ServerAuth): MiddlewareHandler {
  const users = Object.entries(basic ?? {})
    .map(([username, password]) => ({ username, password }));
  const [first, ...others] = users;
  const byUser = first && basicAuth({ ...first, realm: "badger" }, ...others);
  const byToken = bearer && bearerAuth({ token: bearer, realm: "badger" });
  return (context, next) => {
    const isBasic = /^basic /i.test(context.req.header("authorization") ?? "");
    const chosen: MiddlewareHandler | undefined = isBasic
      ? byUser ?? byToken
      : byToken ?? byUser;
    return chosen!(context, next);
  };
}

/** Makes the app of a server. */
export function serverApp(badger: Badger, options: ServerAppOptions): Hono {
  const { auth, loopbackOnly, ...kvOptions } = options;
  const app = new Hono();
  app.onError(answerError);
  app.notFound((context) =>
    context.json({
      error: "Cannot answer the request: there is no such path",
      code: "NOT_FOUND",
    }, 404)
  );
  app.use(async (context, next) => {
    const host = context.req.header("host") ?? "";
    if (!loopbackOnly || host === "" || LOOPBACK.test(host)) {
      return await next();
    }
    return context.json({
      error: "Cannot answer the request: the host is none of this machine",
      code: "WRONG_HOST",
    }, 421);
  });
  app.get("/badger/health", (context) => context.json({ status: "ok" }));
  if (auth !== undefined) app.use(guard(auth));
  app.get("/badger/openapi.json", (context) => context.json(makeOpenApi()));
  // Who may write may collect garbage.
  app.route("/", badgerApp(badger, { gc: !kvOptions.readOnly }));
  app.route("/", badgerKv(badger, kvOptions));
  return app;
}
