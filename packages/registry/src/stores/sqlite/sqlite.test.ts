import { conformance } from "../testing/conformance.ts";
import { sqlitePlace } from "../testing/sqlite-place.ts";

conformance("sqlite:PATH", { place: sqlitePlace });
