/**
 * Real servers on this machine: single ones, clusters of three masters with a replica
 * each, and a master with sentinels. Needs `redis-server` and `redis-cli`.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import { execFile, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import process from "node:process";

const HOST = "127.0.0.1";
/** A port and the one of the cluster's bus, which is this much higher. */
const BUS_OFFSET = 10_000;
const PORT_MIN = 11_000;
const PORT_MAX = 31_000;
/** Milliseconds of silence after which a cluster takes a node for dead. */
const NODE_TIMEOUT = 700;
/** Seconds after which nothing comes any more; on a busy machine it takes fifty. */
const PATIENCE_SECONDS = 150;

/**
 * A directory for the files of a server: in memory where that can be had, for a node
 * syncs its own at each change of the cluster and answers nobody meanwhile.
 */
function makeDirectory() {
  try {
    return mkdtempSync("/dev/shm/redis-");
  } catch {
    mkdirSync(".tmp", { recursive: true });
    return resolve(mkdtempSync(".tmp/redis-"));
  }
}

const running = new Set();
process.on("exit", () => {
  for (const server of running) {
    server.process.kill("SIGKILL");
    rmSync(server.directory, { recursive: true, force: true });
  }
});

export const wait = (milliseconds) =>
  new Promise((done) => setTimeout(done, milliseconds));

/** Settles as `promise` does; rejects if that takes longer than PATIENCE_SECONDS. */
export async function inTime(promise, what) {
  // Made here, so that its stack tells who waited.
  const late = new Error(`Not done after ${PATIENCE_SECONDS} s: ${what}`);
  let timer;
  const limit = new Promise((_, fail) => {
    timer = setTimeout(() => fail(late), PATIENCE_SECONDS * 1_000);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `isSo` answers true; what never does fails by its name. */
export async function until(isSo) {
  let isOver = false;
  const poll = async () => {
    while (!isOver && !await isSo()) await wait(20);
  };
  try {
    await inTime(poll(), isSo);
  } finally {
    isOver = true;
  }
}

/** One `redis-server`. */
export class Server {
  constructor(port, words, cliWords = []) {
    this.port = port;
    this.address = `${HOST}:${port}`;
    this.words = words;
    this.cliWords = cliWords;
    this.directory = makeDirectory();
  }

  /** Starts it, again if it was killed; its files are those of before. */
  async start() {
    this.process = spawn("redis-server", [
      ...this.words,
      ...["--port", `${this.port}`].filter(() =>
        !this.words.includes("--port")
      ),
      ...["--bind", HOST, "--dir", this.directory],
      ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
      ...["--logfile", "log"],
    ], { stdio: "ignore" });
    this.exit = new Promise((done) => this.process.once("exit", done));
    running.add(this);
    const isOver = () =>
      this.process.exitCode !== null || this.process.signalCode !== null;
    await until(async () =>
      isOver() || /PONG|NOAUTH/.test(await this.ask("PING").catch(String))
    );
    if (isOver()) throw new Error(`${this.address} ended:\n${this.log()}`);
    return this;
  }

  /** What the server answers, as `redis-cli` prints it. */
  ask(...words) {
    return cli(["-p", `${this.port}`, ...this.cliWords, ...words]);
  }

  /** The end of what it wrote to its log. */
  log() {
    try {
      return readFileSync(`${this.directory}/log`, "utf8").slice(-2_000);
    } catch (error) {
      return String(error);
    }
  }

  /** Stops the process where it is. */
  stop() {
    process.kill(this.process.pid, "SIGSTOP");
  }

  /** Lets it go on. */
  goOn() {
    process.kill(this.process.pid, "SIGCONT");
  }

  /** Ends it at once; what it had in memory is gone. */
  kill() {
    running.delete(this);
    this.process.kill("SIGKILL");
    return inTime(this.exit, `${this.address} is killed`);
  }

  async dispose() {
    if (running.has(this)) await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs `redis-cli`; rejects with what it says when it fails. */
function cli(words) {
  return new Promise((done, fail) => {
    execFile("redis-cli", words, { timeout: 30_000 }, (error, out, errors) => {
      if (error === null) done(out.trim());
      else fail(new Error(`${out}${errors}`, { cause: error }));
    });
  });
}

const given = new Set();

/** Ports that nobody listens at, nor at those of their buses; each is given once. */
export async function freePorts(count) {
  const ports = [];
  while (ports.length < count) {
    const port = PORT_MIN +
      Math.floor(Math.random() * (PORT_MAX - PORT_MIN - BUS_OFFSET));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port) && await isFree(port + BUS_OFFSET)) ports.push(port);
  }
  return ports;
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, HOST, () => server.close(() => done(true)));
  });
}

