import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";

/** A server that knows nothing until a test says what it answers; a request nobody expects fails the test. */
export const server = setupServer();

export function withServer(): void {
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());
}

type Asked = { query: string; variables: Record<string, unknown> };

/** Answers the app API and keeps what was asked. */
export function answering(answer: (asked: Asked, request: Request) => unknown): { asked: Asked[]; requests: Request[] } {
  const seen = { asked: [] as Asked[], requests: [] as Request[] };
  server.use(
    http.post("*/:tenant/graphql", async ({ request }) => {
      seen.requests.push(request.clone());
      const asked = (await request.json()) as Asked;
      seen.asked.push(asked);
      const body = answer(asked, request);
      return body instanceof Response ? body : HttpResponse.json(body as Record<string, unknown>);
    }),
  );
  return seen;
}
