/** One flag of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What stands for the value in help. */
  readonly value?: string;
  /** The values it can have. */
  readonly choices?: readonly string[];
  /** What the value names, for completion. */
  readonly names?: "file" | "folder";
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
  layout: {
    type: "string",
    value: "FOLDER",
    names: "folder",
    help: "answer from an OCI image layout instead of a cluster (or EXECUTOR_LAYOUT)",
  },
  template: {
    type: "string",
    value: "TEMPLATE",
    help: "how executors' repositories are called (default: executor-{type})",
  },
  "config-map": { type: "string", value: "NAME", help: "the ConfigMap that lists executors (default: executors)" },
  verbose: { type: "boolean", short: "v", help: "say on standard error what happens" },
  help: { type: "boolean", short: "h", help: "show help" },
} as const satisfies Flags;
