/**
 * How every server is connected to.
 *
 * @module
 */

/** `host:port`; an IPv6 host stands in brackets. */
export type ServerAddress = string;

/** Certificates and names for TLS, as text. */
export interface TlsOptions {
  /** The certificates that are trusted, in PEM; those of the system without one. */
  ca?: string;
  /** The certificate this side shows, in PEM. */
  cert?: string;
  /** Its private key, in PEM. */
  key?: string;
  /** The name that the server's certificate must have; its host without one. */
  servername?: string;
}

/** How a server is connected to, all times in milliseconds. */
export interface ServerOptions {
  /** TLS; none if absent. */
  tls: TlsOptions | undefined;
  /** Who to be; the default user if empty. */
  username: string;
  /** The password; none if empty. */
  password: string;
  /** The number of the database. */
  database: number;
  /** How long a connection may take, TLS and authentication included. */
  connectTimeout: number;
  /** How long a server may say nothing while answers are awaited. */
  replyTimeout: number;
  /** Replicas that must have a write before it counts as done. */
  minReplicas: number;
  /** How long to wait for them. */
  replicaTimeout: number;
}
