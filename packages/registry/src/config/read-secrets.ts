import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { ReadSecret, type SecretPlace, secretPlaceOf } from "../settings/secret.ts";
import { chosenShape, configShape, type Shape } from "./shape.ts";

/** Environment variables, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

const MAX_CHARS = 64 << 10;

/** A written configuration with each secret's place replaced by what was read there. */
export const readSecrets = (written: unknown, variables: Variables): unknown =>
  // The shape takes milliseconds of a start to make.
  mayHoldPlaces(written) ? replaced(written, configShape(), variables) : written;

const mayHoldPlaces = (written: unknown): boolean =>
  typeof written === "object" &&
  written !== null &&
  (Object.hasOwn(written, "file") || Object.hasOwn(written, "env") || Object.values(written).some(mayHoldPlaces));

function replaced(written: unknown, shape: Shape, variables: Variables): unknown {
  if (shape.title === "secret") {
    const place = secretPlaceOf(written);
    return place === undefined ? written : new ReadSecret(readAt(place, variables));
  }
  const { properties, additionalProperties, items } = chosenShape(written, shape);
  if (Array.isArray(written)) return items ? written.map((item) => replaced(item, items, variables)) : written;
  if (typeof written !== "object" || written === null) return written;
  const others = typeof additionalProperties === "object" ? additionalProperties : {};
  return Object.fromEntries(
    Object.entries(written).map(([name, member]) => {
      const its = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, replaced(member, its ?? others, variables)];
    }),
  );
}

function readAt({ file, env }: SecretPlace, variables: Variables): ReadSecret["read"] {
  if (env !== undefined) {
    const text = variables[env];
    return text ? { text } : { problem: `environment variable ${env} is not set` };
  }
  return readFile(file ?? "");
}

function readFile(file: string): ReadSecret["read"] {
  let text: string;
  try {
    text = readStart(file).trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: `${file} cannot be read (${code ?? message})` };
  }
  if (text.length > MAX_CHARS) return { problem: `${file} has more than ${MAX_CHARS} characters` };
  return text ? { text } : { problem: `${file} is empty` };
}

/** Never waits, as opening a named pipe would, and ends, as a device might not. */
function readStart(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error("it is not a regular file");
    // One character too many shows that there are more.
    const bytes = Buffer.alloc(4 * (MAX_CHARS + 1));
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
