import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

/** One flag of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What stands for the value in help. */
  readonly value?: string;
  /** The values it can have. */
  readonly choices?: readonly string[];
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The flags every command has, as kubectl calls them. */
export const GLOBAL_FLAGS = {
  output: {
    type: "string",
    short: "o",
    value: "FORMAT",
    choices: ["table", "wide", "json", "yaml", "name"],
    help: "how to print: table, wide, json, yaml or name",
  },
  namespace: { type: "string", short: "n", value: "NAME", help: "the dispatcher's namespace (default: the context's)" },
  context: { type: "string", value: "NAME", help: "the kubeconfig context to use" },
  kubeconfig: { type: "string", value: "FILE", help: "the kubeconfig file to use" },
  layout: {
    type: "string",
    value: "FOLDER",
    help: "answer from an OCI image layout instead of a cluster (or EXECUTOR_LAYOUT)",
  },
  template: {
    type: "string",
    value: "TEMPLATE",
    help: "how executors' repositories are called (default: executor-{type})",
  },
  "config-map": { type: "string", value: "NAME", help: "the ConfigMap that lists executors (default: executors)" },
  verbose: { type: "boolean", short: "v", help: "say on standard error what happens" },
  help: { type: "boolean", short: "h", help: "show help" },
} as const satisfies Flags;

/** What was given: flags by name, words before and after `--`. */
export interface Given {
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
  readonly rest: readonly string[];
}

/** @throws UsageError for unknown flags, missing values and values that are no choice */
export function parseFlags(args: readonly string[], flags: Flags, command: string): Given {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
  const { values, positionals } = parse(own, options, flags, command);
  for (const [name, value] of Object.entries(values)) {
    const { choices } = flags[name] ?? {};
    if (choices && !choices.includes(String(value))) {
      throw new UsageError(`--${name} ${String(value)} is not one of ${choices.join(", ")}`, command);
    }
  }
  return { flags: values as Given["flags"], words: positionals, rest: end < 0 ? [] : args.slice(end + 1) };
}

function parse(
  own: readonly string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>["options"] & object,
  flags: Flags,
  command: string,
) {
  try {
    return parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("ERR_PARSE_ARGS")) throw error;
    const unknown = /Unknown option '(-+)([^']*)'/.exec((error as Error).message);
    if (!unknown) throw new UsageError((error as Error).message.split(". ")[0] ?? "", command);
    const [, dashes = "", name = ""] = unknown;
    throw new UsageError(`unknown flag ${dashes}${name}${suggestion(name, Object.keys(flags), "--")}`, command);
  }
}

/** “; did you mean …?”, where something is close. */
export function suggestion(word: string, known: readonly string[], prefix = ""): string {
  const close = known.filter(
    (candidate) => candidate.startsWith(word) || word.startsWith(candidate) || swapped(word, candidate),
  );
  return close.length > 0 ? `; did you mean ${close.map((candidate) => prefix + candidate).join(" or ")}?` : "";
}

/** Whether two words are one typing mistake apart: a letter too many, too few, wrong, or two exchanged. */
function swapped(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return left.length <= 1 && right.length <= 1
    ? true
    : left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
