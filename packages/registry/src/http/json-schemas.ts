import { z } from "zod";

export type Json = Readonly<Record<string, unknown>>;

/** Turns zod schemas into JSON Schema; those with an id become components that the others refer to. */
export interface JsonSchemas {
  /** @param io which side of transforms and defaults is meant */
  of(schema: z.ZodType, io: "input" | "output"): Json;
  /** The components that were referred to so far. */
  readonly components: Readonly<Record<string, Json>>;
}

const COMPONENTS = "#/components/schemas/";

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is; only where definitions are kept differs. */
export function createJsonSchemas(): JsonSchemas {
  const components: Record<string, Json> = {};

  function plain(schema: z.ZodType, io: "input" | "output"): Json {
    const {
      $schema: _,
      $defs = {},
      ...rest
    } = z.toJSONSchema(schema, { target: "draft-2020-12", io }) as { $defs?: Record<string, Json> } & Json;
    for (const [id, definition] of Object.entries($defs)) components[id] ??= relocated(definition);
    return relocated(rest);
  }

  return {
    components,
    of(schema, io) {
      const id = z.globalRegistry.get(schema)?.id;
      const shape = plain(schema, io);
      if (id === undefined) return shape;
      components[id] ??= shape;
      return { $ref: COMPONENTS + id };
    },
  };
}

/** References lead to the components; a definition's id is its name there. */
function relocated(definition: Json): Json {
  const { id: _, ...rest } = definition;
  return JSON.parse(JSON.stringify(rest).replaceAll('"#/$defs/', `"${COMPONENTS}`)) as Json;
}
