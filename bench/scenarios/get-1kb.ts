import { singleScenario } from './single.js';

export const get1kb = singleScenario({
  name: 'get-1kb',
  title: 'get-1kb: get of 1 KB strings, Zipf 0.99, fresh keys',
  workload: 'get',
  valueLength: 1024,
});
