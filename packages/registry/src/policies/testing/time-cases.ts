import { at, image } from "./images.ts";
import type { PolicyCase } from "./policy-case.ts";

const newest = { kind: "newest" };
const later = (time: string): object => ({ since: 110, found: at(time) });

export const TIME_CASES: readonly PolicyCase[] = [
  {
    why: "the registry's time of push decides",
    policy: newest,
    images: [image("a", { pushed: at("09:00") }), image("b", { pushed: at("10:00") })],
    pick: "b",
  },
  {
    why: "when an image was built is not asked where it is known when it was pushed",
    policy: newest,
    images: [
      image("a", { created: at("08:00"), pushed: at("09:00") }),
      image("b", { created: "1970-01-01T00:00:00Z", pushed: at("10:00") }),
    ],
    pick: "b",
  },
  {
    why: "what a later look found is newer than all that the first one did",
    policy: newest,
    images: [
      image("a", { created: "1970-01-01T00:00:00Z" }),
      image("b", { created: "2026-01-01T08:00:00Z" }),
      image("c", { created: "1970-01-01T00:00:00Z", ...later("10:00") }),
    ],
    pick: "c",
  },
  {
    why: "without any time the tag decides, and the answer is ambiguous",
    policy: newest,
    images: [
      image("build-9", { created: "1970-01-01T00:00:00Z" }),
      image("build-10", { created: "1970-01-01T00:00:00Z" }),
    ],
    pick: "build-10",
    reason: /^nothing shows which of 2 admitted versions is the newest/,
  },
  {
    why: "a time in the future is no evidence",
    policy: newest,
    images: [image("a", { created: "2031-01-01T00:00:00Z" }), image("b", { created: "2026-01-01T08:00:00Z" })],
    pick: "b",
  },
  {
    why: "two tags of one image are one candidate",
    policy: newest,
    images: [
      image(["sha1", "latest"], { digest: "A", pushed: at("10:00") }),
      image("sha0", { digest: "B", pushed: at("09:00") }),
    ],
    pick: "sha1",
  },
  ...(["pushed", "tagged"] as const).map((by): PolicyCase => {
    const a = image(["aaa", "ccc"], { digest: "A", pushed: at("09:00"), tagTimes: { ccc: at("11:00") } });
    return {
      why:
        by === "pushed"
          ? "a tag that an image is given later is no push of it"
          : "by tagged, it counts as one: a release is taken back by tagging",
      policy: { kind: "newest", by },
      images: [a, image("bbb", { digest: "B", pushed: at("10:00") })],
      pick: by === "pushed" ? "bbb" : "ccc",
      reason:
        by === "pushed"
          ? /it is the last that was pushed/
          : /it is the last that was tagged \(2026-11-20T11:00:00\.000Z\)/,
    };
  }),
  {
    why: "by created, the time of the build comes before that of the push",
    policy: { kind: "newest", by: "created" },
    images: [
      image("a", { created: "2026-10-01T00:00:00Z", pushed: at("03:00") }),
      image("b", { created: "2026-09-01T00:00:00Z", pushed: at("04:00") }),
    ],
    pick: "a",
    reason: /it is the last that was built/,
  },
  {
    why: "an image counts when it has been there for minAge",
    policy: { ...newest, minAge: "2h" },
    images: [
      image("a", { pushed: at("09:00"), ...later("09:00") }),
      image("b", { pushed: at("11:00"), ...later("11:00") }),
    ],
    pick: "a",
  },
  {
    why: "arm64 is arm64/v8",
    policy: { ...newest, platform: "linux/arm64" },
    images: [
      image("A", { platforms: ["linux/arm64/v8"], pushed: at("03:00") }),
      image("B", { platforms: ["linux/amd64"], pushed: at("04:00") }),
    ],
    pick: "A",
  },
  {
    why: "an image that does not say what it runs on is left out",
    policy: { ...newest, platform: "linux/amd64" },
    images: [image("A")],
    reason: /1 image, 1 not for the platform \(A\)/,
  },
];

export const TAG_CASES: readonly PolicyCase[] = [
  {
    why: "a tag is followed to the image that it names now",
    policy: { kind: "tag", tag: "stable" },
    images: [image("stable", { digest: "A", untagged: true }), image(["stable", "2.0.0"], { digest: "B" })],
    pick: "stable",
    digest: "B",
  },
  {
    why: "nothing is picked while that image is not judged",
    policy: { kind: "tag", tag: "stable" },
    images: [image("stable", { digest: "A", untagged: true }), image("stable", { digest: "B", state: "pending" })],
    reason: /^no image is admitted$/,
  },
  {
    why: "nor when the tag was deleted",
    policy: { kind: "tag", tag: "stable" },
    images: [image("stable", { digest: "A", untagged: true }), image("2.0.0", { digest: "B" })],
    reason: /1 image, 1 without the tag \(2\.0\.0\)$/,
  },
];
