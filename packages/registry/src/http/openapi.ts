import type { z } from "zod";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { ConditionHeaders } from "./conditions.ts";
import { createJsonSchemas, type Json, type JsonSchemas } from "./json-schemas.ts";
import type { AnswerKind, Operation } from "./operation.ts";
import { Problem } from "./schemas.ts";

/** The document of `/openapi.json`, made from the operations. @see https://spec.openapis.org/oas/v3.1.1.html */
export function openApi(all: readonly Operation[], version: string): Json {
  const schemas = createJsonSchemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const one of all) {
    const operations = (paths[one.path] ??= {});
    operations[one.method.toLowerCase()] = operation(one, schemas);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Executor registry",
      version,
      summary: "Which image an executor type means right now",
      description: `Errors are RFC 9457 problems. Their \`code\` is one of: ${Object.keys(SERVICE_ERRORS).join(", ")}.`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: schemas.components,
    },
  };
}

const MEDIA_TYPES: Readonly<Record<AnswerKind, string>> = {
  json: "application/json",
  bytes: "application/json",
  lines: "text/plain",
  page: "text/html",
  stream: "text/event-stream",
};

function operation(row: Operation, schemas: JsonSchemas): Json {
  const { id, summary, description, params, query, body, answers, kind, mediaType = MEDIA_TYPES[kind] } = row;
  const content = (schema: z.ZodType): Json => {
    if (schema === Problem) return { "application/problem+json": { schema: schemas.of(schema, "output") } };
    const others = (row.otherMediaTypes ?? []).map((type) => [type, { schema: { type: "string" } }]);
    return { [mediaType]: { schema: schemas.of(schema, "output") }, ...Object.fromEntries(others) };
  };
  const responses: Record<string, Json> = { default: { description: "A problem", content: content(Problem) } };
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.schema && { content: content(answer.schema) }),
    };
  }
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...security(row),
    parameters: [
      ...parameters(params, "path", schemas),
      ...parameters(query, "query", schemas),
      ...parameters(row.conditional && ConditionHeaders, "header", schemas),
    ],
    ...(body && { requestBody: requestBody(body, schemas) }),
    responses,
  };
}

/** Without a role everybody may; with an answer for those who lack it, a token is optional. */
function security({ role, withoutRole }: Operation): Json {
  if (role === undefined) return { security: [] };
  return { ...(withoutRole && { security: [{}, { bearer: [] }] }), "x-role": role };
}

function requestBody({ description, media, schema }: NonNullable<Operation["body"]>, schemas: JsonSchemas): Json {
  const content = media === "any" ? { "*/*": {} } : { "application/json": { schema: schemas.of(schema, "input") } };
  return { description, content };
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query" | "header", schemas: JsonSchemas): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemas.of(schema, "input") as {
    properties?: Record<string, Json & { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...shape }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: shape,
  }));
}
