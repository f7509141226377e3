import type { ConnectOptions } from "@executor-registry/resolver/kubernetes";
import { parseArgs } from "node:util";
import type { Flag, Flags } from "./flags.ts";
import { suggestion, UsageError } from "./usage-error.ts";

/** What was given: flags by name, words before and after `--`. */
export interface Given {
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
  readonly rest: readonly string[];
}

/** A flag's text, or `undefined`. */
export function text({ flags }: Given, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Flags may stand anywhere before `--`, as kubectl takes them: `-o json`, `-ojson`, `-o=json`, `--output=json`, `--watch=false`.
 * @throws UsageError for unknown flags, missing values and values that are no choice
 */
export function parseFlags(args: readonly string[], flags: Flags, command: string): Given {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
  );
  const { tokens } = parseArgs({ args: [...own], options, allowPositionals: true, strict: false, tokens: true });
  const values: Record<string, string | boolean | string[]> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName } = token;
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!flag) {
      const known = Object.keys(flags).map((known) => `--${known}`);
      throw new UsageError(`unknown flag ${rawName}${suggestion(`--${name}`, known)}`, command);
    }
    const value = valueOf(flag, token, command);
    if (!flag.multiple) values[name] = value;
    else values[name] = [...((values[name] as string[] | undefined) ?? []), String(value)];
  }
  return { flags: values, words, rest: end < 0 ? [] : args.slice(end + 1) };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueOf(flag: Flag, { rawName, value, inlineValue }: OptionToken, command: string): string | boolean {
  if (flag.type === "boolean") {
    if (value === undefined || value === "true") return true;
    if (value === "false") return false;
    if (flag.choices?.includes(value)) return value;
    throw new UsageError(
      `${rawName} is ${[...(flag.choices ?? []), "true or false"].join(", ")}, not ${value}`,
      command,
    );
  }
  if (value === undefined || (value.startsWith("-") && !inlineValue)) {
    const dash = value === undefined ? "" : `; if it is ${value}, write ${rawName}=${value}`;
    throw new UsageError(`${rawName} needs a value${dash}`, command);
  }
  // Of `-o=json`, Node takes the sign to be part of the value.
  const text = inlineValue && !rawName.startsWith("--") && value.startsWith("=") ? value.slice(1) : value;
  if (flag.choices && !flag.choices.includes(text)) {
    throw new UsageError(`${rawName} ${text} is not one of ${flag.choices.join(", ")}`, command);
  }
  return text;
}

/** Which cluster the flags mean. */
export function connectOptions(given: Given): ConnectOptions {
  const [kubeconfig, context, namespace] = [
    text(given, "kubeconfig"),
    text(given, "context"),
    text(given, "namespace"),
  ];
  return { ...(kubeconfig && { kubeconfig }), ...(context && { context }), ...(namespace && { namespace }) };
}
