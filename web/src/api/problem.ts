import type { Problem } from "./types";

/** An error in the server's own words, or in ours where it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.detail);
  }

  /** An error that the page itself has found. */
  static ofPage(detail: string, said: Partial<Problem> = {}): ApiError {
    return new ApiError({ ...unreachable().problem, title: "The page has failed", code: "page", detail, remedy: null, ...said }, -1);
  }
}

export const unreachable = (): ApiError =>
  new ApiError(
    {
      type: "about:blank",
      title: "The server does not answer",
      status: 0,
      code: "unreachable",
      detail: "The server does not answer.",
      expected: null,
      got: null,
      remedy: "The page tries again by itself. See whether `task2vec open` or `serve` still runs.",
      request_id: null,
      fields: [],
    },
    0,
  );

/** What an answer with an error status says. */
export async function problemOf(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  return new ApiError(parse(text, answer.status, answer.headers.get("X-Request-ID")), answer.status);
}

export function parse(text: string, status: number, request: string | null): Problem {
  try {
    const read = JSON.parse(text) as Problem;
    if (typeof read.detail === "string") return { ...read, fields: read.fields ?? [] };
  } catch {
    // Something between the page and the server has answered.
  }
  return {
    type: "about:blank",
    title: `The server answered ${status}`,
    status,
    code: "unknown",
    detail: text.slice(0, 300) || `The server answered ${status}.`,
    expected: null,
    got: null,
    remedy: null,
    request_id: request,
    fields: [],
  };
}

export const asError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return ApiError.ofPage(detail);
};
