/**
 * The metrics of servers, by the same conventions as those of the embedded engine.
 *
 * @module
 */

import { counter, gauge, type MetricRow } from "./metric_table.ts";
import type { RemoteStats } from "./remote_report.ts";

/** The metrics of servers, also with the embedded engine before them. */
export const REMOTE_METRIC_ROWS: readonly MetricRow<RemoteStats>[] = [
  counter("badger_reads_total", "Reads that were asked for", (s) => s.numReads),
  counter(
    "badger_writes_total",
    "Writes that were asked for",
    (s) => s.numWrites,
  ),
  gauge(
    "badger_pending_writes",
    "Keys with writes under way",
    (s) => s.pendingWrites,
  ),
  gauge(
    "badger_servers",
    "Servers that hold keys or were asked for them",
    (s) => s.servers.length,
  ),
  gauge(
    "badger_servers_connected",
    "Of these, the ones that there is a connection to",
    (s) => s.servers.filter(({ isConnected }) => isConnected).length,
  ),
  gauge(
    "badger_commands_pending",
    "Commands whose answers are awaited",
    (s) => s.servers.reduce((sum, { pending }) => sum + pending, 0),
  ),
  counter(
    "badger_commands_total",
    "Commands for servers that were asked for",
    (s) => s.client.commands,
  ),
  counter(
    "badger_command_retries_total",
    "Attempts after the first of a command",
    (s) => s.client.retries,
  ),
  counter(
    "badger_redirections_total",
    "Answers that named another server",
    (s) => s.client.redirections,
  ),
  counter(
    "badger_unknown_outcomes_total",
    "Commands whose outcome could not be told",
    (s) => s.client.unknownOutcomes,
  ),
  counter(
    "badger_connections_total",
    "Connections that were made",
    (s) => s.client.connections,
  ),
  counter(
    "badger_connection_losses_total",
    "Connections that were lost or given up",
    (s) => s.client.losses,
  ),
  counter(
    "badger_reply_timeouts_total",
    "Connections given up because no reply came in time",
    (s) => s.client.timeouts,
  ),
];

type Tier = NonNullable<RemoteStats["tier"]>;

const ofTier = (read: (tier: Tier) => number) => ({ tier }: RemoteStats) =>
  read(tier!);

/** The metrics of what is kept near, in addition. */
export const TIER_METRIC_ROWS: readonly MetricRow<RemoteStats>[] = [
  counter(
    "badger_near_hits_total",
    "Reads that were answered from near",
    ofTier((tier) => tier.hits),
  ),
  counter(
    "badger_near_misses_total",
    "Reads that had to go to a server",
    ofTier((tier) => tier.misses),
  ),
  counter(
    "badger_near_invalidations_total",
    "Kept values that were dropped because a server told of a change",
    ofTier((tier) => tier.invalidations),
  ),
  counter(
    "badger_near_gaps_total",
    "Times that all of them were dropped, as changes may have gone unheard",
    ofTier((tier) => tier.gaps),
  ),
  gauge(
    "badger_near_tracking",
    "1 while the servers tell of every change, else 0",
    ofTier((tier) => Number(tier.isTracking)),
  ),
];
