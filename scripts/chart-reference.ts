import { parse } from "yaml";

/** A value of the chart: its path, what values.yaml says about it, and what it is by default. */
interface Described {
  readonly path: readonly string[];
  readonly about: string;
}

/** The table of a chart's values, in Markdown, from values.yaml: a line `# -- TEXT` above a value says what it is. */
export function chartReference(text: string): string {
  const values: unknown = parse(text);
  const rows = described(text).map(({ path, about }) => {
    const value = path.reduce<unknown>((object, key) => (object as Record<string, unknown>)[key], values);
    const usual = value === "" || value === null ? "" : `\`${JSON.stringify(value).replace(/^"(.*)"$/, "$1")}\``;
    return `| \`${path.join(".")}\` | ${usual.replaceAll("|", "\\|")} | ${about.replaceAll("|", "\\|")} |`;
  });
  return ["| value | default | meaning |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** Each value that has a description, and each that holds no others. */
function described(text: string): readonly Described[] {
  const lines = text.split("\n");
  const found: Described[] = [];
  const open: { readonly key: string; readonly indent: number }[] = [];
  let about = "";
  for (const [at, line] of lines.entries()) {
    const comment = /^\s*# -- (.*)$/.exec(line)?.[1];
    if (comment !== undefined) about = comment;
    const [, space = "", key, rest = ""] = /^( *)([A-Za-z]\w*):(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    while ((open.at(-1)?.indent ?? -1) >= space.length) open.pop();
    const path = [...open.map((one) => one.key), key];
    open.push({ key, indent: space.length });
    const within = found.some((one) => one.about !== "" && one.path.every((part, depth) => path[depth] === part));
    const holdsOthers = rest.trim() === "" && /^\s*(# --|[A-Za-z]\w*:)/.test(lines[at + 1] ?? "");
    if (!within && (about !== "" || !holdsOthers)) found.push({ path, about });
    about = "";
  }
  return found;
}
