/** Event types and examples of their data, for forms. */
import { answer, api, type Schemas } from "../../api/client";
import { type Read, useRead } from "../../api/use-read";

export function useEventTypes(): Read<Schemas["EventTypeView"][]> {
  return useRead(
    "event types",
    async (signal) => (await answer(api.GET("/api/v1/event-types", { signal }))).items,
  );
}

/** Reads made-up data of an event type, in the version in which a subscription gets it; nothing without a type. */
export function useExample(subscriptionId: string, eventType: string | undefined): Read<unknown> {
  return useRead(
    eventType === undefined ? null : `example ${subscriptionId} ${eventType}`,
    async (signal) => {
      const body = {
        definition: {},
        subscription_id: subscriptionId,
        event_type: eventType ?? null,
        seed: 0,
      };
      return (await answer(api.POST("/api/v1/subscriptions/preview", { body, signal }))).data;
    },
  );
}
