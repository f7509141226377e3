import { tableOf } from "../../../settings/kinds.ts";
import { artifactAnalysisKind } from "./artifact-analysis.ts";
import { ecrScansKind } from "./ecr.ts";
import { harborScansKind } from "./harbor.ts";
import { trivyKind } from "./trivy.ts";

/** The providers. A new one is added here, and has a file of its own. */
export const PROVIDERS = tableOf([ecrScansKind, artifactAnalysisKind, harborScansKind, trivyKind]);
