import { ExecutorRegistryError } from "@executor-registry/resolver";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { expressionMistakes } from "../checks/expression.ts";
import { readSecrets, type Variables } from "./read-secrets.ts";
import { Config } from "./schema.ts";

/** One mistake in the configuration file. */
export interface ConfigMistake {
  /** Where: `sources[1].host`. */
  readonly path: string;
  /** Line in the file, from 1, where it is known. */
  readonly line?: number;
  readonly message: string;
}

/** Mistakes that are reported at once: one bracket too many may be thousands. */
const MAX_MISTAKES = 100;

/** The configuration file has mistakes: they are in the message. */
export class InvalidConfigurationError extends ExecutorRegistryError {
  override readonly name = "InvalidConfigurationError";
  readonly file: string;
  readonly mistakes: readonly ConfigMistake[];

  constructor(file: string, all: readonly ConfigMistake[]) {
    const rest = all.length - MAX_MISTAKES;
    const mistakes = all.slice(0, MAX_MISTAKES);
    if (rest > 0) mistakes.push({ path: "", message: `and ${rest} more` });
    const lines = mistakes.map(
      ({ path, line, message }) =>
        `  ${file}${line === undefined ? "" : `:${line}`}: ${path === "" ? "" : `${path}: `}${message}`,
    );
    const count = all.length === 1 ? "a mistake" : `${all.length} mistakes`;
    super(SERVICE_ERRORS["invalid-configuration"], `the configuration has ${count}:\n${lines.join("\n")}`);
    this.file = file;
    this.mistakes = mistakes;
  }
}

type Path = readonly PropertyKey[];

/** How often what an alias stands for may be repeated, those within it included. */
const MAX_ALIASES = 100;

/**
 * Reads a configuration, but for the expressions in it. All mistakes are reported at once.
 * @param file for messages
 * @param variables the environment, where secrets may be
 * @throws InvalidConfigurationError
 */
export function parseConfig(text: string, file: string, variables: Variables = process.env): Config {
  const { document, lineOf, errors } = parseYaml(text, file);
  if (errors.length > 0) throw new InvalidConfigurationError(file, errors);
  const written: unknown = readable(file, () => document.toJS({ maxAliasCount: MAX_ALIASES }));
  const parsed = Config.safeParse(readable(file, () => readSecrets(written ?? {}, variables)));
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.flatMap((issue) =>
    located(issue).map(({ path, message }) => ({ path: pathText(path), ...lineOf(path), message })),
  );
  throw new InvalidConfigurationError(file, mistakes);
}

/** Reads all of a configuration: expressions too, for which their library is loaded. @throws InvalidConfigurationError */
export async function readWholeConfig(text: string, file: string, variables?: Variables): Promise<Config> {
  const config = parseConfig(text, file, variables);
  const policies = config.checks === undefined || config.checks === "none" ? [] : config.checks.policies;
  const mistakes: ConfigMistake[] = [];
  for (const [index, { expression }] of policies.entries()) {
    for (const { member, message } of expression ? await expressionMistakes(expression) : []) {
      const path = ["checks", "policies", index, "expression", member];
      mistakes.push({ path: pathText(path), ...parseYaml(text, file).lineOf(path), message });
    }
  }
  if (mistakes.length > 0) throw new InvalidConfigurationError(file, mistakes);
  return config;
}

function parseYaml(text: string, file: string) {
  const lines = new LineCounter();
  const document = readable(file, () => parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false }));
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  return {
    document,
    errors: document.errors.map(({ message, pos }) => ({ path: "", line: lineAt(pos[0]), message })),
    lineOf(path: Path): { readonly line?: number } {
      const offset = nodeAt(document.contents, path)?.range?.[0];
      return offset === undefined ? {} : { line: lineAt(offset) };
    },
  };
}

/** What the YAML library makes of the text, whatever that is. */
function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { message } = error as Error;
    const mistake = /alias count/i.test(message)
      ? `it has too many aliases: what they stand for may be repeated ${MAX_ALIASES} times at most`
      : error instanceof RangeError
        ? "it is nested too deeply"
        : message;
    throw new InvalidConfigurationError(file, [{ path: "", message: mistake }]);
  }
}

/** A mistake about keys is where the keys are. */
function located(issue: z.core.$ZodIssue): { readonly path: Path; readonly message: string }[] {
  if (issue.code === "invalid_union") {
    // The mistake is in the form that is followed furthest.
    const depth = (issues: readonly z.core.$ZodIssue[]): number => Math.max(...issues.map(({ path }) => path.length));
    const [form] = [...issue.errors].sort((a, b) => depth(b) - depth(a));
    if (form === undefined || depth(form) === 0) return [{ path: issue.path, message: issue.message }];
    return form.flatMap((inner) => located({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "there is no such setting" }));
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

/** The nearest node of the file to a path: a member that is missing has its parent's place. */
function nodeAt(node: unknown, path: Path): Node | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return node as Node;
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    if (pair === undefined) return node;
    return (rest.length === 0 ? (pair.key as Node) : nodeAt(pair.value, rest)) ?? (pair.key as Node);
  }
  if (isSeq(node) && typeof part === "number") return nodeAt(node.items[part], rest) ?? node;
  return node as Node;
}
