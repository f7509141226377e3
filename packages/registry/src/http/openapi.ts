import { ERRORS } from "@executor-registry/resolver";
import { z } from "zod";
import type { Route } from "./route.ts";
import { Problem } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** A schema without the members that are OpenAPI's own business. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io, reused: "inline" });
  return rest;
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
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

/** The document of `/openapi.json`, made from the routes. @see https://spec.openapis.org/oas/v3.1.1.html */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { path, method, id, summary, description, role, params, query, answers } of routes) {
    const responses: Record<string, Json> = {};
    for (const [status, answer] of Object.entries(answers)) {
      const type = Number(status) >= 400 && answer.schema === Problem ? "application/problem+json" : "application/json";
      responses[status] = {
        description: answer.description,
        ...(answer.schema && { content: { [type]: { schema: reference(answer.schema) } } }),
      };
    }
    responses["default"] ??= {
      description: "A problem",
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = {
      operationId: id,
      summary,
      ...(description === undefined ? {} : { description }),
      ...(role === undefined ? { security: [] } : { "x-role": role }),
      parameters: [...parameters(params, "path"), ...parameters(query, "query")],
      responses,
    };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Executor registry",
      version,
      summary: "Which image an executor type means right now",
      description: `Errors are RFC 9457 problems. Their \`code\` is one of: ${Object.keys(ERRORS).join(", ")}, internal.`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(NAMED.map(({ id, schema }) => [id, jsonSchema(schema, "output")])),
    },
  };
}

const NAMED = [{ id: "Problem", schema: Problem }];

/** A shape that has a name of its own is referred to by it. */
function reference(schema: z.ZodType): Json {
  const named = NAMED.find((candidate) => candidate.schema === schema);
  if (named !== undefined) return { $ref: `#/components/schemas/${named.id}` };
  return withoutDefinitions(jsonSchema(schema, "output"));
}

/** Shapes with an id are put into `$defs` of each schema; written out where they are used, a reader has all at hand. */
function withoutDefinitions(schema: Json): Json {
  const { $defs: definitions = {}, ...rest } = schema as { $defs?: Record<string, Json> };
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== "object" || value === null) return value;
    const { $ref } = value as { $ref?: unknown };
    if (typeof $ref === "string") return inline(definitions[$ref.slice($ref.lastIndexOf("/") + 1)] ?? {});
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) =>
        key === "id" && typeof member === "string" ? [] : [[key, inline(member)]],
      ),
    );
  };
  return inline(rest) as Json;
}
