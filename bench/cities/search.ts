/**
 * The query: the cities nearest to a point among those with at least so many inhabitants. `nearest` is what the workers
 * run and pay for; `bruteForce` looks at every city with another formula (chords between unit vectors instead of
 * haversines) and is the oracle.
 */
import { type CityTable, cityText, sharedFloats } from './cities.js';

export const EARTH_RADIUS_KM = 6371.0088;
/** Cities in an answer. */
export const ANSWER_CITIES = 5;
const DEGREES_TO_RADIANS = Math.PI / 180;

/** Where from, and what counts as a city. */
export interface Question {
  readonly latDegrees: number;
  readonly lonDegrees: number;
  /** Cities with fewer inhabitants, or with no figure for them, do not count; 0 counts every city. */
  readonly minPopulation: number;
}

/** A city and the squared half chord to it on the unit sphere, which orders as the distance does. */
export interface Neighbour {
  readonly index: number;
  readonly halfChordSquared: number;
}

/** One city of an answer. */
export interface AnsweredCity {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  /** Great-circle distance in kilometres, to the metre. */
  readonly km: number;
}

export function distanceKm(halfChordSquared: number): number {
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, halfChordSquared)));
}

/**
 * The nearest `wanted` cities, nearest first (fewer if there are fewer). Walks outwards in latitude from the point and
 * stops once the difference in latitude alone is further than the worst city kept.
 */
export function nearest(cities: CityTable, question: Question, wanted: number): Neighbour[] {
  const { count, lat, lon, cosLat, population } = cities;
  const { minPopulation } = question;
  const pointLat = question.latDegrees * DEGREES_TO_RADIANS;
  const pointLon = question.lonDegrees * DEGREES_TO_RADIANS;
  const pointCosLat = Math.cos(pointLat);
  const best: Neighbour[] = [];
  let above = firstAtLeast(lat, pointLat);
  let below = above - 1;
  let worst = Infinity;
  while (above < count || below >= 0) {
    const gapAbove = above < count ? lat[above] - pointLat : Infinity;
    const gapBelow = below >= 0 ? pointLat - lat[below] : Infinity;
    const sinLat = Math.sin(Math.min(gapAbove, gapBelow) / 2);
    if (sinLat * sinLat > worst) break;
    const index = gapAbove < gapBelow ? above++ : below--;
    if (population[index] < minPopulation) continue;
    const sinLon = Math.sin((lon[index] - pointLon) / 2);
    const halfChordSquared = sinLat * sinLat + pointCosLat * cosLat[index] * sinLon * sinLon;
    if (halfChordSquared < worst) worst = keep(best, { index, halfChordSquared }, wanted);
  }
  return best;
}

/** The answer as it is cached and sent: JSON text of `AnsweredCity[]`. */
export function answer(cities: CityTable, question: Question): string {
  const found = nearest(cities, question, ANSWER_CITIES);
  const answered: AnsweredCity[] = found.map(({ index, halfChordSquared }) => ({
    id: cities.id[index],
    ...cityText(cities, index),
    km: Math.round(distanceKm(halfChordSquared) * 1000) / 1000,
  }));
  return JSON.stringify(answered);
}

/** Unit vectors and inhabitants of all cities, by city index. */
export interface UnitVectors {
  readonly population: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

export function unitVectors(cities: CityTable): UnitVectors {
  const { count, population } = cities;
  const vectors = { population, x: sharedFloats(count), y: sharedFloats(count), z: sharedFloats(count) };
  for (let index = 0; index < count; index++) {
    vectors.x[index] = Math.cos(cities.lat[index]) * Math.cos(cities.lon[index]);
    vectors.y[index] = Math.cos(cities.lat[index]) * Math.sin(cities.lon[index]);
    vectors.z[index] = Math.sin(cities.lat[index]);
  }
  return vectors;
}

/** The nearest `wanted` cities, found by looking at every one. */
export function bruteForce(all: UnitVectors, question: Question, wanted: number): Neighbour[] {
  const best: Neighbour[] = [];
  const distanceTo = halfChordFrom(all, question);
  let worst = Infinity;
  for (let index = 0; index < all.x.length; index++) {
    if (all.population[index] < question.minPopulation) continue;
    const halfChordSquared = distanceTo(index);
    if (halfChordSquared < worst) worst = keep(best, { index, halfChordSquared }, wanted);
  }
  return best;
}

/** Squared half chord from the point to a city given by its index. */
export function halfChordFrom(all: UnitVectors, question: Question): (index: number) => number {
  const { x, y, z } = all;
  const lat = question.latDegrees * DEGREES_TO_RADIANS;
  const lon = question.lonDegrees * DEGREES_TO_RADIANS;
  const pointX = Math.cos(lat) * Math.cos(lon);
  const pointY = Math.cos(lat) * Math.sin(lon);
  const pointZ = Math.sin(lat);
  return (index) => {
    const dx = x[index] - pointX;
    const dy = y[index] - pointY;
    const dz = z[index] - pointZ;
    return (dx * dx + dy * dy + dz * dz) / 4;
  };
}

/** Inserts in order and returns the bound that the next candidate must beat. */
function keep(best: Neighbour[], candidate: Neighbour, wanted: number): number {
  if (best.length === wanted) best.pop();
  let place = best.length;
  while (place > 0 && best[place - 1].halfChordSquared > candidate.halfChordSquared) place--;
  best.splice(place, 0, candidate);
  return best.length === wanted ? best[wanted - 1].halfChordSquared : Infinity;
}

/** Index of the first element of an ascending array that is not below `value`. */
export function firstAtLeast(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
