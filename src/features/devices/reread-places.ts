import type { Job } from '../../platform/jobs.ts'

/** Takes up a newer file of places, which its provider brings out twice a week. */
export const rereadPlaces: Job = {
  name: 'devices.reread-places',
  everyMs: 60_000,
  run: ({ places }) => places.reread(),
}
