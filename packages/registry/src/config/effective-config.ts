import { parse } from "yaml";
import { parseConfig } from "./parse-config.ts";
import type { Variables } from "./read-secrets.ts";
import { chosenShape, configShape, type Shape } from "./shape.ts";

/**
 * A configuration as it was written, and the defaults of what was not. A secret cannot be in it: in the file stands where the
 * secret is, and what was read from there is not looked at.
 * @param file for messages
 * @param variables where secrets may be, looked at for mistakes alone
 * @throws InvalidConfigurationError
 */
export function effectiveConfig(text: string, file: string, variables: Variables = process.env): unknown {
  parseConfig(text, file, variables);
  return filled(parse(text, { merge: true }) ?? {}, configShape());
}

function filled(written: unknown, shape: Shape): unknown {
  const { properties, items } = chosenShape(written, shape);
  if (Array.isArray(written)) return items ? written.map((item) => filled(item, items)) : written;
  if (!properties || typeof written !== "object" || written === null) return written;
  const given = written as Readonly<Record<string, unknown>>;
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const value = given[name] ?? member.default;
    return value === undefined ? [] : [[name, filled(value, member)] as const];
  });
  return Object.fromEntries(members);
}
