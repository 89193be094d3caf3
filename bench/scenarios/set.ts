import { singleScenario } from './single.js';

export const set = singleScenario({
  name: 'set',
  title: 'set: set over existing entries, 100-byte strings, Zipf 0.99, fresh keys (lmdb: one transaction per 10,000)',
  workload: 'set',
  valueLength: 100,
});
