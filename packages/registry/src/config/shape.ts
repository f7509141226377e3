import { configJsonSchema } from "./schema.ts";

/** The parts of a JSON Schema that say what stands where. */
export interface Shape {
  readonly title?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

let made: Shape | undefined;

/** The shape of a configuration file. */
export const configShape = (): Shape => (made ??= configJsonSchema() as Shape);

/** Of several shapes the one whose constants are what is written. */
export function chosenShape(written: unknown, shape: Shape): Shape {
  const shapes = shape.oneOf ?? shape.anyOf;
  if (!shapes) return shape;
  const given = (written ?? {}) as Readonly<Record<string, unknown>>;
  const fits = ({ const: constant, type, properties = {}, required = [] }: Shape): boolean =>
    (constant === undefined || constant === written) &&
    (type !== "string" || typeof written === "string") &&
    Object.entries(properties).every(
      ([name, member]) =>
        member.const === undefined ||
        member.const === given[name] ||
        (given[name] === undefined && !required.includes(name)),
    );
  return shapes.find(fits) ?? {};
}
