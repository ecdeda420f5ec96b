/** What a reason for giving up means, and what helps. Pure. */

const MEANINGS: Record<string, string> = {
  attempts_exhausted: "Every attempt of its retry policy failed. Replay once the endpoint works.",
  client_error: "The endpoint refused it with a 4xx. Replay once the receiver takes it.",
  gone: "The endpoint answered 410 Gone: the subscription was disabled.",
  circuit_open: "The endpoint stayed down for as long as the retry policy lasts.",
  max_age: "It waited too long for its turn: the subscription was paused, limited or slow.",
  disabled: "The subscription was disabled. Resume it first.",
  address_refused: "The endpoint's address is not allowed. Correct the URL, then replay.",
  unusable_configuration: "The subscription can't be sent to as it is. Correct it, then replay.",
  proxy_failure: "The egress proxy did not let it through.",
  redirect: "The endpoint answered with a redirect, which is never followed. Correct the URL.",
  transform_failed:
    "No body could be made of it: the transform failed. It can't be replayed; replay its event.",
  projection_failed:
    "No body could be made of it in the pinned version. It can't be replayed; replay its event.",
  too_large: "Its body is too large. It can't be replayed.",
};

/** Explains a reason; empty where its name says all. */
export function meaningOf(reason: string | null): string {
  return (reason && MEANINGS[reason]) || "";
}
