#!/usr/bin/env node
/**
 * The `badger` command: looks into a store, changes it, copies it and mends it.
 *
 * This module is a program: importing it runs the command line of the process.
 *
 * ```sh
 * deno run -A jsr:@sett/badger/cli --help
 * npx @sett/badger --help
 * ```
 *
 * @module
 */

import process from "node:process";
import { systemSurroundings } from "./surroundings.ts";
import { run } from "./program.ts";

const code = await run(process.argv.slice(2), systemSurroundings());
// A thread of Node that waits at a pipe keeps even `exit` waiting: the signal that ended
// the command, to which nobody listens any more, does not.
if (code === 130) process.kill(process.pid, "SIGINT");
if (code === 143) process.kill(process.pid, "SIGTERM");
// Input that was not read to its end would keep the process waiting.
process.exit(code);
