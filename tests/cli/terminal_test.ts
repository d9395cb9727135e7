/**
 * The command in real processes, in pipes and on a pseudo terminal: what a person sees,
 * what a program reads, and what Ctrl-C and a broken pipe leave.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Writable } from "node:stream";
import { Output } from "../../src/cli/output.ts";
import { Progress } from "../../src/cli/progress.ts";
import { tempDir } from "../support/temp.ts";
import { badger, done } from "./support.ts";

/** Runs a script of bash in `directory`, in which `badger` is a command. */
async function shell(
  directory: string,
  script: string,
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "tests/cli/outside.ts", directory],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(script));
  await input.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

// deno-lint-ignore no-control-regex -- this is what a terminal is sent
const COLOUR = /\u001b\[\d+m/;

Deno.test("cli: a terminal gets tables, colours and a rate, a pipe none of them", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `set -e
    badger set key 'tab\there' -p store 2>/dev/null
    script -qec 'badger list -p store' /dev/null
    echo == plain
    NO_COLOR=1 script -qec 'badger list -p store' /dev/null
    echo == pipe
    badger list -p store | cat
    echo == import
    mkfifo rows
    script -qfec 'badger import rows -p store' screen >/dev/null &
    exec 3>rows
    echo '{"key":"a","value":"1"}' >&3
    # The command waits for input, so the line comes however slow this machine is.
    until grep -q '/s' screen; do sleep 0.02; done
    exec 3>&-
    wait $!
    cat screen
    echo == piped import
    { echo '{"key":"b","value":"1"}'; sleep 0.7; } | badger import -p store 2>&1 | cat
    `,
  );
  assertEquals(code, 0, out + err);
  const [table = "", plain = "", pipe, screen = "", piped] = out.split(
    /^== .*\n/m,
  );
  assertMatch(table, COLOUR);
  assertStringIncludes(table, "─┬─");
  assertStringIncludes(table, "tab\\there");
  assert(!COLOUR.test(plain), plain);
  assertStringIncludes(plain, "─┬─");
  assertEquals(pipe, "key\ttab\\there\n");
  assertMatch(screen, /Importing 24 B \| \d+ B\/s/);
  assertMatch(screen, /1 rows, 24 B/);
  assertEquals(piped, "1 rows, 24 B\n");
});

Deno.test("cli: Ctrl-C during an import leaves a sound store, head a quiet end", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `mkfifo rows
    badger import rows -p store 2>errors &
    exec 3>rows
    for i in {1..20000}; do echo '{"key":"'$i'","value":"v"}'; done >&3
    # More than a header: rows have come to the log.
    until [ "$(stat -c %s store/0000000001.vlog)" -gt 1000 ]; do sleep 0.02; done
    kill -INT $!
    wait $!
    echo "code $?"
    exec 3>&-
    cat errors
    badger verify -p store | grep -c '^sound: '
    badger list -p store | head -1 | cut -f 2
    echo "\${PIPESTATUS[@]}"
    `,
  );
  assertEquals(
    [code, out, err],
    [
      0,
      "code 130\nA new store is made in store\nbadger: Ended by SIGINT\n1\nv\n0 0 0\n",
      "",
    ],
  );
});

Deno.test("cli: serve answers until SIGTERM, and others read the store meanwhile", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `touch url
    badger serve --path store --port 0 --json >url 2>errors &
    until grep -q http url || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
    port=$(sed 's/.*:\\([0-9]*\\)".*/\\1/' url)
    ask() {
      exec 3<>/dev/tcp/127.0.0.1/$port
      printf "$1 HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n$2" >&3
      head -1 <&3 | tr -d '\\r'
      exec 3>&-
    }
    ask 'PUT /badger/kv/letters/a' 'Content-Length: 5\\r\\n\\r\\nvalue'
    ask 'GET /badger' '\\r\\n'
    badger get a --bucket letters --path store; echo
    badger set a other --bucket letters --path store 2>&1 | grep -c 'Stop that process'
    kill -TERM $!
    wait $!
    echo "code $?"
    cat errors
    badger verify --path store | grep -c '^sound: '
    `,
  );
  assertEquals(
    [code, out, err],
    [0, "HTTP/1.1 201 Created\nHTTP/1.1 200 OK\nvalue\n1\ncode 0\n1\n", ""],
  );
});

