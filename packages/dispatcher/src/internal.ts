// For this project's tests. Not a public interface: it changes without notice.
export type { Job, Pod } from "./tools/kubernetes.ts";
