import type { TypedDocumentString } from "./generated/graphql.ts";

/** The server does not know who asks: the session has ended or never began. */
export class SignedOut extends Error {
  override name = "SignedOut";
}

/** The server could not answer. `reference` finds the request in its logs. */
export class RequestFailed extends Error {
  override name = "RequestFailed";
  constructor(
    readonly status: number,
    readonly reference: string | undefined,
  ) {
    super(`request failed with ${status}`);
  }
}

export interface AnswerError {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string };
}

export interface Answer<Result> {
  data: Result | null;
  errors: readonly AnswerError[];
  reference: string | undefined;
}

/** Sends one request to this tenant. The header says that a page of ours asks, not a foreign form riding on the cookie. */
export async function send(tenant: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("X-Osler-Request", "1");
  headers.set("Accept", "application/json");
  return fetch(`/${encodeURIComponent(tenant)}/${path}`, { ...init, headers, credentials: "same-origin", cache: "no-store" });
}

/** Asks the app API. Parts that failed or are withheld come back as `errors` beside the data. */
export async function ask<Result, Variables>(
  tenant: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Answer<Result>> {
  const response = await send(tenant, "graphql", {
    method: "POST",
    body: JSON.stringify({ query: document.toString(), variables }),
    headers: { "Content-Type": "application/json" },
    ...(signal ? { signal } : {}),
  });
  const reference = response.headers.get("X-Request-Id") ?? undefined;
  if (response.status === 401) throw new SignedOut();
  if (!response.headers.get("Content-Type")?.includes("json")) throw new RequestFailed(response.status, reference);
  const body = (await response.json()) as { data?: Result | null; errors?: AnswerError[] };
  const errors = body.errors ?? [];
  if (errors.some((error) => error.extensions?.code === "login")) throw new SignedOut();
  if (body.data === undefined && errors.length === 0) throw new RequestFailed(response.status, reference);
  return { data: body.data ?? null, errors, reference };
}

/** As `ask`, for questions that are only of use when answered whole. */
export async function askWhole<Result, Variables>(
  tenant: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const answer = await ask(tenant, document, variables, signal);
  if (answer.data === null || answer.errors.length > 0) throw new RequestFailed(200, answer.reference);
  return answer.data;
}
