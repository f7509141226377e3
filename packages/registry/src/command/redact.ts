import { readRegularFile } from "@executor-registry/resolver/internal";
import { parse } from "yaml";

type Variables = Readonly<Record<string, string | undefined>>;

const HIDDEN = "(hidden)";
/** Bytes of a file that holds a secret. */
const MAX_SECRET_BYTES = 256 << 10;
/** A shorter text occurs by chance: to hide it would hide half of what is around it. */
const SHORTEST = 4;
const SECRET_PARAMETER = /pass|pwd|secret|token|credential|signature|api[-_]?key|^(?:sig|key|code|auth)$/i;

/** Replaces secrets in a text. */
export type Redact = (text: string) => string;

/**
 * Hides the secrets that a configuration names, the passwords of URLs in the environment, such as a proxy's, and `more`; besides them,
 * whatever they are, credentials in URLs, and what a URL's query has under a secret's name.
 * @param text the configuration's, with mistakes or without
 */
export async function redaction(
  text: string | undefined,
  variables: Variables,
  more: readonly string[],
): Promise<Redact> {
  const secrets = [...more, ...urlPasswords(variables), ...(await secretsAt(placesIn(readable(text)), variables))];
  const forms = new Set(secrets.filter((secret) => secret.length >= SHORTEST).flatMap(formsOf));
  // The longest first: one may be in another.
  const known = [...forms].sort((a, b) => b.length - a.length);
  return (given) => withoutUrlSecrets(known.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), given));
}

function withoutUrlSecrets(text: string): string {
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'<>]+)@/gi, (whole, scheme: string, user: string) =>
      // The name of a store's user alone is no secret. In an HTTP URL it may be a token.
      user.includes(":") || /^https?:/i.test(scheme) ? `${scheme}${HIDDEN}@` : whole,
    )
    .replaceAll(/([?&])([\w.~%-]+)=[^\s&#"'<>]+/g, (whole, mark: string, name: string) =>
      SECRET_PARAMETER.test(name) ? `${mark}${name}=${HIDDEN}` : whole,
    );
}

/** A secret as it stands in texts, JSON, URLs and headers. */
const formsOf = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64"),
];

function urlPasswords(variables: Variables): string[] {
  return Object.values(variables).flatMap((value = "") => {
    const password = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^\s/?#:]*:([^\s/?#]+)@/i.exec(value)?.[1];
    return password === undefined ? [] : [password, decoded(password)];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readable(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parse(text, { merge: true, maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

/** What has the form of a secret's place: `{file: PATH}` or `{env: NAME}`. */
function placesIn(value: unknown): { readonly file?: unknown; readonly env?: unknown }[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(placesIn);
  return "file" in value || "env" in value ? [value, ...inner] : inner;
}

async function secretsAt(places: ReturnType<typeof placesIn>, variables: Variables): Promise<string[]> {
  const read = places.map(async ({ file, env }) => {
    if (typeof env === "string") return variables[env] ?? "";
    if (typeof file !== "string") return "";
    return readRegularFile(file, MAX_SECRET_BYTES).then(String, () => "");
  });
  return (await Promise.all(read)).map((text) => text.trim());
}
