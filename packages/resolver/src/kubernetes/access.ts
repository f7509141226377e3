import type { RequestOptions } from "node:https";

/** What one request carries to be let in. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Certificate authority, client certificate, agent for a proxy. */
  readonly tls: RequestOptions;
}

/** Where an API server is, and how to be let in. */
export interface ClusterAccess {
  readonly server: URL;
  /** The kubeconfig context, or `in-cluster`. */
  readonly context: string;
  /** The namespace meant when nobody names one. */
  readonly namespace: string;
  /** Asked before each request, so that what expires can be renewed. */
  credentials(): Promise<Credentials>;
  /** The server refused the credentials (401). Resolves to whether there are now others to try. */
  renew?(): Promise<boolean>;
}
