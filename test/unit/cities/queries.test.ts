/**
 * Goal: the stream of the main job is the same for the same seed and as skewed as it says. Oracle: the exact Zipf
 * probabilities, with a bound of six standard deviations. Replay: `SEED=n npm test -- test/unit/cities`.
 */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { packCities } from '../../../bench/cities/cities.js';
import { makeQuestions, questionAt, questionKey, zipfStream } from '../../../bench/cities/queries.js';

const SEED = Number(process.env.SEED ?? randomInt(2 ** 32));
const CITIES = packCities([
  { cityId: 1, name: 'Big', country: 'AA', population: 999_000, loc: { coordinates: [-179.99, 10] } },
  { cityId: 2, name: 'Unknown', country: 'BB', loc: { coordinates: [0, 89.99] } },
]);

describe(`stream (SEED=${SEED})`, () => {
  it('is the same for the same seed and another for another', () => {
    const stream = zipfStream(10_000, 1000, 0.9, SEED);
    expect(zipfStream(10_000, 1000, 0.9, SEED)).toEqual(stream);
    expect(zipfStream(10_000, 1000, 0.9, SEED + 1)).not.toEqual(stream);
  });

  it('asks for rank r in proportion to 1 / r^s', () => {
    const [length, ranks, exponent] = [400_000, 500, 0.9];
    const counts = new Float64Array(ranks);
    for (const rank of zipfStream(length, ranks, exponent, SEED)) counts[rank]!++;
    const weights = Array.from({ length: ranks }, (_, rank) => (rank + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(length);
    for (const [rank, weight] of weights.entries()) {
      const probability = weight / total;
      const deviation = Math.sqrt(length * probability * (1 - probability));
      expect(Math.abs(counts[rank]! - length * probability), `rank ${rank}`).toBeLessThan(6 * deviation);
    }
  });

  it('stays within one rank', () => {
    expect([...zipfStream(5, 1, 0.9, SEED)]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe(`questions (SEED=${SEED})`, () => {
  const pool = makeQuestions(CITIES, 20_000, SEED);
  const questions = Array.from({ length: 20_000 }, (_, rank) => questionAt(pool, rank));

  it('are the same for the same seed', () => {
    expect(makeQuestions(CITIES, 20_000, SEED)).toEqual(pool);
  });

  it('are distinct, on the globe, to four decimals', () => {
    expect(new Set(questions.map(questionKey)).size).toBe(questions.length);
    for (const { latDegrees, lonDegrees } of questions) {
      expect(Math.abs(latDegrees)).toBeLessThanOrEqual(90);
      expect(Math.abs(lonDegrees)).toBeLessThanOrEqual(180);
      expect(Number(latDegrees.toFixed(4))).toBe(latDegrees);
      expect(Number(lonDegrees.toFixed(4))).toBe(lonDegrees);
    }
  });

  it('lie near cities by population, and a city of unknown size gets some', () => {
    const nearUnknown = questions.filter(({ latDegrees }) => latDegrees > 80).length;
    // A thousandth of 20,000 expected.
    expect(nearUnknown).toBeGreaterThan(0);
    expect(nearUnknown).toBeLessThan(60);
  });
});
