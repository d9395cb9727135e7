/**
 * Which server has which slot, and how that is found out: from the nodes of a
 * cluster, from the sentinels of a master, or from the settings alone.
 *
 * @module
 */

import { NotDone, reasonOf } from "./outcome.ts";
import {
  type Reply,
  ServerConnection,
  type Word,
} from "./server_connection.ts";
import type { ServerAddress, ServerOptions } from "./server_options.ts";

/** The slots of a cluster; what is no cluster has all of them on one server. */
export const SLOT_COUNT = 16_384;

/** Asks a server something, over the connection that there is to it. */
export type Ask = (
  address: ServerAddress,
  words: readonly Word[],
) => Promise<Reply>;

/** Where the slots are. */
export class SlotMap {
  readonly #owners: (ServerAddress | undefined)[];

  /** All slots on one server, or on none yet. */
  constructor(owner?: ServerAddress) {
    this.#owners = new Array(SLOT_COUNT).fill(owner);
  }

  /** The master of a slot; `undefined` if nobody has it. */
  ownerOf(slot: number): ServerAddress | undefined {
    return this.#owners[slot];
  }

  /** Notes who has the slots from `first` to `last`. */
  assign(first: number, last: number, owner: ServerAddress): void {
    this.#owners.fill(owner, first, last + 1);
  }

  /** Every master once. */
  masters(): ServerAddress[] {
    const masters = new Set(this.#owners);
    masters.delete(undefined);
    return [...masters as Set<ServerAddress>];
  }
}

/** Finds out where the slots are. */
export type Discovery = (
  known: readonly ServerAddress[],
  ask: Ask,
) => Promise<SlotMap>;

/** One server, by itself. */
export function singleServer(address: ServerAddress): Discovery {
  return () => Promise.resolve(new SlotMap(address));
}

/** The nodes of a cluster: whichever answers first. */
export function clusterNodes(seeds: readonly ServerAddress[]): Discovery {
  return (known, ask) =>
    firstOf([...new Set([...known, ...seeds])], async (address) => {
      const reply = await ask(address, ["CLUSTER", "SLOTS"]);
      const map = readClusterSlots(reply, address);
      if (map.masters().length === 0) {
        throw new NotDone(`${address} belongs to no cluster that has slots`);
      }
      return map;
    });
}

/** The sentinels of a master: whichever knows one first that says it is one. */
export function sentinels(
  addresses: readonly ServerAddress[],
  master: string,
  options: ServerOptions,
): Discovery {
  return (_known, ask) =>
    firstOf(addresses, async (address) => {
      const reply = await askOnce(address, options, [
        "SENTINEL",
        "GET-MASTER-ADDR-BY-NAME",
        master,
      ]);
      if (!Array.isArray(reply)) {
        throw new NotDone(`${address} knows no master named "${master}"`);
      }
      const owner = joinAddress(String(reply[0]), Number(reply[1]));
      const role = await ask(owner, ["ROLE"]);
      const name = Array.isArray(role) ? String(role[0]) : "";
      // A sentinel that was away names the master of before.
      if (name !== "master") throw new NotDone(`${owner} is no master`);
      return new SlotMap(owner);
    });
}

/** `host:port`, brackets around an IPv6 host. */
export function joinAddress(host: string, port: number): ServerAddress {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address in a redirection, whose host may be left out. */
export function redirectedTo(
  address: ServerAddress,
  from: ServerAddress,
): ServerAddress {
  const at = address.lastIndexOf(":");
  const host = at > 0 ? address.slice(0, at) : hostOf(from);
  return joinAddress(host, Number(address.slice(at + 1)));
}

/** `[[first, last, [host, port, …], …replicas], …]` */
function readClusterSlots(reply: Reply, from: ServerAddress): SlotMap {
  const map = new SlotMap();
  for (const row of reply as [number, number, [unknown, number]][]) {
    const [first, last, [host, port]] = row;
    // A node that does not know its own name leaves it out, and means itself.
    const name = host === null || String(host) === ""
      ? hostOf(from)
      : String(host);
    map.assign(Number(first), Number(last), joinAddress(name, Number(port)));
  }
  return map;
}

function hostOf(address: ServerAddress): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

/** Over a connection of its own: a sentinel is asked when something has gone wrong. */
async function askOnce(
  address: ServerAddress,
  options: ServerOptions,
  words: readonly Word[],
): Promise<Reply> {
  const counts = { connections: 0, losses: 0, timeouts: 0 };
  const sentinel = new ServerConnection(address, options, counts);
  try {
    return await sentinel.send(words);
  } finally {
    await sentinel.close();
  }
}

async function firstOf<T>(
  addresses: readonly ServerAddress[],
  ask: (address: ServerAddress) => Promise<T>,
): Promise<T> {
  try {
    return await Promise.any(addresses.map(ask));
  } catch (error) {
    const { errors } = error as AggregateError;
    // The same reason six times over helps nobody.
    const reasons = [...new Set(errors.map(reasonOf))];
    throw new NotDone(reasons.join("; "), { cause: error });
  }
}
