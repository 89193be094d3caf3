/**
 * Goal: the workers' search finds the nearest cities, everywhere on the globe, and the checker of the main job notices
 * wrong answers. Oracle: a look at every city with another formula. Replay: `SEED=n npm test -- test/unit/cities`.
 */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AnswerChecker } from '../../../bench/cities/check.js';
import { cityText, loadCities, packCities, type RawCity } from '../../../bench/cities/cities.js';
import { makeQuestions, questionAt, seededRandom } from '../../../bench/cities/queries.js';
import {
  type AnsweredCity,
  answer,
  bruteForce,
  distanceKm,
  nearest,
  type Question,
  unitVectors,
} from '../../../bench/cities/search.js';

const SEED = Number(process.env.SEED ?? randomInt(2 ** 32));
const POPULATIONS = [undefined, 0, NaN, 900, 20_000, 3_000_000];

function randomCities(count: number, random: () => number): RawCity[] {
  return Array.from({ length: count }, (_, index) => ({
    cityId: index + 1,
    name: `Zürich, 東京 ${index}`,
    country: 'XX',
    population: POPULATIONS[Math.floor(random() * POPULATIONS.length)],
    // A coarse grid gives ties, points on the antimeridian and both poles.
    loc: { coordinates: [Math.round(random() * 36 - 18) * 10, Math.round(random() * 18 - 9) * 10] },
  }));
}

function randomQuestion(random: () => number): Question {
  const edge = random();
  return {
    latDegrees: edge < 0.1 ? 90 : edge < 0.2 ? -90 : random() * 180 - 90,
    lonDegrees: edge > 0.9 ? 180 : edge > 0.8 ? -180 : random() * 360 - 180,
    minPopulation: random() < 0.5 ? 0 : 10_000,
  };
}

const kilometres = (found: readonly { halfChordSquared: number }[]) =>
  found.map(({ halfChordSquared }) => distanceKm(halfChordSquared));

function expectSameDistances(actual: readonly number[], expected: readonly number[], where: string) {
  expect(actual.length, where).toBe(expected.length);
  for (const [place, km] of actual.entries()) expect(Math.abs(km - expected[place]!), where).toBeLessThan(1e-3);
}

describe(`search (SEED=${SEED})`, () => {
  it('agrees with brute force on random tables, at the poles and across the antimeridian', () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 200; round++) {
      const cities = packCities(randomCities(Math.floor(random() * 60), random));
      const all = unitVectors(cities);
      for (let asked = 0; asked < 10; asked++) {
        const question = randomQuestion(random);
        const where = `round ${round}, ${JSON.stringify(question)}`;
        expectSameDistances(kilometres(nearest(cities, question, 5)), kilometres(bruteForce(all, question, 5)), where);
      }
    }
  });

  it('answers as the checker expects on the real cities', () => {
    const { table, skipped } = loadCities();
    expect(table.count).toBeGreaterThan(130_000);
    expect(skipped).toBe(0);
    const questions = makeQuestions(table, 200, SEED);
    const checker = new AnswerChecker(table, questions);
    for (let rank = 0; rank < 200; rank++) {
      const text = answer(table, questionAt(questions, rank));
      expect(checker.fault({ rank, text })).toBeUndefined();
    }
  });

  it('finds Paris in Paris', () => {
    const { table } = loadCities();
    const question = { latDegrees: 48.8566, lonDegrees: 2.3522, minPopulation: 1_000_000 };
    const [first] = JSON.parse(answer(table, question)) as AnsweredCity[];
    expect(first).toMatchObject({ id: 2988507, name: 'Paris', country: 'FR' });
    expect(first!.km).toBeLessThan(1);
  });
});

describe(`checker (SEED=${SEED})`, () => {
  const random = seededRandom(SEED);
  const cities = packCities(randomCities(500, random));
  const questions = makeQuestions(cities, 20, SEED);
  const checker = new AnswerChecker(cities, questions);
  const right = JSON.parse(answer(cities, questionAt(questions, 0))) as AnsweredCity[];
  const faultOf = (wrong: unknown) => checker.fault({ rank: 0, text: JSON.stringify(wrong) });

  it('accepts the right answer', () => {
    expect(right).toHaveLength(5);
    expect(faultOf(right)).toBeUndefined();
  });

  it('finds each kind of wrong answer', () => {
    const [first, ...others] = right;
    expect(checker.fault({ rank: 0, text: '[{"id":' })).toContain('not JSON');
    expect(faultOf(null)).toContain('not a list');
    expect(faultOf(others)).toContain('4 cities instead of 5');
    expect(faultOf([first, ...others.slice(0, 3), first])).toContain('named twice');
    expect(faultOf([{ ...first, id: 0 }, ...others])).toContain('no city has the id 0');
    expect(faultOf([{ ...first, km: first!.km + 0.002 }, ...others])).toContain('km away');
    expect(faultOf([null, ...others])).toContain('no city has the id undefined');
  });

  it('finds a city that is nearer than an answered one', () => {
    const further = nearest(cities, questionAt(questions, 0), 500);
    const last = further[further.length - 1]!;
    const id = cities.id[last.index]!;
    const city = { id, ...cityText(cities, last.index), km: distanceKm(last.halfChordSquared) };
    expect(faultOf([...right.slice(0, 4), city])).toContain('number 5 should be');
  });
});

describe('city table', () => {
  it('leaves out cities without a position and takes a missing population for 0', () => {
    const nowhere = { cityId: 1, name: 'Nowhere', country: '', loc: { coordinates: [] } };
    const offGlobe = { cityId: 2, name: 'Off', country: '', loc: { coordinates: [0, 91] } };
    const here = { cityId: 3, name: 'Here, There', country: 'CH', loc: { coordinates: [8, 47] } };
    const table = packCities([nowhere, offGlobe, here]);
    expect(table.count).toBe(1);
    expect(table.population[0]).toBe(0);
    expect(cityText(table, 0)).toEqual({ name: 'Here, There', country: 'CH' });
  });
});
