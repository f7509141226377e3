import type { JobTemplate, PodTemplate } from "@executor-registry/resolver";

/** Amounts by resource name, such as `{ cpu: "500m", memory: "256Mi" }`. */
export type ResourceList = Readonly<Record<string, string | number>>;

/** A container's `securityContext`, as JSON. */
export type SecurityContext = Readonly<Record<string, unknown>>;

/** One run of an executor. Fields win over those of templates. */
export interface JobRequest {
  /**
   * Idempotency key, at most 1024 characters. While its Job exists, the same id never starts another Job of the type:
   * `ttlSecondsAfterFinished` is how long the cluster remembers it.
   */
  readonly id: string;
  /** @default the namespace of the Kubernetes connection */
  readonly namespace?: string;
  /** Replaces the image's entrypoint. Templates' `args` go with it unless `args` is given too. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Added after the variables of the templates, so that values may use those as `$(NAME)`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly resources?: { readonly requests?: ResourceList; readonly limits?: ResourceList };
  /** Seconds after its end until the cluster deletes the Job and its logs. @default 3600 */
  readonly ttlSecondsAfterFinished?: number;
  /** How often a failed pod is replaced. @default 0 */
  readonly backoffLimit?: number;
  /** Seconds after which the cluster ends the Job. @default none */
  readonly activeDeadlineSeconds?: number;
  /** Also mounts its token, unless a template says otherwise. @default the namespace's default account, without its token */
  readonly serviceAccountName?: string;
  /**
   * `restricted` adds what the restricted Pod Security Standard asks for where templates say nothing, and user 65532;
   * `none` adds nothing; an object is the executor container's, over that of templates, completed as `restricted` is.
   * @default "restricted"
   * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
   */
  readonly securityContext?: "restricted" | "none" | SecurityContext;
  /** For the Job and its pods. */
  readonly labels?: Readonly<Record<string, string>>;
  /** For the Job and its pods. */
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * A pod template, merged strategically over the declared one. The executor's container is `executor`,
   * or has the name it has in the declared template.
   */
  readonly template?: PodTemplate;
  /** What holds for the Job itself, over what the declaration says of it. A field that asks for more than one pod is refused. */
  readonly job?: JobTemplate;
}
