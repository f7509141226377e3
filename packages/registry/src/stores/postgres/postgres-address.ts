import { ConfigurationError } from "@executor-registry/resolver";

/** How the addresses are written, for people. */
export const POSTGRES_FORM = "postgres://USER@HOST/DATABASE";
const DEFAULT_SCHEMA = "executor_registry";
/** Bytes of a name, beyond which PostgreSQL cuts it. */
const LONGEST_NAME = 63;

/**
 * How much TLS there is: none; encryption alone, to whoever answers; besides, a certificate of a trusted authority; besides, one for the
 * host's name.
 */
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Where a journal is, on which server. */
export interface PostgresAddress {
  /** A name, an IP address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly schema: string;
  /** Absent where the address leaves it open. */
  readonly sslmode: SslMode | undefined;
  /** Files of the client's own certificate and its key. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
  /** For people: without the user, and what else is nobody's business. */
  readonly description: string;
}

const PARAMETERS = ["schema", "sslmode", "sslcert", "sslkey"];

/**
 * Parses `postgres://USER@HOST:PORT/DATABASE?schema=…&sslmode=…&sslcert=…&sslkey=…`. A socket's folder stands in the host's place with
 * `%2F` for each `/`.
 * @throws ConfigurationError which repeats nothing that may be a password
 */
export function parsePostgresAddress(address: string): PostgresAddress {
  const url = URL.parse(address);
  if (url === null) throw new ConfigurationError(`the store's address cannot be parsed; write ${POSTGRES_FORM}`);
  const parameters = url.searchParams;
  if (url.password !== "" || parameters.has("password")) {
    throw new ConfigurationError(
      `the store's address holds a password; write ${POSTGRES_FORM} there, and beside it \`password: {file: PATH}\`, \`{env: NAME}\` or \`{command: […]}\``,
    );
  }
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new ConfigurationError(
        `the store's address has the parameter ${JSON.stringify(name.slice(0, 40))}; there are ${PARAMETERS.join(", ")}`,
      );
    }
  }
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  const [user, database] = [decoded(url.username), decoded(url.pathname.slice(1))];
  for (const [what, value] of [
    ["user", user],
    ["host", host],
    ["database", database],
  ] as const) {
    if (value === "" || value.includes("\0"))
      throw new ConfigurationError(`the store's address names no ${what}; write ${POSTGRES_FORM}`);
  }
  const port = url.port === "" ? 5432 : Number(url.port);
  const schema = schemaOf(parameters);
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    host,
    port,
    user,
    database,
    schema,
    sslmode: sslModeOf(parameters),
    client: clientOf(parameters),
    description: `postgres://${shown}:${port}/${database}${schema === DEFAULT_SCHEMA ? "" : `?schema=${schema}`}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigurationError("the store's address has a % that begins no character; write %25 for it");
  }
}

function schemaOf(parameters: URLSearchParams): string {
  const schema = parameters.get("schema") ?? DEFAULT_SCHEMA;
  if (schema === "" || schema.includes("\0") || Buffer.byteLength(schema) > LONGEST_NAME || schema.startsWith("pg_"))
    throw new ConfigurationError(
      `the schema in the store's address is no name of one: 1 to ${LONGEST_NAME} bytes, not beginning with pg_`,
    );
  return schema;
}

function sslModeOf(parameters: URLSearchParams): SslMode | undefined {
  const given = parameters.get("sslmode");
  if (given === null) return undefined;
  const mode = SSL_MODES.find((one) => one === given);
  if (mode === undefined) {
    throw new ConfigurationError(
      `the store's address has sslmode=${given.slice(0, 40)}; there are ${SSL_MODES.join(", ")}`,
    );
  }
  return mode;
}

function clientOf(parameters: URLSearchParams): PostgresAddress["client"] {
  const [certificate, key] = [parameters.get("sslcert"), parameters.get("sslkey")];
  if (certificate === null && key === null) return undefined;
  if (!certificate || !key)
    throw new ConfigurationError("sslcert and sslkey in the store's address belong together: name both files");
  return { certificate, key };
}
