import { existsSync, readFileSync } from "node:fs";
import { matchesGlob } from "node:path";

/** One instruction of a Dockerfile, such as `COPY --from=build /app /app`. */
export interface Instruction {
  readonly name: string;
  /** Its flags: `from` of `--from=build`. */
  readonly flags: Readonly<Record<string, string>>;
  /** The rest of it, on one line. */
  readonly value: string;
}

/** A stage: what it starts from, and what is done then. */
export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** Parses the part of the language that our own files use: no heredocs, no escapes but that of a line's end. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines.split("\n").filter((one) => one.trim() !== "")) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const flags = Object.fromEntries(
      [...rest.matchAll(/(?<=^|\s)--(\w+)=(\S+)/g)].map(([, key = "", to]) => [key, to]),
    );
    const value = rest.replace(/^(--\w+=\S+\s+)*/, "").trim();
    const stage = stages.at(-1);
    if (name === "FROM") {
      const [base = "", , as = ""] = value.split(/\s+/);
      stages.push({ name: as, base, instructions: [] });
    } else if (stage === undefined) throw new Error(`not understood: ${line}`);
    else stage.instructions.push({ name, flags: flags as Record<string, string>, value });
  }
  return stages;
}

/** The words of `LABEL`, `ENV` and `ARG`: `KEY=VALUE`, a value quoted or not, with variables put in. */
export function assignments(value: string, variables: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = [...value.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)];
  const put = (text: string): string => text.replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? "");
  return Object.fromEntries(pairs.map(([, key = "", quoted, plain = ""]) => [key, put(quoted ?? plain)]));
}

/** What a Dockerfile's own ignore file leaves out of the context: the last pattern that matches a path, or a folder of it, decides. */
export function ignoredBy(dockerfile: string): (path: string) => boolean {
  const file = `${dockerfile}.dockerignore`;
  const patterns = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  return (path) => {
    const parts = path.split("/");
    const prefixes = parts.map((_, at) => parts.slice(0, at + 1).join("/"));
    const deciding = patterns.findLast((pattern) =>
      prefixes.some((prefix) => matchesGlob(prefix, pattern.replace(/^!/, ""))),
    );
    return deciding !== undefined && !deciding.startsWith("!");
  };
}
