/** Worker thread of the `kill` scenario: writes, or only keeps busy, as fast as it can until it is terminated. */
import { workerData } from 'node:worker_threads';
import { attachCache, NAMESPACE } from '../subjects/ours.js';
import { seededRandom } from '../workloads/random.js';
import { key8Of, smallValueOf } from '../workloads/text.js';
import { type StallPlan, VICTIM_OPS } from './stall-words.js';

const { handle, entries, control, bystander } = workerData as StallPlan;
const values = attachCache(handle).keyValue<string, string>(NAMESPACE);
const random = seededRandom(Date.now());

for (let version = 0; ; version++) {
  const entry = Math.floor(random() * entries);
  const key = key8Of(entry);
  const value = smallValueOf(entry, version);
  if (!bystander) values.set(key, value);
  Atomics.add(control, VICTIM_OPS, 1);
}
