/**
 * All commands, in the order of the help.
 *
 * @module
 */

import { BENCH_COMMANDS } from "./bench_command.ts";
import type { CommandSpec } from "./command.ts";
import { completionsCommand } from "./completions_command.ts";
import { COPY_COMMANDS } from "./copy_commands.ts";
import { DUMP_COMMANDS } from "./dump_command.ts";
import { INFO_COMMANDS } from "./info_commands.ts";
import { MOVE_COMMANDS } from "./move_command.ts";
import { PLAN_COMMANDS } from "./plan_command.ts";
import { READ_COMMANDS } from "./read_commands.ts";
import { REPAIR_COMMANDS } from "./repair_commands.ts";
import { ROW_COMMANDS } from "./row_commands.ts";
import { SERVE_COMMANDS } from "./serve_command.ts";
import { WRITE_COMMANDS } from "./write_commands.ts";

/** Every command of the program. */
export const COMMANDS: readonly CommandSpec[] = [
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...INFO_COMMANDS,
  ...DUMP_COMMANDS,
  ...REPAIR_COMMANDS,
  ...COPY_COMMANDS,
  ...ROW_COMMANDS,
  ...MOVE_COMMANDS,
  ...SERVE_COMMANDS,
  ...PLAN_COMMANDS,
  ...BENCH_COMMANDS,
  completionsCommand(() => COMMANDS),
];
