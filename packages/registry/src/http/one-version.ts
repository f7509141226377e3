import { type Digest, ExecutorRegistryError, pinnedName } from "@executor-registry/resolver";
import type { RevalidateResult, VersionDetails } from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { wholeVersion } from "../choice/document.ts";
import { unknownType } from "../choice/unknown-type.ts";
import { why } from "../choice/why.ts";
import type { Api } from "./api.ts";
import { type Answer, type Call, json } from "./operation.ts";
import type { RevalidateQuery, TypeParams, VersionParams, WhyQuery } from "./queries.ts";

/** Changes of one image that are listed with it. */
const MAX_CHANGES = 20;

type Named = z.output<typeof VersionParams>;

/** One image of a type, whatever became of it. */
export async function answerVersion({ params }: Call<Named>, api: Api): Promise<Answer<"json">> {
  return json(await versionDetails(params, api));
}

/** Has all checks of an image answer again. */
export async function revalidate(
  { params, query: { wait }, principal, signal }: Call<Named, z.output<typeof RevalidateQuery>>,
  api: Api,
): Promise<Answer<"json">> {
  const { type, digest } = params;
  if (api.choices.view(type) === undefined) throw unknownType(type, api.choices, api.inForce());
  const asked = api.inForce().revalidate(type, digest, { actor: principal.name, why: "revalidation" });
  if (asked.images === 0) throw noImage(type, digest, "now");
  if (wait === "true") {
    await asked.wait(signal);
    return json(await versionDetails(params, api));
  }
  const result: RevalidateResult = { accepted: true };
  return json(result, 202);
}

/** What became of an image or a tag, seen or unseen, or of a type. */
export function answerWhy(
  { params: { type }, query: { image } }: Call<z.output<typeof TypeParams>, z.output<typeof WhyQuery>>,
  { choices, inForce }: Api,
): Answer<"json"> {
  return json(why({ type, image }, choices, inForce()));
}

/** Entries of the journal are listed as they were written. */
type Details = Omit<VersionDetails, "journal"> & { readonly journal: readonly object[] };

async function versionDetails({ type, digest }: Named, { choices, inForce }: Api): Promise<Details> {
  const view = choices.view(type);
  if (view === undefined) throw unknownType(type, choices, inForce());
  const [image, ...others] = view.named(digest);
  if (image === undefined) throw noImage(type, digest, "and never had");
  const current = choices.snapshot.document(type)?.live === undefined && view.isCurrent(image);
  const { name: policy } = inForce().policies.of(type);
  const { name: repository } = image.repository;
  const { entries: journal } = await choices.catalogue.list({ type, repository, digest, limit: MAX_CHANGES });
  return {
    type,
    ...(policy !== "" && { policy }),
    ...wholeVersion(image, current, view),
    elsewhere: others.map((other) => pinnedName(other.repository, digest)),
    journal,
  };
}

function noImage(type: string, digest: Digest, when: string): ExecutorRegistryError {
  const advice = `GET /executors/${type}/versions lists the images that it has, GET /executors/${type}/why?image=${digest} says where they are looked for`;
  return new ExecutorRegistryError("not-found", `${type} has no image ${digest} ${when}; ${advice}`);
}
