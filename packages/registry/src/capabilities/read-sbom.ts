import type { Digest } from "@executor-registry/resolver";
import { type Place, RegistryError, shown, TooLargeError } from "../oci/wire/errors.ts";
import { cycloneDx } from "./cyclonedx.ts";
import { JsonWalkError, type Kept, textOf, walkJson, type Wanted } from "./json-walk.ts";
import { Evidence } from "./evidence.ts";
import type { SbomFormat } from "./sbom-format.ts";
import { spdx2 } from "./spdx.ts";
import { spdx3 } from "./spdx3.ts";

const FORMATS: readonly SbomFormat[] = [spdx2, spdx3, cycloneDx];
const READ = FORMATS.map(({ title }) => title).join(", ");

/** Packages of one SBOM. */
const MAX_PACKAGES = 200_000;
const IN_TOTO = "application/vnd.in-toto+json";

/** Which SBOM is read, and of what. */
export interface SbomSource {
  readonly place: Place;
  /** The manifests that a statement may be about: one about another image counts nothing. */
  readonly about: ReadonlySet<Digest>;
}

/**
 * What an SBOM shows: a document, an in-toto statement around one, or a signed envelope or bundle around that. No signature is
 * verified, since nothing is let in by what is found here.
 * @throws RegistryError code `registry-protocol` for what is no SBOM, is damaged, or is about another image; TooLargeError
 */
export async function readSbom(bytes: Uint8Array, source: SbomSource, signal: AbortSignal): Promise<Evidence> {
  try {
    return await readDocument(bytes, source, signal, false);
  } catch (error) {
    if (!(error instanceof JsonWalkError)) throw error;
    const { place } = source;
    if (error.tooMuch) throw new TooLargeError(error.message, MAX_PACKAGES, place, { retryable: false });
    throw unreadable(source, error.message, error);
  }
}

async function readDocument(
  bytes: Uint8Array,
  source: SbomSource,
  signal: AbortSignal,
  enveloped: boolean,
): Promise<Evidence> {
  const found = new Map(FORMATS.map((format) => [format, new Evidence()]));
  const kept = await walkJson(bytes, wantedOf(found), signal);
  const payload = (kept.parts.get("dsseEnvelope")?.[0] ?? kept).long.get("payload");
  if (payload !== undefined && !enveloped) {
    const { texts } = kept.parts.get("dsseEnvelope")?.[0] ?? kept;
    if (texts.get("payloadType") !== IN_TOTO) throw unreadable(source, "it is an envelope around no statement");
    return readDocument(Buffer.from(textOf(payload), "base64"), source, signal, true);
  }
  const predicateType = kept.texts.get("predicateType");
  if (predicateType !== undefined && !isAbout(kept, source.about))
    throw unreadable(source, "it is a statement about another image");
  const predicate = kept.parts.get("predicate")?.[0];
  const document = predicateType === undefined ? kept : (predicate?.parts.get("Data")?.[0] ?? predicate);
  for (const [format, evidence] of found) {
    if (document !== undefined && format.matches(document.texts)) return evidence;
  }
  const what =
    predicateType === undefined ? "it" : `the predicate of the statement, of the type ${shown(predicateType, 100)},`;
  throw unreadable(source, `${what} is in none of the formats that are read: ${READ}, in JSON`);
}

/** One pass reads whichever format it is: what shows that may come last. */
function wantedOf(found: ReadonlyMap<SbomFormat, Evidence>): Wanted {
  let packages = 0;
  const document = {
    texts: FORMATS.flatMap(({ texts }) => texts),
    within: [...found].flatMap(([format, evidence]) => [
      ...format.within((object) => {
        packages += 1;
        if (packages > MAX_PACKAGES) throw new JsonWalkError(`it lists more than ${MAX_PACKAGES} packages`, true);
        const one = format.packageOf(object);
        if (one !== undefined) evidence.addPackage(one);
      }),
    ]),
  };
  const texts = new Set(document.texts);
  const data: Wanted = { texts, within: new Map(document.within) };
  const predicate: Wanted = { texts, within: new Map([...document.within, ["Data", data]]) };
  const subject: Wanted = { within: new Map([["digest", { texts: new Set(["sha256", "sha512"]) }]]) };
  const envelope = { texts: new Set(["payloadType"]), long: new Set(["payload"]) };
  return {
    texts: new Set([...texts, "predicateType", ...envelope.texts]),
    long: envelope.long,
    within: new Map([...document.within, ["predicate", predicate], ["subject", subject], ["dsseEnvelope", envelope]]),
  };
}

function isAbout({ parts }: Kept, about: ReadonlySet<Digest>): boolean {
  const digests = (parts.get("subject") ?? []).flatMap((subject) => subject.parts.get("digest") ?? []);
  return digests.some(({ texts }) =>
    [...texts].some(([algorithm, hex]) => (about as ReadonlySet<string>).has(`${algorithm}:${hex}`)),
  );
}

const unreadable = ({ place }: SbomSource, why: string, cause?: unknown): RegistryError =>
  new RegistryError("registry-protocol", why, place, { retryable: false, cause });
