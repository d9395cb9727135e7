/**
 * Small disks of several kinds.
 *
 * @module
 */

/** A disk that is there until disposed. */
export interface Disk extends AsyncDisposable {
  /** The command that runs a program on it. */
  wrap(program: string, args: string[]): { command: string; args: string[] };
}

/** A way to come by a disk. */
export interface Means {
  /** What it is. */
  name: "tmpfs" | "ext4" | "limit";
  /** Makes an empty disk at a path; `undefined` where that is not allowed. */
  make(path: string): Promise<Disk | undefined>;
  /** The same place without its limit. */
  unlimited: Disk;
}

/** Kibibytes of a disk. */
const DISK_KIBIBYTES = 4096;
/** Kibibytes that a file may have where only that can be limited. */
const FILE_KIBIBYTES = 600;

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false; // there is no such program, or it may not be run
  }
}

const plain: Disk = {
  wrap: (command, args) => ({ command, args }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** A mounted disk; it is unmounted when disposed. */
function mounted(path: string): Disk {
  return {
    wrap: plain.wrap,
    async [Symbol.asyncDispose]() {
      await run("umount", path);
    },
  };
}

async function makeTmpfs(path: string): Promise<Disk | undefined> {
  Deno.mkdirSync(path);
  const size = `size=${DISK_KIBIBYTES}k`;
  const isMounted = await run(
    "mount",
    "-t",
    "tmpfs",
    "-o",
    size,
    "tmpfs",
    path,
  );
  return isMounted ? mounted(path) : undefined;
}

async function makeExt4(path: string): Promise<Disk | undefined> {
  Deno.mkdirSync(path);
  const image = `${path}.image`;
  // Written out, so that it is never the disk below that is full.
  Deno.writeFileSync(image, new Uint8Array(DISK_KIBIBYTES * 1024));
  const isMounted =
    await run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image) &&
    await run("mount", "-o", "loop", image, path);
  return isMounted ? mounted(path) : undefined;
}

function makeLimit(path: string): Promise<Disk> {
  Deno.mkdirSync(path);
  return Promise.resolve({
    // Who grows a file beyond the limit is told by a signal too: that is ignored.
    wrap: (program, args) => ({
      command: "bash",
      args: [
        "-c",
        `trap '' XFSZ; ulimit -f ${FILE_KIBIBYTES}; "$@"`,
        "bash",
        program,
        ...args,
      ],
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** All ways, in the order in which they are tried. */
export const MEANS: readonly Means[] = [
  { name: "tmpfs", make: makeTmpfs, unlimited: plain },
  { name: "ext4", make: makeExt4, unlimited: plain },
  { name: "limit", make: makeLimit, unlimited: plain },
];
