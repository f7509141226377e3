import type { RequestOptions } from "node:https";

/** What one request carries to be let in. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Certificate authority, client certificate, server name. */
  readonly tls: RequestOptions;
}

/** Where an API server is, and how to be let in. */
export interface ClusterAccess {
  readonly server: URL;
  /** The kubeconfig context, or `in-cluster`. */
  readonly context: string;
  /** The namespace meant when none is named. */
  readonly namespace: string;
  /** The proxy that leads to the server. */
  readonly proxy?: URL | undefined;
  /** Asked before each request, so that what expires can be renewed. Settles within a limit of its own. */
  credentials(): Promise<Credentials>;
  /**
   * The server refused these credentials (401). Resolves to whether there are now others to try; of several requests that were
   * refused with the same ones, only the first has new ones made. Settles within a limit of its own.
   */
  renew?(refused: Credentials): Promise<boolean>;
  /** Ends what runs to have credentials made. */
  close?(): void;
}
