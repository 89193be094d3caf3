/** Work of a pool's threads: says what they see of the cache and of what their user gave them. */
import { workerData } from 'piscina';
import { SuperCache } from 'supercache';

export default function work({ key, value }) {
  const cache = SuperCache.attach();
  cache.put([key, value]);
  return { cache: cache.name, workerData, variable: process.env.TEST_VARIABLE, path: process.env.PATH };
}
