import { isObject, LABEL_PREFIX, readJobTemplate } from "@executor-registry/resolver/internal";
import { InvalidRequestError } from "../tools/errors.ts";
import { MANAGED_BY } from "./names.ts";
import type { JobRequest } from "./request.ts";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const ENV_NAME = /^(?!\.$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const RESERVED = /^(batch\.kubernetes\.io\/.*|app\.kubernetes\.io\/managed-by|job-name|controller-uid)$/;
const MAX_ID_CHARS = 1024;
const LARGEST = 2 ** 31 - 1;

/**
 * Finds what the API server, or this package, could not use. Requests may come from outside a type checker's reach.
 * @throws InvalidRequestError naming the field
 */
export function checkRequest(request: JobRequest): void {
  const { id, namespace, serviceAccountName, securityContext, template, job } = request;
  must(
    typeof id === "string" && id !== "" && id.length <= MAX_ID_CHARS,
    "id",
    `must be a text of 1 to ${MAX_ID_CHARS} characters`,
  );
  if (namespace !== undefined) must(matches(DNS_LABEL, namespace), "namespace", "must be a DNS label");
  if (serviceAccountName !== undefined) {
    must(matches(DNS_SUBDOMAIN, serviceAccountName), "serviceAccountName", "must be a DNS subdomain");
  }
  texts(request.command, "command");
  texts(request.args, "args");
  for (const [name, value] of entries(request.env, "env")) {
    must(ENV_NAME.test(name), `env.${name}`, "is no name of an environment variable: use letters, digits, _, - and .");
    must(isText(value), `env.${name}`, "must be a text without NUL characters");
  }
  for (const kind of ["requests", "limits"] as const) {
    for (const [name, value] of entries(request.resources?.[kind], `resources.${kind}`)) {
      must(QUANTITY.test(String(value)), `resources.${kind}.${name}`, "must be a quantity such as 500m or 256Mi");
    }
  }
  whole(request.ttlSecondsAfterFinished, "ttlSecondsAfterFinished", 0);
  whole(request.backoffLimit, "backoffLimit", 0);
  whole(request.activeDeadlineSeconds, "activeDeadlineSeconds", 1);
  for (const [name, value] of entries(request.labels, "labels")) {
    checkKey(name, `labels.${name}`);
    must(matches(LABEL_VALUE, value), `labels.${name}`, "must have a value of at most 63 letters, digits, -, _ and .");
  }
  for (const [name, value] of entries(request.annotations, "annotations")) {
    checkKey(name, `annotations.${name}`);
    must(typeof value === "string", `annotations.${name}`, "must be a text");
  }
  if (typeof securityContext === "string") {
    must(["restricted", "none"].includes(securityContext), "securityContext", "must be restricted, none or an object");
  } else if (securityContext !== undefined) must(isObject(securityContext), "securityContext", "must be an object");
  if (template !== undefined) must(isObject(template), "template", "must be an object with metadata and spec");
  if (job === undefined) return;
  must(
    isObject(job) && (job.spec === undefined || isObject(job.spec)),
    "job",
    "must be an object with metadata and spec",
  );
  const [unused] = readJobTemplate(job).unused;
  must(unused === undefined, `job.spec.${unused}`, "is not possible: an executor's Job runs one pod");
}

function checkKey(key: string, field: string): void {
  const [name = "", ...prefix] = key.split("/").reverse();
  const legal = QUALIFIED_NAME.test(name) && prefix.length <= 1 && prefix.every((part) => DNS_SUBDOMAIN.test(part));
  must(legal, field, "is no qualified name such as example.com/team");
  must(!key.startsWith(LABEL_PREFIX) && !RESERVED.test(key), field, `is reserved for ${MANAGED_BY} and Kubernetes`);
}

function texts(value: unknown, field: string): void {
  must(
    value === undefined || (Array.isArray(value) && value.every(isText)),
    field,
    "must be a list of texts without NUL characters",
  );
}

function whole(value: unknown, field: string, least: number): void {
  const legal = typeof value === "number" && Number.isInteger(value) && value >= least && value <= LARGEST;
  must(value === undefined || legal, field, `must be a whole number of at least ${least}`);
}

function entries(value: unknown, field: string): [string, unknown][] {
  must(value === undefined || isObject(value), field, "must be an object");
  return Object.entries(value ?? {});
}

function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === "string" && pattern.test(value);
}

function must(holds: boolean, field: string, problem: string): asserts holds {
  if (!holds) throw new InvalidRequestError(field, problem);
}
