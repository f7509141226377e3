import { answerVersion, answerWhy, revalidate } from "./one-version.ts";
import { operation, type Operation } from "./operation.ts";
import { PolicyTestQuery, RevalidateQuery, TypeParams, VersionParams, WhyQuery } from "./queries.ts";
import { Accepted, PolicyTest, Problem, VersionDetails } from "./schemas.ts";
import { testPolicy } from "./test-policy.ts";
import { Why } from "./why-schemas.ts";

/** The operations that are about one image: what became of it, why, and what its checks say. */
export const VERSION_OPERATIONS: readonly Operation[] = [
  operation({
    id: "getVersion",
    method: "GET",
    path: "/executors/{type}/versions/{digest}",
    summary: "One image of a type, whatever became of it",
    description:
      "With every verdict, what it rests on and until when it holds, and with the last changes of the image in the journal.",
    role: "reader",
    params: VersionParams,
    kind: "json",
    answers: {
      200: { description: "The image; of several repositories that hold it, in the best one", schema: VersionDetails },
      404: { description: "The type never had such an image", schema: Problem },
    },
    handle: answerVersion,
  }),
  operation({
    id: "revalidateVersion",
    method: "POST",
    path: "/executors/{type}/versions/{digest}/revalidate",
    summary: "Have all checks of an image answer again",
    description:
      "Also those whose verdicts still hold. The journal names who asked, also where the answers are as before. With `wait=true` the answer comes " +
      "when they are written down; a check that cannot answer is asked again later.",
    role: "dispatcher",
    rate: "writes",
    params: VersionParams,
    query: RevalidateQuery,
    kind: "json",
    answers: {
      200: { description: "The image with its new verdicts", schema: VersionDetails },
      202: { description: "It will be judged", schema: Accepted },
      404: { description: "The type has no such image now", schema: Problem },
      503: { description: "The service ends, or takes over another configuration; ask again", schema: Problem },
    },
    handle: revalidate,
  }),
  operation({
    id: "why",
    method: "GET",
    path: "/executors/{type}/why",
    summary: "What became of an image or a tag, seen or unseen, and why it is the current version or not",
    description:
      "Answers for everything that can be asked: `answer` is `unknown` for what was never seen, and `sources` says where images are looked for, and " +
      "when each source was looked at last.",
    role: "reader",
    params: TypeParams,
    query: WhyQuery,
    kind: "json",
    answers: { 200: { description: "The answer", schema: Why } },
    handle: answerWhy,
  }),
  operation({
    id: "testPolicy",
    method: "POST",
    path: "/policy/test",
    summary: "What the checks say of an image now, without changing anything",
    description:
      "Of any image in a repository that a source of the configuration covers. The tag is resolved once; what is read after that is read by digest. " +
      "Nothing is written down, and no answer changes.",
    role: "dispatcher",
    rate: "writes",
    query: PolicyTestQuery,
    kind: "json",
    answers: {
      200: { description: "The verdicts", schema: PolicyTest },
      400: { description: "No image reference, in no source's repository, or of no executor type", schema: Problem },
      404: { description: "The registry has no such image", schema: Problem },
    },
    handle: testPolicy,
  }),
];
