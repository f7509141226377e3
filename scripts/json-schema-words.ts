/** The part of a JSON Schema that references show. */
export interface Shape {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape | boolean;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/** Which values a schema allows, in words. */
export function values(shape: Shape): string {
  if (shape.title === "secret") return "`{file: PATH}` or `{env: NAME}`";
  if (shape.title === "duration") return "a duration: `30s`, `5m`, `1h`";
  if (shape.title === "bytes") return "bytes: `500Mi`, `2G`";
  if (shape.const !== undefined) return code(shape.const);
  if (shape.enum !== undefined) return shape.enum.map(code).join(", ");
  const either = shape.anyOf ?? shape.oneOf;
  if (either !== undefined) return either.map(values).join(" or ");
  if (shape.items !== undefined) return `list of ${values(shape.items)}`;
  if (shape.type === "object") {
    const of = typeof shape.additionalProperties === "object" ? values(shape.additionalProperties) : "text";
    return `map of text to ${of}`;
  }
  if (shape.type === "string") return "text";
  const { type = "text", minimum, maximum } = shape;
  const bounded = [minimum, maximum].filter((bound) => bound !== undefined && Math.abs(bound) < 1e9);
  return bounded.length === 2 ? `${type} ${minimum}–${maximum}` : type;
}

/** A value as code. */
export const code = (value: unknown): string => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
