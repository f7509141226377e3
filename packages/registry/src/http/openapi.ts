import type { z } from "zod";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { createJsonSchemas, type Json, type JsonSchemas } from "./json-schemas.ts";
import type { Operation } from "./route.ts";
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

function operation({ id, summary, description, role, params, query, answers }: Operation, schemas: JsonSchemas): Json {
  const content = (schema: z.ZodType, mediaType = "application/json"): Json => {
    const type = schema === Problem ? "application/problem+json" : mediaType;
    return { [type]: { schema: schemas.of(schema, "output") } };
  };
  const responses: Record<string, Json> = { default: { description: "A problem", content: content(Problem) } };
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.schema && { content: content(answer.schema, answer.mediaType) }),
    };
  }
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(role === undefined ? { security: [] } : { "x-role": role }),
    parameters: [...parameters(params, "path", schemas), ...parameters(query, "query", schemas)],
    responses,
  };
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query", schemas: JsonSchemas): Json[] {
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
