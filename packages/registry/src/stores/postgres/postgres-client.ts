import { Client } from "pg";
import { readPassword } from "../password.ts";
import type { StoreSettings } from "../store-settings.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { sslModeFor, tlsOptions } from "./postgres-tls.ts";

/** Milliseconds until a connection is there, once the password is. */
const CONNECT_MS = 10_000;
/** Milliseconds until a statement's answer, unless it says otherwise. */
const QUERY_MS = 30_000;
/** Milliseconds of silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 10_000;

/** The server asks for a password, and none is configured. */
class NoPasswordError extends Error {
  override readonly name = "NoPasswordError";
}

/** Which server, and what to show it. */
export interface PostgresServer {
  readonly address: PostgresAddress;
  readonly settings: Pick<StoreSettings, "password" | "ca">;
  /** Ends what a connection still waits for. */
  readonly closing: AbortSignal;
}

/** A class of clients of one server. Each reads the password and the certificates anew when it connects. */
export function clientClass({ address, settings, closing }: PostgresServer): new () => Client {
  const { host, port, user, database } = address;
  const encrypted = sslModeFor(address, settings.ca) !== "disable";
  return class PostgresClient extends Client {
    readonly #tls: object;
    #password: string | undefined;

    constructor() {
      // The connection keeps this very object, and looks at it when it begins with TLS.
      const tls = {};
      super({
        host,
        port,
        user,
        database,
        // What is not said here, pg looks for in the environment.
        ssl: encrypted && tls,
        password: () => {
          if (this.#password === undefined) throw new NoPasswordError("the server asks for a password");
          return this.#password;
        },
        application_name: "executor-registry",
        connectionTimeoutMillis: CONNECT_MS,
        query_timeout: QUERY_MS,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      });
      this.#tls = tls;
      // A connection may end while nobody else listens, and an error without a listener ends the process.
      this.on("error", () => {});
    }

    override connect(): Promise<Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<Client> | void {
      const connecting = this.#connect();
      if (callback === undefined) return connecting;
      const then = callback as (error?: Error) => void;
      connecting.then(
        () => process.nextTick(then),
        (problem: Error) => process.nextTick(then, problem),
      );
    }

    /** The server waits a minute for a password, and the program that prints it may take half of that: it is read before. */
    async #connect(): Promise<Client> {
      const [tls, password] = await Promise.all([
        tlsOptions(address, settings.ca),
        settings.password && readPassword(settings.password, { signal: closing }),
      ]);
      Object.assign(this.#tls, tls);
      this.#password = password;
      try {
        return await super.connect();
      } catch (problem) {
        // Else it stays half open until the server has waited long enough.
        this.end().catch(() => {});
        throw problem;
      }
    }
  };
}
