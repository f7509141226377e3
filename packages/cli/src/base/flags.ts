/** One flag of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What stands for the value in help. */
  readonly value?: string;
  /** The values it can have; a `boolean` one can have these besides. */
  readonly choices?: readonly string[];
  /** What the value names, for completion. */
  readonly names?: "file" | "folder" | "type";
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The flags every command has, as kubectl calls them. */
export const GLOBAL_FLAGS = {
  output: {
    type: "string",
    short: "o",
    value: "FORMAT",
    choices: ["table", "wide", "json", "yaml", "name"],
    help: "how to print: table, wide, json, yaml or name",
  },
  namespace: { type: "string", short: "n", value: "NAME", help: "the dispatcher's namespace (default: the context's)" },
  context: { type: "string", value: "NAME", help: "the kubeconfig context to use" },
  kubeconfig: { type: "string", value: "FILE", names: "file", help: "the kubeconfig file to use" },
  registry: {
    type: "string",
    value: "URL",
    help: "ask the registry service there instead of a cluster's nodes (or EXECUTOR_REGISTRY_URL)",
  },
  "token-file": {
    type: "string",
    value: "FILE",
    names: "file",
    help: "holds the token for the registry service (or EXECUTOR_REGISTRY_TOKEN_FILE)",
  },
  service: {
    type: "string",
    value: "[NAMESPACE/]NAME[:PORT]",
    help: "ask the registry service that is this Service of the cluster (default: executor-registry)",
  },
  layout: {
    type: "string",
    value: "FOLDER",
    names: "folder",
    help: "answer from an OCI image layout instead of a cluster (or EXECUTOR_LAYOUT)",
  },
  template: {
    type: "string",
    value: "TEMPLATE",
    help: "how executors' repositories are named (default: executor-{type})",
  },
  "config-map": { type: "string", value: "NAME", help: "the ConfigMap that lists executors (default: executors)" },
  verbose: { type: "boolean", short: "v", help: "say on standard error what happens" },
  help: { type: "boolean", short: "h", help: "show help" },
} as const satisfies Flags;
