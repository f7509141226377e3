// What a host of the service needs.
export type { ImageSource } from "./sources/image-source.ts";
