import { singleScenario } from './single.js';

export const miss = singleScenario({
  name: 'miss',
  title: 'miss: get of absent keys, same lengths as the stored ones',
  workload: 'miss',
  valueLength: 100,
});
