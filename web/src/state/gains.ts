import { Answers } from "./answers";
import { gains } from "./atlas";

/** The gains of a model over the default, by the names of tasks. */
export const gainsOf = new Answers<Map<string, number>>(gains);
