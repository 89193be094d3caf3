/**
 * What is asked: a pool of distinct questions, from points near real cities chosen by population, and a stream over
 * that pool in which the question of rank r comes up in proportion to 1 / r^s (Zipf). Equal seeds give equal streams.
 */
import { type CityTable, sharedFloats, sharedIndices } from './cities.js';
import { firstAtLeast, type Question } from './search.js';

/** Weight of a city whose population is unknown: the smallest that the data set means to list. */
const SMALLEST_POPULATION = 1000;
/** Points are spread around their city with this standard deviation, in degrees. */
const SPREAD_DEGREES = 0.15;

/** The sizes of city that are asked for, each as often as the others. */
const MIN_POPULATIONS = [15_000, 100_000, 500_000, 1_000_000];

/** Columns by rank, most popular first, on shared memory: structured cloning passes them without a copy. */
export interface QuestionPool {
  /** Degrees, four decimals. */
  readonly lat: Float64Array;
  /** Degrees, four decimals. */
  readonly lon: Float64Array;
  readonly minPopulation: Uint32Array;
}

export function questionAt(pool: QuestionPool, rank: number): Question {
  return { latDegrees: pool.lat[rank], lonDegrees: pool.lon[rank], minPopulation: pool.minPopulation[rank] };
}

/** The cache key of a question, such as `48.8566,2.3522,100000`. */
export function questionKey({ latDegrees, lonDegrees, minPopulation }: Question): string {
  return `${latDegrees},${lonDegrees},${minPopulation}`;
}

/** Uniform in [0, 1), mulberry32 (Tommy Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` distinct questions. Cities without population get the weight of a small town. */
export function makeQuestions(cities: CityTable, count: number, seed: number): QuestionPool {
  if (cities.count === 0) throw new RangeError('no cities to place points near');
  const random = seededRandom(seed);
  const weights = cumulative(cities.count, (index) => Math.max(SMALLEST_POPULATION, cities.population[index]));
  const pool = { lat: sharedFloats(count), lon: sharedFloats(count), minPopulation: sharedIndices(count) };
  const seen = new Set<string>();
  while (seen.size < count) {
    const city = firstAtLeast(weights, random() * weights[weights.length - 1]);
    const radius = SPREAD_DEGREES * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    const question = {
      latDegrees: clampLatitude((cities.lat[city] * 180) / Math.PI + radius * Math.cos(angle)),
      lonDegrees: wrapLongitude((cities.lon[city] * 180) / Math.PI + radius * Math.sin(angle)),
      minPopulation: MIN_POPULATIONS[Math.floor(random() * MIN_POPULATIONS.length)],
    };
    const key = questionKey(question);
    if (seen.has(key)) continue;
    pool.lat[seen.size] = question.latDegrees;
    pool.lon[seen.size] = question.lonDegrees;
    pool.minPopulation[seen.size] = question.minPopulation;
    seen.add(key);
  }
  return pool;
}

/** `length` ranks below `ranks`; rank r (from 0) has probability proportional to 1 / (r + 1)^exponent. */
export function zipfStream(length: number, ranks: number, exponent: number, seed: number): Uint32Array {
  const random = seededRandom(seed);
  const weights = cumulative(ranks, (rank) => (rank + 1) ** -exponent);
  const total = weights[ranks - 1];
  const stream = sharedIndices(length);
  for (let index = 0; index < length; index++) stream[index] = firstAtLeast(weights, random() * total);
  return stream;
}

function cumulative(count: number, weight: (index: number) => number): Float64Array {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += weight(index);
    sums[index] = sum;
  }
  return sums;
}

function fourDecimals(degrees: number): number {
  return Math.round(degrees * 1e4) / 1e4 + 0;
}

function clampLatitude(degrees: number): number {
  return fourDecimals(Math.min(90, Math.max(-90, degrees)));
}

function wrapLongitude(degrees: number): number {
  return fourDecimals(((((degrees + 180) % 360) + 360) % 360) - 180);
}
