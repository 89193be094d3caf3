import { get } from './get.js';
import { get1kb } from './get-1kb.js';
import { kill } from './kill.js';
import { miss } from './miss.js';
import { overhead } from './overhead.js';
import { scaling } from './scaling.js';
import type { Scenario } from './scenario.js';
import { set } from './set.js';

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [get, miss, set, get1kb, scaling, overhead, kill];
