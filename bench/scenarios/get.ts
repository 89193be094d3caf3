import { singleScenario } from './single.js';

export const get = singleScenario({
  name: 'get',
  title: 'get: get of 100-byte strings, Zipf 0.99, fresh keys',
  workload: 'get',
  valueLength: 100,
});
