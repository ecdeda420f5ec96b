/** Event types and examples of their data, for forms. */
import { answer, api, type Schemas } from "../../api/client";
import { type Read, useRead } from "../../api/use-read";

export function useEventTypes(): Read<Schemas["EventTypeView"][]> {
  return useRead(
    "event types",
    async (signal) => (await answer(api.GET("/api/v1/event-types", { signal }))).items,
  );
}

/** Reads made-up data of a version of an event type; nothing while there is none. */
export function useExample(eventType: string | undefined, version: number | undefined): Read<unknown> {
  const isKnown = eventType !== undefined && version !== undefined;
  return useRead(isKnown ? `example ${eventType} ${version}` : null, async (signal) => {
    const params = { path: { event_type: eventType ?? "", version: String(version) }, query: { seed: 0 } };
    return (
      await answer(api.GET("/api/v1/event-types/{event_type}/versions/{version}/example", { params, signal }))
    ).data;
  });
}
