/** Replays: jobs that send past events, or dead letters, again. */
import { answer, api, once, type Schemas } from "../../api/client";
import { type Read, useRead } from "../../api/use-read";

export type Replay = Schemas["ReplayView"];
export type ReplayRequest = Schemas["ReplayRequest"];
export type ReplayCount = Schemas["ReplayCountView"];

const MOVING_MS = 1000;
const RESTING_MS = 10_000;

export function useReplays(): Read<Replay[]> {
  return useRead(
    "replays",
    async (signal) =>
      (await answer(api.GET("/api/v1/replays", { params: { query: { limit: 100 } }, signal }))).items,
    { everyMs: (replays) => (replays.some(isMoving) ? 2 * MOVING_MS : RESTING_MS) },
  );
}

/** Reads one replay, each second while it moves. */
export function useReplay(id: string): Read<Replay> {
  return useRead(
    `replay ${id}`,
    (signal) =>
      answer(api.GET("/api/v1/replays/{replay_id}", { params: { path: { replay_id: id } }, signal })),
    { everyMs: (replay) => (isMoving(replay) ? MOVING_MS : RESTING_MS) },
  );
}

export function countReplay(body: ReplayRequest): Promise<ReplayCount> {
  return answer(api.POST("/api/v1/replays/count", { body }));
}

export function startReplay(body: ReplayRequest): Promise<Replay> {
  return answer(api.POST("/api/v1/replays", { params: { header: once() }, body }));
}

export function cancelReplay(id: string): Promise<Replay> {
  const params = { path: { replay_id: id }, header: once() };
  return answer(api.POST("/api/v1/replays/{replay_id}/cancel", { params }));
}

export function resumeReplay(id: string): Promise<Replay> {
  const params = { path: { replay_id: id }, header: once() };
  return answer(api.POST("/api/v1/replays/{replay_id}/resume", { params }));
}

/** Whether it goes on by itself. */
export function isMoving(replay: Replay): boolean {
  return replay.state === "running" || replay.state === "waiting";
}

/** Whether somebody can let it go on. */
export function isResumable(replay: Replay): boolean {
  return replay.state === "stopped" || replay.state === "interrupted";
}
