/**
 * The program: reads the command line, runs the command, and turns what happened into an
 * exit code.
 *
 * @module
 */

import { Command, CommanderError, Option } from "commander";
import { Call } from "./call.ts";
import {
  type CommandSpec,
  COMMON_OPTIONS,
  type OptionSpec,
  STORE_OPTIONS,
} from "./command.ts";
import { COMMANDS } from "./commands.ts";
import {
  BrokenPipeError,
  describeError,
  EXIT_CODES,
  EXIT_DONE,
  EXIT_USAGE,
  exitCodeOf,
  SignalError,
} from "./exit_code.ts";
import type { Surroundings } from "./surroundings.ts";

/** The name of the program. */
export const PROGRAM = "badger";

const FORM_HELP =
  `Keys on the command line are text in which a backslash escapes:
\\xHH, \\n, \\r, \\t and \\\\, just as list prints them; --hex and --base64 change that.`;

/** Every option of a command. */
export function optionsOf(spec: CommandSpec): OptionSpec[] {
  const store = spec.isOnStore ? STORE_OPTIONS : [];
  return [...spec.options, ...store, ...COMMON_OPTIONS];
}

/** The name of a command alone. */
export function nameOf(spec: CommandSpec): string {
  return spec.usage.split(" ")[0]!;
}

/**
 * Runs a command line.
 *
 * @param args The words after the program's name.
 * @param surroundings Streams, environment and signals.
 * @returns The exit code; {@linkcode EXIT_CODES} says what each means.
 */
export async function run(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let exitCode = EXIT_DONE;
  let help = "";
  const program = new Command(PROGRAM);
  const quiet = {
    writeOut: (text: string) => void (help += text),
    // What is wrong is told once, below.
    writeErr: () => {},
    getOutHelpWidth: () => surroundings.stdout.columns || 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
  program
    .description("Looks into a Sett store, changes it, copies it and mends it.")
    .configureOutput(quiet).exitOverride()
    .helpCommand("help [command]", "display help for a command")
    .addHelpText("after", () => `\n${exitCodeHelp()}`);
  for (const spec of COMMANDS) {
    addCommand(program, spec, async (words, options) => {
      exitCode = await execute(spec, words, options, surroundings);
    });
  }
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) {
      surroundings.stderr.write(`${usageError(args, error.message)}\n`);
      return EXIT_USAGE;
    }
  }
  return help === "" ? exitCode : await printHelp(help, surroundings);
}

async function printHelp(
  help: string,
  surroundings: Surroundings,
): Promise<number> {
  const { output } = new Call(surroundings, [], {}, new AbortController());
  try {
    await output.bytes(help);
    return EXIT_DONE;
  } catch (error) {
    if (!(error instanceof BrokenPipeError)) {
      output.note(`${PROGRAM}: ${describeError(error)}`);
    }
    return exitCodeOf(error);
  }
}

/** One line for what the parser found wrong. */
function usageError(args: readonly string[], message: string): string {
  const problem = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const known = COMMANDS.map(nameOf).find((name) => name === args[0]);
  const help = [PROGRAM, ...known === undefined ? [] : [known], "--help"];
  return `${PROGRAM}: Cannot read the command line: ${problem}. See ${
    help.join(" ")
  }`;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  action: (words: string[], options: Record<string, unknown>) => Promise<void>,
): void {
  const command = program.command(spec.usage).summary(spec.summary)
    .description(
      [
        `${spec.summary[0]!.toUpperCase()}${spec.summary.slice(1)}.`,
        spec.details,
      ]
        .filter((text) => text !== undefined).join("\n\n"),
    );
  for (const option of optionsOf(spec)) command.addOption(toOption(option));
  const hasKeys = spec.options.some(({ flags }) => flags === "--hex");
  command.addHelpText("after", () =>
    [
      "\nExamples:",
      ...spec.examples.map((line) => `  ${PROGRAM} ${line}`),
      ...hasKeys ? [`\n${FORM_HELP}`] : [],
      `\n${exitCodeHelp()}`,
    ].join("\n"));
  command.action(() => action(command.args, command.opts()));
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.isRepeatable) {
    option.argParser((value: string, before: string[] = []) => [
      ...before,
      value,
    ]);
  }
  return option;
}

function exitCodeHelp(): string {
  return [
    "Exit codes:",
    ...EXIT_CODES.map(({ code, meaning }) =>
      `  ${String(code).padStart(3)}  ${meaning}`
    ),
  ].join("\n");
}

/** Runs one command to its end, early or not, and closes what it opened. */
async function execute(
  spec: CommandSpec,
  words: readonly string[],
  options: Record<string, unknown>,
  surroundings: Surroundings,
): Promise<number> {
  const controller = new AbortController();
  const ignore = surroundings.onSignal((signal) =>
    controller.abort(new SignalError(signal))
  );
  const call = new Call(surroundings, words, options, controller);
  try {
    const code = await spec.run(call) ?? EXIT_DONE;
    if (!spec.isEndedBySignal) controller.signal.throwIfAborted();
    await call.output.flush();
    return code;
  } catch (thrown) {
    // Work that was ended may fail with what the end did to it.
    const error = controller.signal.aborted ? controller.signal.reason : thrown;
    // What was told before is so all the same: a backup that was restored, say.
    await call.output.flush().catch(() => {});
    if (!(error instanceof BrokenPipeError)) {
      call.output.note(
        `${call.output.paintNote("red", `${PROGRAM}:`)} ${
          describeError(error)
        }`,
      );
    }
    if (call.flag("verbose") && error instanceof Error) {
      call.output.note(error.stack ?? error.message);
    }
    return exitCodeOf(error);
  } finally {
    await call.close().catch((error) => {
      call.output.note(`${PROGRAM}: ${describeError(error)}`);
    });
    ignore();
  }
}
