import { configJsonSchema } from "@executor-registry/registry/internal";
import type { Shape } from "./json-schema-words.ts";

/** Of a schema, what only readers use: docs/configuration.md has it. */
const FOR_READERS: ReadonlySet<string> = new Set(["$schema", "title", "description", "default"]);

/** The service's configuration as the chart's values.schema.json has it, at `$defs/config`. */
export function chartConfigSchema(): object {
  const { properties = {}, ...whole } = configJsonSchema() as Shape;
  // The template refuses a store, and says what to set instead.
  return { ...checked({ ...whole, properties: { ...properties, store: {} } }), required: ["sources"] };
}

/** The same rules, so that Helm's messages name what is wrong: of a list's kinds, only the one that was meant is compared. */
function checked(shape: Shape): Shape {
  const kinds = shape.oneOf?.map(({ properties }) => properties?.["kind"]?.const);
  if (shape.oneOf && kinds?.every((kind) => kind !== undefined)) {
    const ifMeant = shape.oneOf.map((one, at) => ({
      if: { properties: { kind: { const: kinds[at] } } },
      // oxlint-disable-next-line unicorn/no-thenable -- it is a keyword of JSON Schema
      then: checked(one),
    }));
    return { type: "object", required: ["kind"], properties: { kind: { enum: kinds } }, allOf: ifMeant } as Shape;
  }
  const rules = Object.entries(shape).filter(([keyword]) => !FOR_READERS.has(keyword));
  return Object.fromEntries(
    rules.map(([keyword, rule]) => {
      if (keyword === "properties") return [keyword, mapped(rule as Readonly<Record<string, Shape>>)];
      if (keyword === "oneOf" || keyword === "anyOf") return [keyword, (rule as readonly Shape[]).map(checked)];
      const isSchema = typeof rule === "object" && (keyword === "items" || keyword === "additionalProperties");
      return [keyword, isSchema ? checked(rule as Shape) : rule];
    }),
  );
}

const mapped = (shapes: Readonly<Record<string, Shape>>): object =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, checked(shape)]));