Deno.test("cli: a bar shows what is done, the rate and the time left", async () => {
  let screen = "";
  const terminal = Object.assign(
    new Writable({
      write(piece, _, done) {
        screen += piece;
        done();
      },
    }),
    { isTTY: true, columns: 120 },
  );
  const stderr = Object.assign(terminal, {
    cursorTo: () => true,
    clearLine: () => true,
  });
  const surroundings = {
    stdin: undefined as never,
    stdout: terminal,
    stderr,
    environment: () => undefined,
    onSignal: () => () => {},
  };
  const output = new Output(surroundings, false, () => {});
  const progress = new Progress(output, "Working", 1000, "keys");
  while (!screen.includes("Working")) {
    progress.update(250);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  progress.stop();
  assertMatch(
    screen,
    /Working .*█+.*░+.* 25% \| 250 keys of 1,000 keys \| \d+ keys\/s \| \d.* left/,
  );
  assertMatch(screen, COLOUR);
});

Deno.test("cli: a list on a terminal is no wider than it, and says how many", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await done(path, ["set", "key", "x".repeat(500)]);
  await done(path, ["set", "key", "1", "--bucket", "b"]);
  const list = ["list", "-p", path];
  const shown = await badger(list, {
    isTerminal: true,
    environment: { NO_COLOR: "1" },
  });
  const lines = shown.out.split("\n");
  assertEquals(Math.max(...lines.map(({ length }) => length)), 100);
  assertStringIncludes(shown.out, "xxx…");
  assertStringIncludes(shown.out, "1 keys");
  await done(path, ["delete", "key"]);
  const none = await badger(list, { isTerminal: true });
  assertStringIncludes(none.out, "0 keys here; 1 in all");
  const binary = await badger(["backup", "-", "-p", path], {
    isTerminal: true,
  });
  assertEquals(binary.code, 2);
});

Deno.test("cli: what is there and is no file is written to, and stays", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `badger set key value -p store 2>/dev/null
    echo before >real
    ln -s real link
    badger get key --file link -p store
    test -L link && cat real && echo
    mkfifo pipe
    cat pipe &
    badger export pipe -p store
    wait
    test -p pipe && echo still a pipe
    # A link to a device, so that the device itself is in no danger.
    ln -s /dev/full full
    badger backup full -p store
    echo "code $?"
    test -L full && echo still a link
    badger get key --file pipe -p store &
    sleep 0.5
    kill -INT $!
    wait $!
    echo "code $?"
    mkdir taken
    badger export taken -p store
    echo "code $?"
    ls`,
  );
  assertEquals(code, 0, err);
  assertEquals(out.split("\n"), [
    "value",
    '{"key":"key","value":"value"}',
    "1 rows, 30 B",
    "still a pipe",
    "code 3",
    "still a link",
    "code 130",
    "code 3",
    "bin",
    "full",
    "link",
    "pipe",
    "real",
    "store",
    "taken",
    "",
  ]);
  assertMatch(err, /Cannot write full: no space is left/);
  assertMatch(err, /Cannot write taken: /);
});

Deno.test("cli: a file that cannot be written whole leaves nothing behind", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `head -c 100000 /dev/zero | badger set key - -p store 2>/dev/null
    echo before >copy
    trap '' XFSZ
    ulimit -f 20
    for call in 'backup copy' 'export copy' 'get key --file copy'; do
      badger $call -p store
      echo "code $?"
    done
    cat copy
    ls`,
  );
  assertEquals(code, 0, err);
  assertEquals(
    out,
    "code 3\ncode 3\ncode 3\nbefore\nbin\ncopy\nstore\n",
  );
  assertEquals(err.match(/Cannot write .*copy\.part: no space/g)?.length, 3);
});

Deno.test("cli: bash completes commands, options, and names with blanks as one", async () => {
  await using directory = tempDir();
  const { code, out, err } = await shell(
    directory.path,
    `source <(badger completions bash)
    touch 'my backup'
    complete_words() {
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _badger
      printf '<%s>' "\${COMPREPLY[@]}"
      echo
    }
    complete_words badger exp
    complete_words badger list --re
    complete_words badger export --format n
    complete_words badger restore my
    complete_words badger set key --file my`,
  );
  assertEquals([code, err], [0, ""]);
  assertEquals(
    out,
    "<export>\n<--reverse>\n<ndjson>\n<my backup>\n<my backup>\n",
  );
});
