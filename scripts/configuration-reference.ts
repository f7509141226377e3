import { configJsonSchema } from "@executor-registry/registry/internal";
import { code, type Shape, values } from "./json-schema-words.ts";
import { table as tableOf } from "./reference-page.ts";

/** Every setting as tables in Markdown, one for each member of the file and each kind of a list's members. */
export function configurationReference(): string {
  const { properties = {} } = configJsonSchema() as Shape;
  return Object.entries(properties)
    .map(([name, shape]) => section(name, shape))
    .join("\n");
}

function section(name: string, shape: Shape): string {
  const about = shape.description === undefined ? "" : `${shape.description}.\n\n`;
  const kinds = shape.items?.oneOf ?? shape.items?.anyOf;
  if (kinds === undefined) {
    const lists = Object.entries(shape.properties ?? {}).filter(([, { items }]) => (items?.oneOf ?? []).length > 0);
    const inner = lists.map(([member, its]) => section(`${name}.${member}`, its));
    const own = rowsOf(name, shape);
    return [...(own.length > 0 ? [`## \`${name}\`\n\n${table(own)}`] : []), ...inner].join("\n");
  }
  const all = kinds.map((kind) => ({ which: String(kind.properties?.["kind"]?.const), rows: kindSettings(kind) }));
  const common = commonRows(all.map(({ rows }) => rows));
  // Kinds with the same settings share a table.
  const tables = new Map<string, string[]>();
  for (const { which, rows } of all) {
    const own = table(rows.filter((row) => !common.some((other) => same(row, other))));
    tables.set(own, [...(tables.get(own) ?? []), which]);
  }
  const parts = [...tables].map(([rows, kinds]) => `### \`kind: ${kinds.join("`, `")}\`\n\n${rows}`);
  if (common.length > 0) parts.push(`### Of every kind\n\n${table(common)}`);
  return `## \`${name}\`\n\n${about}${parts.join("\n")}`;
}

const kindSettings = ({ properties = {}, required }: Shape): readonly Row[] =>
  Object.entries(properties).flatMap(([member, its]) =>
    member === "kind" ? [] : rowsOf(member, its, required?.includes(member)),
  );

/** Fewer than this are repeated for each kind: a reader sees them together. */
const MANY_COMMON = 5;

/** The rows that all kinds have, where they are many. */
function commonRows([first = [], ...others]: readonly (readonly Row[])[]): readonly Row[] {
  const common = first.filter((row) => others.every((rows) => rows.some((other) => same(row, other))));
  return others.length === 0 || common.length < MANY_COMMON ? [] : common;
}

const same = (a: Row, b: Row): boolean => a.join("|") === b.join("|");

type Row = readonly [setting: string, values: string, usual: string, meaning: string];

/** A setting's row, or those of what is in it. */
function rowsOf(path: string, shape: Shape, required = false): readonly Row[] {
  // Lists of kinds have tables of their own.
  if ((shape.items?.oneOf ?? []).length > 0) return [];
  const { additionalProperties: members } = shape;
  const keyed = typeof members === "object" && members.title !== "secret" ? members : undefined;
  const nested = shape.title === "secret" ? undefined : (shape.properties ?? (shape.items ?? keyed)?.properties);
  if (nested !== undefined) {
    const [inner, needed] = [shape.items ?? keyed ?? shape, shape.items ? "[]" : keyed ? ".{name}" : ""];
    return Object.entries(nested).flatMap(([name, member]) =>
      rowsOf(`${path}${needed}.${name}`, member, inner.required?.includes(name)),
    );
  }
  const kinds = shape.oneOf?.filter(({ properties }) => properties?.["kind"]?.const !== undefined) ?? [];
  if (kinds.length > 0) return kinds.flatMap((kind) => kindRows(path, kind));
  const usual = shape.default === undefined ? (required ? "needed" : "") : code(shape.default);
  const settings =
    shape.title === "secret" ? undefined : shape.anyOf?.find(({ properties }) => properties !== undefined);
  if (settings !== undefined) {
    const others = (shape.anyOf ?? []).filter((form) => form !== settings).map(values);
    const row: Row = [`\`${path}\``, [...others, "the settings below"].join(" or "), usual, shape.description ?? ""];
    return [row, ...rowsOf(path, settings)];
  }
  return [[`\`${path}\``, values(shape), usual, shape.description ?? ""]];
}

/** Of one kind of several: a row that names it, and those of its own settings. */
function kindRows(path: string, { properties = {}, required = [] }: Shape): readonly Row[] {
  const { kind, ...members } = properties;
  const name = code(kind?.const);
  const row: Row = [`\`${path}.kind\``, name, "", kind?.description ?? ""];
  const rows = Object.entries(members).flatMap(([member, its]) =>
    rowsOf(`${path}.${member}`, its, required.includes(member)),
  );
  return [
    row,
    ...rows.map(([setting, given, usual, meaning]): Row => [`${setting} of ${name}`, given, usual, meaning]),
  ];
}

const table = (rows: readonly Row[]): string => tableOf(["setting", "values", "default", "meaning"], rows);
