import { code, type Shape, values } from "./json-schema-words.ts";
import { table } from "./reference-page.ts";

interface Schema extends Omit<Shape, "properties" | "items" | "anyOf" | "oneOf" | "additionalProperties"> {
  readonly $ref?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}
interface Content {
  readonly [mediaType: string]: { readonly schema?: Schema };
}
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly "x-role"?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly description?: string; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** The part of an OpenAPI document that the reference shows. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Every operation of the API, and every document that several of them have, in Markdown. */
export function apiReference({ paths, components }: OpenApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationSection(method.toUpperCase(), path, operation)),
  );
  const documents = Object.entries(components.schemas)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `### ${name}\n\n${schemaText(schema)}`);
  return `## Operations\n\n${operations.join("\n")}\n## Documents\n\n${documents.join("\n")}`;
}

function operationSection(method: string, path: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody, responses, "x-role": role } = operation;
  const needed = role === undefined ? "Needs no token." : `Role: \`${role}\`.`;
  const text = [`${summary}.`, ...(description === undefined ? [] : [description]), needed].join(" ");
  const given = parameters.map((one) => [
    code(one.name),
    `${one.in}${one.required ? ", needed" : ""}`,
    kindOf(one.schema),
    one.schema.default === undefined ? "" : code(one.schema.default),
    one.description ?? "",
  ]);
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const answers = Object.entries(responses).map(([status, { description: what, content = {} }]) => [
    status === "default" ? "others" : status,
    what,
    Object.entries(content)
      .map(
        ([mediaType, { schema = {} }]) => `${code(mediaType)}${schema.$ref === undefined ? "" : ` ${kindOf(schema)}`}`,
      )
      .join(", "),
  ]);
  return [
    `### \`${method} ${path}\`\n`,
    `${text}\n`,
    ...(given.length > 0 ? [table(["parameter", "in", "values", "default", "meaning"], given)] : []),
    ...(requestBody === undefined ? [] : [`Body: ${requestBody.description ?? "JSON"}.\n`]),
    ...(body === undefined || Object.keys(body).length === 0 ? [] : [schemaText(body)]),
    table(["status", "answer", "content"], answers),
    ...inlineAnswers(responses),
  ].join("\n");
}

/** What answers hold that have no document of their own. */
function inlineAnswers(responses: Operation["responses"]): readonly string[] {
  return Object.entries(responses).flatMap(([status, { content = {} }]) => {
    const schema = content["application/json"]?.schema;
    return schema === undefined || schema.$ref !== undefined || rowsOf("", schema).length === 0
      ? []
      : [`The answer with ${status}:\n\n${schemaText(schema)}`];
  });
}

function schemaText(schema: Schema): string {
  const about = schema.description === undefined ? "" : `${schema.description}.\n\n`;
  const rows = rowsOf("", schema);
  return rows.length === 0 ? `${about}${kindOf(schema)}\n` : `${about}${table(["member", "values", "meaning"], rows)}`;
}

/** A row for each member, those of members within it; of one form or another, those of each. */
function rowsOf(path: string, schema: Schema): readonly (readonly string[])[] {
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms !== undefined) {
    const seen = new Set<string>();
    return forms.flatMap((form) => rowsOf(path, form)).filter((row) => !seen.has(row.join()) && seen.add(row.join()));
  }
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => [`${path}${path && "."}${name}`, member] as const,
  );
  const keyed =
    typeof schema.additionalProperties === "object"
      ? [[`${path}.{name}`.replace(/^\./, ""), schema.additionalProperties] as const]
      : [];
  return [...members, ...keyed].flatMap(([at, member]) => {
    const inner = member.items ?? member;
    const deeper = inner.$ref === undefined ? rowsOf(member.items === undefined ? at : `${at}[]`, inner) : [];
    return [[code(at), kindOf(member), member.description ?? inner.description ?? ""], ...deeper];
  });
}

/** Which values a schema allows; other documents are linked. */
function kindOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.format === "date-time") return "a time, ISO 8601 in UTC";
  if (schema.items !== undefined) return `list of ${kindOf(schema.items)}`;
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms !== undefined) return [...new Set(forms.map(kindOf))].join(" or ");
  if (schema.properties !== undefined) return "an object";
  if (typeof schema.additionalProperties === "object") return `map of text to ${kindOf(schema.additionalProperties)}`;
  return schema.type === undefined && schema.enum === undefined && schema.const === undefined
    ? "anything"
    : values(schema);
}
