/** Where a resolver finds its images: on the cluster's nodes and in its objects, or in the registry service. */
export type Environment = "development" | "production";
