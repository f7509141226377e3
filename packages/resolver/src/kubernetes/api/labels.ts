/** What the names of our labels and annotations begin with. */
export const LABEL_PREFIX = "executor-registry.dev/";

/** The label that says which executor type an object is about. */
export const TYPE_LABEL = `${LABEL_PREFIX}type`;

/** Name of the ConfigMap that keeps when images were first seen on nodes. */
export const SIGHTINGS_NAME = "executor-registry-sightings";
