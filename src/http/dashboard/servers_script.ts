/**
 * The page's code for servers instead of an engine in this process.
 *
 * @module
 */

/** Tiles and the table of servers. */
export const SERVERS_SCRIPT: string = String.raw`
const BACKENDS = {
  embedded: "embedded engine",
  redis: "Redis protocol",
  tiered: "embedded engine before the Redis protocol",
};

/** Says which backend it is, and shows the sections that it has. */
function showBackend(stats) {
  const mode = stats.mode === undefined ? "" : ", " + stats.mode;
  setText(byId("backend"), (BACKENDS[stats.backend] || stats.backend) + mode);
  const kind = stats.backend === "embedded" ? "embedded" : "servers";
  for (const section of document.querySelectorAll("[data-of]")) {
    section.hidden = section.dataset.of !== kind;
  }
  // It has no neighbour then.
  byId("operations").parentElement.classList.toggle("wide", kind === "servers");
}

function serverTiles(stats, sample) {
  const { servers, client, tier } = stats;
  const connected = servers.filter((server) => server.is_connected).length;
  const waits = stats.pending_writes === 0 ? "none waits" : plural(stats.pending_writes, "waits", "wait");
  const tiles = [
    ["Servers", count(connected), "connected of " + count(servers.length)],
    ["Reads a second", rate(sample.reads), count(stats.num_reads) + " in all"],
    ["Writes a second", rate(sample.writes), count(stats.num_writes) + " in all, " + waits],
    ["Attempts again", count(client.retries), "of " + plural(client.commands, "command", "commands")],
    ["Outcomes unknown", count(client.unknown_outcomes), plural(client.losses, "connection", "connections") + " lost"],
  ];
  if (tier !== undefined) {
    const reads = tier.hits + tier.misses;
    tiles.push(["Reads from near", percent(reads === 0 ? null : tier.hits / reads),
      tier.is_tracking ? "changes are heard" : "changes are not heard"]);
  } else tiles.push(["Redirections", count(client.redirections), "slots read " + plural(client.refreshes, "time", "times")]);
  return tiles;
}

function showServers(stats) {
  const { servers, tier } = stats;
  const about = [plural(servers.length, "server", "servers") + " that hold keys or were asked for them, as this program sees them."];
  if (tier !== undefined) {
    about.push(plural(tier.invalidations, "value", "values") + " kept near went because a server told of a change, and all of them " +
      plural(tier.gaps, "time", "times") + " because one might have gone unheard.");
  }
  setText(byId("servers-about"), about.join(" "));
  fillTable(byId("servers"),
    [["Address", "text"], ["Connection", ""], ["Answers awaited", "number"]],
    servers.map((server) => [server.address, server.is_connected ? "connected" : "none", count(server.pending)]));
}
`;
