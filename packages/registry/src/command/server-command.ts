import { parseArgs } from "node:util";
import { ExecutorRegistryError, parseExecutorType, VERSION } from "@executor-registry/resolver";
import { endingInTime, interruptedExit, linesOf } from "@executor-registry/resolver/internal";
import { configFile, UsageError } from "./config-file.ts";
import { FLAGS, type Options } from "./action.ts";
import { ACTIONS } from "./actions.ts";
import type { ProcessIo } from "./process-io.ts";

const WRONG_USAGE_EXIT = 2;

const HELP = `Runs the executor registry service, checks its configuration and its store, moves its journal, and collects what
helps to find a fault.

Usage: executor-registry-server COMMAND [flags]

Commands:
${ACTIONS.map(({ usage, summary }) => `  ${usage.padEnd(62)}  ${summary}`).join("\n")}

Flags:
  --config FILE     the configuration (or EXECUTOR_REGISTRY_CONFIG; default: executor-registry.yaml in this folder)
  --store ADDRESS   journal verify: the store, such as sqlite:/var/lib/executor-registry/catalogue.db (default: the configuration's)
  --key FILE        journal verify, store verify, store export: a public key in PEM that checkpoints must be signed by; several where keys
                    were replaced
  --export FILE     journal verify: a file of exported entries (NDJSON) instead of a store
  --type TYPE       policy test: the executor type to test the image for (default: those that its names mean)
  --url URL         debug bundle: the service's address (default: that of the configuration, on this machine)
  --token-file FILE debug bundle: a reader's token, where the service asks for one
  -o, --output      config print, policy test: yaml (default) or json; store export: a file (default: standard output);
                    debug bundle: a file (default: executor-registry-debug-TIME.tar.gz in this folder)
  --force           store export, debug bundle: replace a file that is there
  -h, --help        show this
  --version         show the version

serve reads its configuration again when the file changes and on SIGHUP; one with mistakes is refused, and the old one stays. On SIGTERM it
says that it is not ready, answers for two more seconds, and ends; a second signal ends it at once. Its log is JSON lines on standard output.
config check also looks whether this machine lets the service start: at the store's place, the address to listen at, secrets, and the
cluster that reviews tokens. config print says where a secret is, never what it is. journal verify reads the whole store, while the service
runs or not, without changing it, and names the first entry that does not hold; of --export FILE it reads that file alone, on any machine.
store export writes a file whole or not at all; store import reads one, or standard input where FILE is -, and store migrate a store, and put
the journal where none is, or where its beginning is: done again, they go on where they were. An ADDRESS, FROM or TO is a store's address,
or config:FILE for the store of a configuration, with its password.
policy test asks the image's registry as the configuration says, opens no store, and exits with 7 for an image that would not be admitted.
debug bundle makes what it can: what it could not collect is named on standard error and in the bundle.
`;

/** Runs one command line; resolves to its exit code. Never rejects. */
export async function runServerCommand(argv: readonly string[], io: ProcessIo): Promise<number> {
  try {
    const { values, positionals } = parsed(argv);
    if (values.version) return printed(io, VERSION);
    if (values.help || positionals.length === 0 || positionals[0] === "help") return printed(io, HELP);
    const { action, words } = checkedAction({ values, positionals });
    const { output } = values;
    const options: Options = {
      ...(output !== undefined && { output }),
      format() {
        if (output === undefined || output === "yaml" || output === "json") return output ?? "yaml";
        throw new UsageError(`--output ${output} is not one of yaml, json`);
      },
      force: values.force ?? false,
      ...(values.type !== undefined && { type: parseExecutorType(values.type) }),
      words,
      word(at) {
        const word = words[at];
        if (word === undefined) throw new UsageError(`${action.name} needs ${action.takes?.slice(at).join(" and ")}`);
        return word;
      },
      ...(values.store !== undefined && { store: values.store }),
      keys: values.key ?? [],
      ...(values.export !== undefined && { exported: values.export }),
      ...(values.url !== undefined && { url: values.url }),
      ...(values["token-file"] !== undefined && { tokenFile: values["token-file"] }),
      file: () => configFile(values.config ?? (action.takes?.[0] === "[FILE]" ? words[0] : undefined), io.env),
    };
    return await endingInTime(action.run(options, io), io, action.endsWithinMs);
  } catch (error) {
    return failed(error, io);
  }
}

/** Checks a command line, without doing anything. @throws UsageError where it cannot be carried out as it is */
export function checkServerCommand(argv: readonly string[]): void {
  const line = parsed(argv);
  if (!line.values.version && !line.values.help && line.positionals.length > 0) checkedAction(line);
}

function checkedAction({ values, positionals }: ReturnType<typeof parsed>) {
  const { action, words } = actionOf(positionals);
  const unused = FLAGS.find((name) => values[name] !== undefined && !action.flags.includes(name));
  if (values.export !== undefined && values.store !== undefined) {
    throw new UsageError("--export names what to verify, so --store has no meaning with it");
  }
  if (unused !== undefined) throw new UsageError(`${action.name} takes no flag --${unused}`);
  return { action, words };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        store: { type: "string" },
        output: { type: "string", short: "o" },
        force: { type: "boolean" },
        key: { type: "string", multiple: true },
        export: { type: "string" },
        type: { type: "string" },
        url: { type: "string" },
        "token-file": { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function actionOf(positionals: readonly string[]) {
  const action = ACTIONS.find(({ name }) => name.split(" ").every((word, at) => positionals[at] === word));
  if (action === undefined) {
    const siblings = ACTIONS.filter(({ name }) => name.startsWith(`${positionals[0]} `));
    if (siblings.length === 0) throw new UsageError(`there is no command ${positionals[0]}`);
    const known = siblings
      .map(({ name }) => name.split(" ")[1])
      .join(", ")
      .replace(/, ([^,]*)$/, " or $1");
    if (positionals[1] === undefined) throw new UsageError(`${positionals[0]} needs a command: ${known}`);
    throw new UsageError(`${positionals[0]} has no command ${positionals[1]}, only ${known}`);
  }
  const words = positionals.slice(action.name.split(" ").length);
  const extra = words[action.takes?.length ?? 0];
  if (extra !== undefined) throw new UsageError(`${action.name} takes no argument "${extra}"`);
  return { action, words };
}

function printed(io: ProcessIo, text: string): number {
  io.stdout.print(linesOf(text));
  return 0;
}

function failed(error: unknown, io: ProcessIo): number {
  if (io.signal.aborted) return interruptedExit(io.signal);
  const known = error instanceof UsageError || error instanceof ExecutorRegistryError;
  const message = error instanceof Error ? error.message : String(error);
  const [first = "", ...others] = linesOf(message.trimEnd());
  io.stderr.print([
    `error: ${known ? "" : "unexpected: "}${first}`,
    ...others.map((line) => (line.startsWith("  ") ? line : `  ${line}`)),
    ...(error instanceof UsageError ? ["hint: see `executor-registry-server help`"] : []),
    ...(known || !(error instanceof Error) ? [] : linesOf(error.stack ?? "")),
  ]);
  if (error instanceof UsageError) return WRONG_USAGE_EXIT;
  return error instanceof ExecutorRegistryError ? error.row.exit : 1;
}
