import { resolve, sep } from "node:path";
import { isatty } from "node:tty";
import type { Clock } from "../../../tools/clock.ts";
import type { ChosenCluster } from "./choose.ts";
import { type Entry, type Fields, fieldsOf, isOn, stringOf } from "./parse.ts";
import { type PluginCall, runPlugin } from "./plugin-process.ts";

/** What a plugin gave. */
interface PluginCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since the Unix epoch. */
  readonly expires?: number;
}

/** A credential plugin, asked when there is a need and once at a time. */
export interface ExecPlugin {
  /** What it gave last, as long as that counts; else what it gives now. */
  credential(): Promise<PluginCredential>;
  /** Whether there is another credential than the one that was refused; asks for one where there is none yet. */
  renew(isRefused: (credential: PluginCredential) => boolean): Promise<boolean>;
  close(): void;
}

/** What plugins are run in. */
export interface PluginEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** @default whether standard input is a terminal */
  readonly terminal?: boolean;
}

const VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/**
 * The plugin of a user's `exec`.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export function execPlugin(
  exec: Fields,
  folder: string,
  cluster: ChosenCluster,
  environment: PluginEnvironment,
): ExecPlugin {
  const ending = new AbortController();
  const { clock } = environment;
  let held: PluginCredential | undefined;
  let asked: Promise<PluginCredential> | undefined;
  const ask = (): Promise<PluginCredential> => {
    asked ??= (async () => {
      const call = await pluginCall(exec, folder, cluster, environment);
      held = parseCredential(await runPlugin(call, clock, ending.signal), stringOf(exec["apiVersion"]), call.command);
      return held;
    })().finally(() => (asked = undefined));
    return asked;
  };
  const counts = ({ expires }: PluginCredential): boolean => expires === undefined || clock.now() < expires;
  return {
    credential: () => (asked === undefined && held && counts(held) ? Promise.resolve(held) : ask()),
    async renew(isRefused) {
      if (asked === undefined && held && !isRefused(held)) return true;
      return !isRefused(await ask());
    },
    close: () => ending.abort(new Error("the connection to the cluster was closed")),
  };
}

async function pluginCall(
  exec: Fields,
  folder: string,
  cluster: ChosenCluster,
  { variables, terminal = isatty(0) }: PluginEnvironment,
): Promise<PluginCall> {
  const command = stringOf(exec["command"]);
  const apiVersion = stringOf(exec["apiVersion"]) ?? "";
  if (command === undefined) throw new Error("its exec names no command");
  if (!VERSIONS.includes(apiVersion)) {
    throw new Error(
      `the credential plugin ${command} speaks ${apiVersion || "no version"} of the protocol, not ${VERSIONS.join(" or ")}`,
    );
  }
  const mode = stringOf(exec["interactiveMode"]) ?? "IfAvailable";
  if (mode === "Always" && !terminal) {
    throw new Error(
      `the credential plugin ${command} asks at a terminal (interactiveMode: Always), and standard input is not a terminal`,
    );
  }
  const interactive = mode !== "Never" && terminal;
  const info = {
    apiVersion,
    kind: "ExecCredential",
    spec: { interactive, ...(isOn(exec["provideClusterInfo"]) && { cluster: await clusterInfo(cluster) }) },
  };
  return {
    // A name alone is looked for in PATH; what has a folder begins at the kubeconfig's.
    command: command.includes("/") || command.includes(sep) ? resolve(folder, command) : command,
    args: list(exec["args"]).flatMap((arg) => stringOf(arg) ?? (arg === "" ? "" : [])),
    env: { ...variables, ...environment(exec["env"]), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    interactive,
    installHint: stringOf(exec["installHint"])?.trim(),
  };
}

async function clusterInfo({ forPlugins, tls }: ChosenCluster): Promise<object> {
  const { ca } = await tls();
  return {
    ...forPlugins,
    ...(typeof ca === "string" && { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
  };
}

function environment(value: unknown): Record<string, string> {
  const pairs = list(value).map((entry) => fieldsOf(entry) ?? {});
  return Object.fromEntries(
    pairs.flatMap(({ name, value = "" }) => (stringOf(name) === undefined ? [] : [[stringOf(name), String(value)]])),
  );
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Never repeats what the plugin answered: it may be half a credential. */
function parseCredential(text: string, apiVersion: string | undefined, command: string): PluginCredential {
  const wrong = (why: string): never => {
    throw new Error(`the credential plugin ${command} answers with ${why}`);
  };
  let answer: Fields | undefined;
  try {
    answer = fieldsOf(JSON.parse(text));
  } catch {
    return wrong("what is not JSON");
  }
  if (answer?.["kind"] !== "ExecCredential") return wrong("what is no ExecCredential");
  if (answer["apiVersion"] !== apiVersion) return wrong(`another version of the protocol than ${apiVersion}`);
  const status = fieldsOf(answer["status"]) ?? {};
  const [token, certificate, key] = [
    stringOf(status["token"]),
    stringOf(status["clientCertificateData"]),
    stringOf(status["clientKeyData"]),
  ];
  if ((certificate === undefined) !== (key === undefined)) return wrong("a certificate or a key without the other");
  if (token === undefined && certificate === undefined) return wrong("neither a token nor a certificate");
  const expires = Date.parse(stringOf(status["expirationTimestamp"]) ?? "");
  return {
    ...(token !== undefined && { token }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(!Number.isNaN(expires) && { expires }),
  };
}

/** The entry's `exec`, where it has one. */
export function execOf({ fields }: Entry): Fields | undefined {
  return fieldsOf(fields["exec"]);
}
