import type { CatalogueImage } from "../catalogue/state.ts";
import type { DropMark } from "./drops.ts";
import type { Ordering } from "./ordering.ts";
import type { Drop } from "./rules.ts";
import type { TagFilter } from "./tag-filter.ts";

/** What an image was dropped by. */
interface Grounds {
  readonly filter: TagFilter;
  readonly platform: string | undefined;
  readonly ordering: Pick<Ordering<unknown>, "explain">;
}

/** Why an image was dropped, in a clause. */
export const explainDrop = (mark: DropMark, image: CatalogueImage, grounds: Grounds): Drop => {
  return { code: mark.code, detail: detailOf(mark, image, grounds) };
};

function detailOf(
  { code, tag, text = tag, denial, countsFrom = 0 }: DropMark,
  { details, untagged }: CatalogueImage,
  { filter, platform, ordering }: Grounds,
): string {
  switch (code) {
    case "platform": {
      const all = details?.platforms.join(", ") || "no platform that it names";
      return `it is for ${all}, not for ${platform}`;
    }
    case "artifact-tag":
      return `${tag} is the tag of a signature or of another artifact`;
    case "denied":
      return `${denial?.by} denied it: ${denial?.reason}`;
    case "excluded":
      return `${tag} is excluded by ${filter.excludedBy(tag)}`;
    case "not-included":
      return `${tag} matches no pattern of include`;
    case "not-extracted":
      return `extract finds no key in ${tag}`;
    case "tag-moved":
      return untagged === undefined
        ? `${tag} stays with the image that it named first (onTagMoved: hold)`
        : `no tag names it any more: ${untagged.reason}`;
    case "too-new":
      return `it counts from ${new Date(countsFrom).toISOString()} on (minAge)`;
    case "not-a-version":
    case "other-tag":
    case "out-of-range":
    case "prerelease":
      return ordering.explain(code, text);
  }
}