/** One server by itself. */
export async function startSingle(words = [], cliWords = []) {
  const [port] = await freePorts(1);
  return await new Server(port, words, cliWords).start();
}

/** A server whose certificate was made for it; `words` are added to the others. */
export async function startEncrypted() {
  const [port] = await freePorts(1);
  mkdirSync(".tmp", { recursive: true });
  const files = resolve(mkdtempSync(".tmp/certificates-"));
  const [ca, key] = [`${files}/ca.pem`, `${files}/key.pem`];
  await new Promise((done, fail) =>
    execFile("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      ...["-keyout", key, "-out", ca],
    ], (error) => error === null ? done() : fail(error))
  );
  const words = ["--tls-port", `${port}`, "--port", "0", "--tls-auth-clients"];
  const server = new Server(port, [
    ...words,
    "no",
    ...["--tls-cert-file", ca, "--tls-key-file", key, "--tls-ca-cert-file", ca],
    ...["--requirepass", "open sesame"],
  ], ["--tls", "--cacert", ca]);
  server.ca = ca;
  server.files = files;
  return await server.start();
}

/** Three masters with a replica each. */
export class Cluster {
  static async start() {
    for (let attempt = 1;; attempt++) {
      const cluster = new Cluster();
      const ports = await freePorts(6);
      cluster.servers = await Promise.all(ports.map(startNode));
      try {
        await cli([
          ...["--cluster", "create"],
          ...cluster.servers.map(({ address }) => address),
          ...["--cluster-replicas", "1", "--cluster-yes"],
        ]);
        await cluster.settle();
        return cluster;
      } catch (error) {
        // Nodes that stand still for a second while they meet do not find each other.
        console.log(`No cluster came to be: ${error}`);
        if (attempt === 3) throw error;
        await cluster.dispose();
      }
    }
  }

  /** The addresses of all nodes. */
  get nodes() {
    return this.servers.map(({ address }) => address);
  }

  /** Waits until every node sees a whole cluster, and every master has its replica. */
  async settle() {
    for (const server of this.servers) {
      await until(async () => {
        const info = await server.ask("CLUSTER", "INFO").catch(String);
        const replication = await server.ask("INFO", "replication")
          .catch(String);
        return /cluster_state:ok/.test(info) &&
          (/master_link_status:up/.test(replication) ||
            /role:master[^]*state=online/.test(replication)) &&
          isWhole(await this.view(server));
      });
    }
    await this.agree();
  }

  /** Waits until all nodes tell the same of all slots. */
  async agree() {
    await until(async () => {
      const said = await cli(["--cluster", "check", this.nodes[0]])
        .catch(String);
      return !said.includes("[ERR]") && !said.includes("[WARNING]");
    });
  }

  /** The rows of `CLUSTER NODES`, as a server that answers sees them. */
  async view(from = this.servers[0]) {
    const rows = (await from.ask("CLUSTER", "NODES")).split("\n");
    return rows.map((row) => {
      const [id, address, flags, master, , , , link, ...slots] = row.split(" ");
      return {
        id,
        server: this.servers.find((server) =>
          address.startsWith(`${server.address}@`)
        ),
        isMaster: flags.includes("master"),
        isDead: /fail|handshake|noaddr/.test(flags) || link !== "connected",
        master,
        slots: slots.filter((range) => !range.startsWith("[")),
      };
    });
  }

  /** The masters that have slots. */
  async masters(from) {
    return (await this.view(from)).filter((node) =>
      node.isMaster && !node.isDead && node.slots.length > 0
    );
  }

  /** The master that has the slot of `key`. */
  async masterOf(key) {
    const slot = Number(await this.servers[0].ask("CLUSTER", "KEYSLOT", key));
    for (const master of await this.masters()) {
      for (const range of master.slots) {
        const [first, last = first] = range.split("-").map(Number);
        if (first <= slot && slot <= last) return { ...master, slot };
      }
    }
    throw new Error(`Nobody has slot ${slot}`);
  }

