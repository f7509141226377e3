import { isDigest } from "../reference/digest.ts";
import type {
  Candidate,
  DeclaredTemplate,
  Evidence,
  EvidenceKind,
  JobTemplate,
  PodTemplate,
  PullPolicy,
} from "./resolution.ts";
import type { LiveMembers } from "./executor-document.ts";
import { isTime, NotADocument, record, text, texts } from "./json.ts";

const KINDS: Readonly<Record<EvidenceKind, true>> = {
  declared: true,
  "only-candidate": true,
  sighting: true,
  "tag-time": true,
  "tag-version": true,
  "pod-start": true,
  created: true,
  policy: true,
  pin: true,
  rollout: true,
  none: true,
};

/** A later service may know more reasons; all of them are a policy of some kind. */
export function evidenceKind(value: unknown): EvidenceKind {
  return typeof value === "string" && Object.hasOwn(KINDS, value) ? (value as EvidenceKind) : "policy";
}

/** @throws NotADocument */
export function parseLive(json: unknown): LiveMembers {
  const fields = record(json, "its member live");
  const { candidates, nodes, template, staleSince } = fields;
  if (!Array.isArray(candidates) || candidates.length === 0) {
    throw new NotADocument("its member live.candidates is no list, or empty");
  }
  return {
    pullPolicy: pullPolicy(fields["pullPolicy"]),
    ...(nodes !== undefined && { nodes: texts(fields, "nodes") }),
    candidates: candidates.map(parseCandidate),
    ...(template !== undefined && { template: parseTemplate(template) }),
    ...(isTime(staleSince) && { staleSince }),
  };
}

function pullPolicy(value: unknown): PullPolicy {
  if (value === "Always" || value === "IfNotPresent" || value === "Never") return value;
  throw new NotADocument("its member live.pullPolicy is not one of Kubernetes'");
}

/** @throws NotADocument */
export function parseCandidate(json: unknown): Candidate {
  const fields = record(json, "its candidate");
  const { digest, nodes, sizeBytes, evidence } = fields;
  if (!Array.isArray(evidence)) throw new NotADocument("its candidate's member evidence is no list");
  return {
    image: text(fields, "image"),
    ...(typeof digest === "string" && isDigest(digest) && { digest }),
    version: text(fields, "version"),
    names: texts(fields, "names"),
    ...(nodes !== undefined && { nodes: texts(fields, "nodes") }),
    ...(typeof sizeBytes === "number" && { sizeBytes }),
    evidence: evidence.map(parseEvidence),
  };
}

function parseEvidence(json: unknown): Evidence {
  const fields = record(json, "its evidence");
  const { at } = fields;
  return { kind: evidenceKind(fields["kind"]), ...(isTime(at) && { at }), detail: text(fields, "detail") };
}

/** Pod and Job are handed to the API server as they are, which judges them. */
function parseTemplate(json: unknown): DeclaredTemplate {
  const fields = record(json, "its template");
  const pod = record(fields["pod"], "its template's pod");
  record(pod["spec"], "its template's pod spec");
  const { job } = fields;
  return {
    from: text(fields, "from"),
    container: text(fields, "container"),
    pod: pod as unknown as PodTemplate,
    ...(job !== undefined && { job: parseJob(job) }),
  };
}

function parseJob(json: unknown): JobTemplate {
  const { metadata, spec } = record(json, "its template's job");
  return {
    ...(metadata !== undefined && { metadata: record(metadata, "its template's job metadata") }),
    ...(spec !== undefined && { spec: record(spec, "its template's job spec") }),
  };
}
