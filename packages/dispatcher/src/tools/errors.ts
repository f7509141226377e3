import { ExecutorRegistryError } from "@executor-registry/resolver";

/** A request that cannot become a Job. */
export class InvalidRequestError extends ExecutorRegistryError {
  override readonly name = "InvalidRequestError";
  /** The field at fault, such as `env.PATH=` or `template.spec.containers`. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super("invalid-request", `${field} ${problem}`);
    this.field = field;
  }
}

/** The Job's name is taken by a Job of another request. */
export class RequestConflictError extends ExecutorRegistryError {
  override readonly name = "RequestConflictError";
  readonly namespace: string;
  readonly job: string;

  constructor(namespace: string, job: string, requestId: string) {
    super(
      "conflict",
      `the Job ${namespace}/${job} exists already and does not belong to request ${JSON.stringify(requestId)}: ` +
        "delete that Job, or give the request another id",
      { retryable: false },
    );
    this.namespace = namespace;
    this.job = job;
  }
}

/** There is no such Job to follow. */
export class JobNotFoundError extends ExecutorRegistryError {
  override readonly name = "JobNotFoundError";
  readonly namespace: string;
  readonly job: string;

  constructor(namespace: string, job: string) {
    super("not-found", `there is no Job ${namespace}/${job}: it was never submitted, or is deleted already`);
    this.namespace = namespace;
    this.job = job;
  }
}

/** A Job was followed, and then its cluster was out of reach for too long: how it goes on is not known. */
export class ContactLostError extends ExecutorRegistryError {
  override readonly name = "ContactLostError";
  readonly namespace: string;
  readonly job: string;

  constructor(namespace: string, job: string, ms: number, cause: Error | undefined) {
    const why = cause ? `: ${cause.message}` : "";
    super(
      "unreachable",
      `no contact with the cluster for ${ms / 1000} s, so it is not known how the Job ${namespace}/${job} goes on; it may still run${why}`,
      { cause },
    );
    this.namespace = namespace;
    this.job = job;
  }
}
