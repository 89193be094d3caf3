/** Checks answers against a search of all cities that shares no formula with the one that the workers use. */
import type { CityTable } from './cities.js';
import { type QuestionPool, questionAt, questionKey } from './queries.js';
import {
  ANSWER_CITIES,
  type AnsweredCity,
  bruteForce,
  distanceKm,
  halfChordFrom,
  type Question,
  type UnitVectors,
  unitVectors,
} from './search.js';

/** Answers are rounded to the metre; the rest is room for floating point. */
const TOLERANCE_KM = 0.000_51;

export interface Sample {
  readonly rank: number;
  readonly text: string;
}

export class AnswerChecker {
  readonly #cities: CityTable;
  readonly #questions: QuestionPool;
  readonly #vectors: UnitVectors;
  readonly #indexOfId = new Map<number, number>();
  readonly #truths = new Map<number, number[]>();

  constructor(cities: CityTable, questions: QuestionPool) {
    this.#cities = cities;
    this.#questions = questions;
    this.#vectors = unitVectors(cities);
    for (let index = 0; index < cities.count; index++) this.#indexOfId.set(cities.id[index], index);
  }

  /** What is wrong with the answer, or `undefined`. Cities at equal distance may stand in for each other. */
  fault({ rank, text }: Sample): string | undefined {
    const question = questionAt(this.#questions, rank);
    const truth = this.#truth(rank, question);
    const fault = this.#compare(text, question, truth);
    return fault && `nearest to ${questionKey(question)}: ${fault}; answered ${text}`;
  }

  #compare(text: string, question: Question, truth: readonly number[]): string | undefined {
    let answered: AnsweredCity[];
    try {
      answered = JSON.parse(text) as AnsweredCity[];
    } catch {
      return 'not JSON';
    }
    if (!Array.isArray(answered)) return 'not a list';
    if (answered.length !== truth.length) return `${answered.length} cities instead of ${truth.length}`;
    if (new Set(answered.map((city) => city?.id)).size !== truth.length) return 'a city is named twice';
    const distanceTo = halfChordFrom(this.#vectors, question);
    for (const [place, city] of answered.entries()) {
      const index = this.#indexOfId.get(city?.id);
      if (index === undefined) return `no city has the id ${city?.id}`;
      if (this.#cities.population[index] < question.minPopulation) return `${city.name} is too small`;
      if (!close(city.km, distanceKm(distanceTo(index)))) return `${city.name} is not ${city.km} km away`;
      if (!close(city.km, truth[place])) return `number ${place + 1} should be ${truth[place].toFixed(3)} km away`;
    }
    return undefined;
  }

  #truth(rank: number, question: Question): number[] {
    let truth = this.#truths.get(rank);
    if (truth === undefined) {
      const found = bruteForce(this.#vectors, question, ANSWER_CITIES);
      truth = found.map(({ halfChordSquared }) => distanceKm(halfChordSquared));
      this.#truths.set(rank, truth);
    }
    return truth;
  }
}

function close(left: number, right: number): boolean {
  return Math.abs(left - right) <= TOLERANCE_KM;
}
