import { z } from "zod";
import { parse } from "yaml";
import { parseConfig } from "./parse-config.ts";
import { Config } from "./schema.ts";

/** The parts of a JSON Schema that hold defaults. */
interface Shape {
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/**
 * A configuration as it was written, and the defaults of what was not. A secret cannot be in it: in the file stands where the
 * secret is, and what was read from there is not looked at.
 * @param file for messages
 * @throws InvalidConfigurationError
 */
export function effectiveConfig(text: string, file: string): unknown {
  parseConfig(text, file);
  const shape = z.toJSONSchema(Config, { io: "input", unrepresentable: "any" }) as Shape;
  return filled(parse(text, { merge: true }) ?? {}, shape);
}

function filled(written: unknown, shape: Shape): unknown {
  const { properties, items } = chosen(written, shape);
  if (Array.isArray(written)) return items ? written.map((item) => filled(item, items)) : written;
  if (!properties || typeof written !== "object" || written === null) return written;
  const given = written as Readonly<Record<string, unknown>>;
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const value = given[name] ?? member.default;
    return value === undefined ? [] : [[name, filled(value, member)] as const];
  });
  return Object.fromEntries(members);
}

/** Of several shapes the one whose constants are what is written. */
function chosen(written: unknown, shape: Shape): Shape {
  const shapes = shape.oneOf ?? shape.anyOf;
  if (!shapes) return shape;
  const given = (written ?? {}) as Readonly<Record<string, unknown>>;
  const fits = ({ properties = {} }: Shape): boolean =>
    Object.entries(properties).every(([name, member]) => member.const === undefined || member.const === given[name]);
  return shapes.find(fits) ?? {};
}