  /** Waits until the slots of `server` are with another one, as others see it. */
  async untilPromoted(server) {
    const others = this.servers.filter((other) => other !== server);
    await until(async () => {
      const views = await Promise.all(others.map((other) => this.view(other)));
      const isWhole = await Promise.all(
        others.map(async (other) =>
          /cluster_state:ok/.test(await other.ask("CLUSTER", "INFO"))
        ),
      );
      return isWhole.every(Boolean) &&
        views.every((view) =>
          view.filter((node) => node.isMaster && node.slots.length > 0)
            .every((node) => node.server !== server)
        );
    });
  }

  /** Moves `count` slots from one master to another, keys and all. */
  async reshard(from, to, count) {
    await cli([
      ...["--cluster", "reshard", this.servers[0].address],
      ...["--cluster-from", from.id, "--cluster-to", to.id],
      ...["--cluster-slots", `${count}`, "--cluster-yes"],
    ]);
    await this.agree();
  }

  /** A fourth master, without slots; it is none of `servers`. */
  async addMaster() {
    const server = await startNode((await freePorts(1))[0]);
    await cli(["--cluster", "add-node", server.address, this.nodes[0]]);
    await until(async () => {
      const views = await Promise.all(
        this.servers.map((each) => each.ask("CLUSTER", "NODES")),
      );
      return views.every((view) => view.includes(` ${server.address}@`));
    });
    await this.agree();
    await until(async () =>
      /cluster_state:ok/.test(await server.ask("CLUSTER", "INFO"))
    );
    return { server, id: await server.ask("CLUSTER", "MYID") };
  }

  /** Takes a master out that has no slots any more. */
  async removeMaster({ server, id }) {
    await cli(["--cluster", "del-node", this.nodes[0], id]);
    await server.dispose();
  }

  /** What each node says of all of them, and the end of its log. */
  async picture() {
    const nodes = await Promise.all(this.servers.map(async (server) => {
      const view = await server.ask("CLUSTER", "NODES").catch(String);
      return `${server.address}:\n${view}\n${server.log()}`;
    }));
    return nodes.join("\n");
  }

  async dispose() {
    await Promise.all(this.servers.map((server) => server.dispose()));
  }
}

/** Starts a node that belongs to no cluster yet. */
function startNode(port) {
  return new Server(port, [
    ...["--cluster-enabled", "yes", "--cluster-node-timeout"],
    `${NODE_TIMEOUT}`,
    ...["--repl-diskless-sync-delay", "0"],
    // However long a replica was cut off, there is none better here.
    ...["--cluster-replica-validity-factor", "0"],
    // Each master keeps the replica it has.
    ...["--cluster-allow-replica-migration", "no"],
  ]).start();
}

/** True if all nodes are there, and every master has a replica. */
function isWhole(view) {
  const masters = view.filter((node) => node.isMaster);
  return view.every((node) => !node.isDead) && masters.length === 3 &&
    masters.every(({ id, slots }) =>
      slots.length > 0 && view.some(({ master }) => master === id)
    );
}

/** A master with a replica, and three sentinels that watch it. */
export class Watched {
  static async start() {
    const watched = new Watched();
    const ports = await freePorts(5);
    watched.name = "the-master";
    watched.master = await new Server(ports[0], []).start();
    watched.replica = await new Server(ports[1], [
      ...["--replicaof", HOST, `${ports[0]}`],
      ...["--repl-diskless-sync-delay", "0"],
    ]).start();
    await until(async () =>
      /master_link_status:up/.test(
        await watched.replica.ask("INFO", "replication"),
      )
    );
    watched.sentinels = await Promise.all(
      ports.slice(2).map((port) => startSentinel(port, watched)),
    );
    for (const sentinel of watched.sentinels) {
      await until(async () => {
        const state = await sentinel.ask("SENTINEL", "MASTER", watched.name);
        return /num-slaves\s+1\b/.test(state) &&
          /num-other-sentinels\s+2\b/.test(state);
      });
    }
    return watched;
  }

  /** The addresses of the sentinels. */
  get nodes() {
    return this.sentinels.map(({ address }) => address);
  }

  async dispose() {
    const servers = [this.master, this.replica, ...this.sentinels];
    await Promise.all(servers.map((server) => server.dispose()));
  }
}

async function startSentinel(port, { master, name }) {
  const server = new Server(port, []);
  const file = `${server.directory}/sentinel.conf`;
  writeFileSync(
    file,
    `sentinel monitor ${name} ${HOST} ${master.port} 2
sentinel down-after-milliseconds ${name} ${NODE_TIMEOUT}
sentinel failover-timeout ${name} 3000
`,
  );
  server.words = [file, "--sentinel"];
  return await server.start();
}
