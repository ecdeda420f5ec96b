/** The one way to the API: typed by its OpenAPI document, every failure an `ApiError` that can be shown. */
import { computed, signal } from "@preact/signals";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
type Problem = Schemas["Problem"];

/** What went wrong, for people (`message`, `hint`) and for code (`status`, `code`, `field`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly field: string | undefined;

  constructor(problem: Pick<Problem, "status" | "code" | "detail"> & Partial<Problem>) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.hint = problem.hint ?? undefined;
    this.field = problem.field ?? undefined;
  }
}

const UNREACHABLE = {
  status: 0,
  code: "unreachable",
  detail: "The console does not answer",
  hint: "is it still running? What you see is what it said last",
};

/** As it reads before somebody has logged in again, and after. */
const SESSION_ENDED = {
  status: 401,
  code: "unauthorized",
  detail: "Your session had ended, and nothing was done",
  hint: "once you are logged in, try it again",
};

const LINK_ENDED = {
  status: 401,
  code: "invalid_token",
  detail: "This link has ended, and nothing was done",
  hint: "ask for another one where you found it",
};

let csrfToken: string | undefined;
let bearer: string | undefined;

/** How often the API has said since the last log-in that it does not know who asks. */
export const refusals = signal(0);
/** Whoever was let in is let in no more. What is shown stays as it is, and what is read by a clock rests. */
export const sessionHasEnded = computed(() => refusals.value > 0);

/** Sets what goes with every change, so that no other site's page can make one. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Sets the token that goes with every request, instead of a cookie. */
export function setBearer(token: string | undefined): void {
  bearer = token;
}

const credentials: Middleware = {
  onRequest({ request }) {
    if (bearer) request.headers.set("Authorization", `Bearer ${bearer}`);
    if (request.method !== "GET" && csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
  },
  onResponse({ response }) {
    if (response.status === 401) refusals.value += 1;
  },
  onError({ error }) {
    return error instanceof TypeError ? new ApiError(UNREACHABLE) : undefined;
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(credentials);

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

export interface Revised<T> {
  value: T;
  /** For `If-Match` of a change. */
  etag: string | undefined;
}

/** Gives the value of an answer and its ETag; throws an `ApiError` where it is a problem. */
export async function revised<T>(asked: Promise<Answered<T>>): Promise<Revised<T>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw new ApiError(problemOf(error, response));
  return { value: data as T, etag: response.headers.get("ETag") ?? undefined };
}

/** Gives the value of an answer; throws an `ApiError` where it is a problem. */
export async function answer<T>(asked: Promise<Answered<T>>): Promise<T> {
  return (await revised(asked)).value;
}

/** Gives the header that lets a change be sent twice and be made once. Make one for each thing that is asked for. */
export function once(): { "Idempotency-Key": string } {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { "Idempotency-Key": Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function problemOf(error: unknown, response: Response): ConstructorParameters<typeof ApiError>[0] {
  if (response.status === 401 && bearer) return LINK_ENDED;
  if (error !== null && typeof error === "object" && "detail" in error && "code" in error) {
    return error.code === SESSION_ENDED.code ? SESSION_ENDED : (error as Problem);
  }
  return {
    status: response.status,
    code: "failed",
    detail: `The console answered ${response.status} ${response.statusText}`,
  };
}
