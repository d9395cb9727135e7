/**
 * Servers as an address, for the command line:
 * `redis://[user[:password]@]host[:port][,host[:port]…][/database][?mode=…&prefix=…]`,
 * `rediss:` with TLS.
 *
 * @module
 */

import { ConfigError } from "../plugin/config_error.ts";
import type { RedisConfig } from "./settings.ts";

const DEFAULT_PORT = 6379;
const FORM =
  "redis://[user:password@]host:port[,host:port][/database][?mode=cluster&prefix=badger:]";
const PARAMETERS = ["mode", "prefix", "sentinel_master"];

/** True for text that is an address of servers and no path. */
export function isServerAddress(text: string): boolean {
  return /^rediss?:\/\//.test(text);
}

/**
 * Reads an address.
 *
 * Without `mode` it is one server if one is named, and a cluster if several are.
 *
 * @param text The address.
 * @returns The settings; the password, if it is in the environment, is read later.
 * @throws {ConfigError} If it makes no sense.
 *
 * @example Usage
 * ```ts
 * import { readServerAddress } from "@sett/badger/redis";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readServerAddress("redis://10.0.0.1:7001,10.0.0.2"), {
 *   mode: "cluster",
 *   nodes: ["10.0.0.1:7001", "10.0.0.2:6379"],
 *   tls: false,
 * });
 * ```
 */
export function readServerAddress(text: string): RedisConfig {
  const match =
    /^redis(s?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/(\d*))?(?:\?([^#]*))?$/
      .exec(text);
  const [, secure, userInfo, hosts = "", database, query = ""] = match ?? [];
  const nodes = hosts.split(",").map((host) =>
    /(?:\]|^[^:[\]]+)$/.test(host) ? `${host}:${DEFAULT_PORT}` : host
  );
  // Nothing of it is told: where it is not whole, any part may be the password.
  if (!nodes.every((node) => /.:\d{1,5}$/.test(node)) || query.includes("@")) {
    throw new ConfigError(`an address of servers must be ${FORM}`);
  }
  const config: RedisConfig = {
    mode: nodes.length > 1 ? "cluster" : "single",
    nodes,
    tls: secure === "s",
  };
  if (userInfo !== undefined) {
    const [user = "", ...password] = userInfo.split(":");
    if (user !== "") config.username = decoded(user);
    if (password.length > 0) config.password = decoded(password.join(":"));
  }
  if (database) config.database = Number(database);
  for (const [name, value] of new URLSearchParams(query)) {
    if (!PARAMETERS.includes(name)) {
      throw new ConfigError(
        `an address of servers knows ${PARAMETERS.join(", ")}, not ${name}`,
      );
    }
    if (name === "mode") config.mode = value as "single";
    else if (name === "prefix") config.key_prefix = value;
    else config.sentinel_master = value;
  }
  return config;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigError(
      "user and password of an address must be percent-encoded UTF-8",
    );
  }
}
