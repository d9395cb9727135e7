/**
 * The settings of the Redis backend: one table with every name, unit, range and
 * default.
 *
 * @module
 */

import type { NamedRule } from "../plugin/config.ts";

/** Every setting with its value, as {@linkcode RedisBackend.settings} shows it. */
export interface RedisSettings {
  /** What the nodes are: one server, nodes of a cluster, or sentinels. */
  mode: "single" | "cluster" | "sentinel";
  /** Addresses to begin with, `host:port`. */
  nodes: string[];
  /** The name of the master that the sentinels watch. */
  sentinelMaster: string;
  /** The user of the servers; empty for the default user. */
  username: string;
  /** The password of the servers; empty for none. */
  password: string;
  /** The user of the sentinels; empty for the default user. */
  sentinelUsername: string;
  /** The password of the sentinels; empty for none. */
  sentinelPassword: string;
  /** The number of the database; a cluster has only 0. */
  database: number;
  /** What the name of every key begins with. */
  keyPrefix: string;
  /** True: connections are encrypted and the server's certificate is checked. */
  tls: boolean;
  /** A file of certificates to trust, PEM; empty for those of the system. */
  tlsCaFile: string;
  /** A file with the certificate to show, PEM; empty for none. */
  tlsCertFile: string;
  /** A file with its private key, PEM. */
  tlsKeyFile: string;
  /** The name that certificates must have; empty for the host of each node. */
  tlsServerName: string;
  /** Milliseconds that connecting may take, TLS and authentication included. */
  connectTimeoutMilliseconds: number;
  /** Milliseconds that a server may say nothing while answers are awaited. */
  replyTimeoutMilliseconds: number;
  /** Milliseconds after which a command is not tried again. */
  commandTimeoutMilliseconds: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  retryDelayMilliseconds: number;
  /** The longest pause between two attempts, in milliseconds. */
  retryDelayMaxMilliseconds: number;
  /** Replicas that must have a write before it resolves. */
  minReplicas: number;
  /** Milliseconds to wait for them. */
  replicaTimeoutMilliseconds: number;
}

/**
 * The settings as the section `kv.redis` of a YAML file names them; all are optional.
 * Meaning and unit are those of {@linkcode RedisSettings}, range and default those of
 * the table in `docs/redis.md`.
 */
export interface RedisConfig {
  /** See {@linkcode RedisSettings.mode}. */
  mode?: "single" | "cluster" | "sentinel" | null;
  /** See {@linkcode RedisSettings.nodes}; text may name several, with commas. */
  nodes?: string | readonly string[] | null;
  /** See {@linkcode RedisSettings.sentinelMaster}. */
  sentinel_master?: string | null;
  /** See {@linkcode RedisSettings.username}. */
  username?: string | null;
  /** See {@linkcode RedisSettings.password}. */
  password?: string | null;
  /** See {@linkcode RedisSettings.sentinelUsername}. */
  sentinel_username?: string | null;
  /** See {@linkcode RedisSettings.sentinelPassword}. */
  sentinel_password?: string | null;
  /** See {@linkcode RedisSettings.database}. */
  database?: number | null;
  /** See {@linkcode RedisSettings.keyPrefix}. */
  key_prefix?: string | null;
  /** See {@linkcode RedisSettings.tls}. */
  tls?: boolean | null;
  /** See {@linkcode RedisSettings.tlsCaFile}. */
  tls_ca_file?: string | null;
  /** See {@linkcode RedisSettings.tlsCertFile}. */
  tls_cert_file?: string | null;
  /** See {@linkcode RedisSettings.tlsKeyFile}. */
  tls_key_file?: string | null;
  /** See {@linkcode RedisSettings.tlsServerName}. */
  tls_server_name?: string | null;
  /** See {@linkcode RedisSettings.connectTimeoutMilliseconds}. */
  connect_timeout_milliseconds?: number | null;
  /** See {@linkcode RedisSettings.replyTimeoutMilliseconds}. */
  reply_timeout_milliseconds?: number | null;
  /** See {@linkcode RedisSettings.commandTimeoutMilliseconds}. */
  command_timeout_milliseconds?: number | null;
  /** See {@linkcode RedisSettings.retryDelayMilliseconds}. */
  retry_delay_milliseconds?: number | null;
  /** See {@linkcode RedisSettings.retryDelayMaxMilliseconds}. */
  retry_delay_max_milliseconds?: number | null;
  /** See {@linkcode RedisSettings.minReplicas}. */
  min_replicas?: number | null;
  /** See {@linkcode RedisSettings.replicaTimeoutMilliseconds}. */
  replica_timeout_milliseconds?: number | null;
}

/** One row of a table of settings. */
export interface KvRule<Settings> extends NamedRule {
  /** The name in code, a key of the settings. */
  readonly name: keyof Settings & string;
}

/** One row of the table of {@linkcode RedisSettings}. */
export type RedisRule = KvRule<RedisSettings>;

const MINUTE = 60_000;

/** Every setting of the backend, in the order of the documentation. */
export const REDIS_RULES: readonly RedisRule[] = [
  {
    name: "mode",
    yaml: "mode",
    type: "choice",
    choices: ["single", "cluster", "sentinel"],
    default: "cluster",
  },
  text("nodes", "nodes", "127.0.0.1:6379"),
  text("sentinelMaster", "sentinel_master", "mymaster"),
  text("username", "username"),
  text("password", "password"),
  text("sentinelUsername", "sentinel_username"),
  text("sentinelPassword", "sentinel_password"),
  integer("database", "database", 0, 0, 65_535),
  text("keyPrefix", "key_prefix", "badger:"),
  { name: "tls", yaml: "tls", type: "boolean", default: false },
  text("tlsCaFile", "tls_ca_file"),
  text("tlsCertFile", "tls_cert_file"),
  text("tlsKeyFile", "tls_key_file"),
  text("tlsServerName", "tls_server_name"),
  milliseconds("connectTimeout", "connect_timeout", 2_000, 10, MINUTE),
  milliseconds("replyTimeout", "reply_timeout", 2_000, 10, MINUTE),
  milliseconds("commandTimeout", "command_timeout", 15_000, 10, 10 * MINUTE),
  milliseconds("retryDelay", "retry_delay", 20, 1, MINUTE),
  milliseconds("retryDelayMax", "retry_delay_max", 500, 1, MINUTE),
  integer("minReplicas", "min_replicas", 0, 0, 16),
  milliseconds("replicaTimeout", "replica_timeout", 500, 1, MINUTE),
];

function text(
  name: RedisRule["name"],
  yaml: string,
  absent: string = "",
): RedisRule {
  return { name, yaml, type: "string", default: absent };
}

function integer(
  name: RedisRule["name"],
  yaml: string,
  absent: number,
  min: number,
  max: number,
): RedisRule {
  return { name, yaml, type: "integer", default: absent, min, max };
}

function milliseconds(
  name: string,
  yaml: string,
  absent: number,
  min: number,
  max: number,
): RedisRule {
  return integer(
    `${name}Milliseconds` as RedisRule["name"],
    `${yaml}_milliseconds`,
    absent,
    min,
    max,
  );
}
