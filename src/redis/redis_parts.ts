/**
 * From settings to what an open backend works with.
 *
 * @module
 */

import { readFile } from "../fs/file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { KeyLanes } from "./key_lanes.ts";
import type { RedisParts } from "./redis_calls.ts";
import { RedisKeys } from "./redis_key.ts";
import { Router } from "./router.ts";
import type { ServerOptions, TlsOptions } from "./server_options.ts";
import type { RedisSettings } from "./settings.ts";
import {
  clusterNodes,
  type Discovery,
  sentinels,
  singleServer,
} from "./slot_map.ts";

/** What a backend of these settings works with; connects to nothing yet. */
export function makeParts(settings: RedisSettings): RedisParts {
  const server: ServerOptions = {
    tls: settings.tls ? readTls(settings) : undefined,
    username: settings.username,
    password: settings.password,
    database: settings.database,
    connectTimeout: settings.connectTimeoutMilliseconds,
    replyTimeout: settings.replyTimeoutMilliseconds,
    minReplicas: settings.minReplicas,
    replicaTimeout: settings.replicaTimeoutMilliseconds,
  };
  return {
    router: new Router(chooseDiscovery(settings, server), server, {
      commandTimeout: settings.commandTimeoutMilliseconds,
      retryDelay: settings.retryDelayMilliseconds,
      retryDelayMax: settings.retryDelayMaxMilliseconds,
    }),
    server,
    keys: new RedisKeys(settings.keyPrefix),
    lanes: new KeyLanes(),
    operations: new Map(),
  };
}

function chooseDiscovery(
  settings: RedisSettings,
  server: ServerOptions,
): Discovery {
  const { nodes } = settings;
  switch (settings.mode) {
    case "single":
      return singleServer(nodes[0]!);
    case "cluster":
      return clusterNodes(nodes);
    case "sentinel":
      return sentinels(nodes, settings.sentinelMaster, {
        ...server,
        username: settings.sentinelUsername,
        password: settings.sentinelPassword,
        database: 0,
      });
  }
}

/** The files of certificates, as text. */
function readTls(settings: RedisSettings): TlsOptions {
  const files = new NodeFileSystem();
  const read = (path: string) =>
    new TextDecoder().decode(readFile(files, path));
  const { tlsCaFile, tlsCertFile, tlsKeyFile, tlsServerName } = settings;
  return {
    ...(tlsCaFile === "" ? {} : { ca: read(tlsCaFile) }),
    ...(tlsCertFile === "" ? {} : { cert: read(tlsCertFile) }),
    ...(tlsKeyFile === "" ? {} : { key: read(tlsKeyFile) }),
    ...(tlsServerName === "" ? {} : { servername: tlsServerName }),
  };
}
