/** The pool's worker, the same in both runs but for the cache behind `AnswerCache`. */
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { type AnswerCache, privateAnswers, sharedAnswers } from './answers.js';
import type { CityTable } from './cities.js';
import { type QuestionPool, questionAt, questionKey } from './queries.js';
import { answer } from './search.js';

export interface WorkerSetup {
  readonly cities: CityTable;
  readonly questions: QuestionPool;
  /** Rank of the question asked, query by query. */
  readonly stream: Uint32Array;
  /** Every so-manieth query of the stream is reported with its answer, to be checked. */
  readonly sampleEvery: number;
  /** Bytes of the private cache; `undefined` for the shared one. */
  readonly privateBytes?: number;
}

/** Queries `from` to `to` of the stream, or the exercise that compiles the search before the clock starts. */
export type Task = { readonly warmUp: number } | { readonly from: number; readonly to: number };

export interface BatchResult {
  readonly thread: number;
  readonly hits: number;
  /** Answers that the cache had no room for. */
  readonly refused: number;
  readonly privateEntries: number;
  readonly privateBytes: number;
  readonly samples: readonly { readonly rank: number; readonly text: string }[];
}

const setup = workerData as WorkerSetup;
const cache: AnswerCache = setup.privateBytes === undefined ? sharedAnswers() : privateAnswers(setup.privateBytes);

export default function work(task: Task): BatchResult {
  return 'warmUp' in task ? warmUp(task.warmUp) : runBatch(task.from, task.to);
}

/** Searches from the unpopular end of the questions and stores nothing. */
function warmUp(searches: number): BatchResult {
  const { cities, questions } = setup;
  const ranks = questions.lat.length;
  for (let index = 0; index < searches; index++) {
    const question = questionAt(questions, ranks - 1 - (index % ranks));
    if (cache.get(questionKey(question)) === undefined) answer(cities, question);
  }
  return result(0, 0, []);
}

function runBatch(from: number, to: number): BatchResult {
  const { cities, questions, stream, sampleEvery } = setup;
  const samples: { rank: number; text: string }[] = [];
  let hits = 0;
  let refused = 0;
  for (let index = from; index < to; index++) {
    const rank = stream[index];
    const question = questionAt(questions, rank);
    const key = questionKey(question);
    let text = cache.get(key);
    if (text === undefined) {
      text = answer(cities, question);
      if (!cache.set(key, text)) refused++;
    } else {
      hits++;
    }
    if (index % sampleEvery === 0) samples.push({ rank, text });
  }
  return result(hits, refused, samples);
}

function result(hits: number, refused: number, samples: BatchResult['samples']): BatchResult {
  const { entries, bytes } = cache.privateUse();
  return { thread: threadId, hits, refused, privateEntries: entries, privateBytes: bytes, samples };
}
