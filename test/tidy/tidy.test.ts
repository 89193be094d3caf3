/**
 * Goal: the rules of style that a machine can check hold in every source file.
 * Oracle: the syntax tree of TypeScript. Each rule is first shown to fail on a fixture, at the right line.
 * Replay: `npx vitest run test/tidy`; each failure names file, line and mend.
 */
import { describe, expect, test } from 'vitest';
import { importDirection } from './import-rules.js';
import { fileLength, functionLength, lineLength, MAX_FILE_LINES, MAX_FUNCTION_LINES } from './size-rules.js';
import { describeViolation, type Rule, readSources, sourceOf } from './sources.js';
import { atomicsHome, decodingOfCopies, fileName, moduleUrlHome, statedGoal, timedAssertion } from './word-rules.js';

interface Case {
  readonly rule: Rule;
  /** Path, text and the line at which the rule must complain. */
  readonly wrong: readonly (readonly [path: string, text: string, line: number])[];
  readonly right: readonly (readonly [path: string, text: string])[];
}

const bodyOf = (count: number) => `{\n${'  run();\n'.repeat(count)}}`;
const shortest = MAX_FUNCTION_LINES - 1;

const cases: Record<string, Case> = {
  'files are short': {
    rule: fileLength,
    wrong: [['src/a.ts', 'run();\n'.repeat(MAX_FILE_LINES + 1), MAX_FILE_LINES + 1]],
    right: [['src/a.ts', 'run();\n'.repeat(MAX_FILE_LINES)]],
  },
  'lines are short': {
    rule: lineLength,
    wrong: [['src/a.ts', `run();\n// ${'x'.repeat(118)}\n`, 2]],
    right: [['src/a.ts', `// ${'x'.repeat(117)}\n`]],
  },
  'functions are short': {
    rule: functionLength,
    wrong: [
      ['src/a.ts', `run();\nfunction long() ${bodyOf(shortest)}`, 2],
      ['src/a.ts', `class A {\n  /** Why. */\n  long() ${bodyOf(shortest)}\n}`, 3],
      ['test/a.test.ts', `test('long', () => ${bodyOf(shortest)});`, 1],
    ],
    right: [
      ['src/a.ts', `function short() ${bodyOf(shortest - 1)}`],
      ['test/a.test.ts', `describe.each([1])('group', () => ${bodyOf(200)});`],
    ],
  },
  'imports point one way': {
    rule: importDirection,
    wrong: [
      ['native-layout/entry.ts', "import { page } from '../src/memory/slab.js';", 1],
      ['native-layout/entry.ts', "import { Packr } from 'msgpackr';", 1],
      ['src/memory/slab.ts', "run();\nexport { find } from '../table/find.js';", 2],
      ['src/codec/keys.ts', "import type { Ring } from '../ring/spsc.js';", 1],
      ['src/table/find.ts', "const m = await import('../threads/registry.js');", 1],
      ['src/table/find.ts', "type T = import('../api/tuple.js').Tuple;", 1],
      ['src/stats/counters.ts', "import { find } from '../table/find.js';", 1],
      ['src/threads/spawn.ts', "import { Cache } from '../cache.js';", 1],
      ['src/threads/spawn.ts', "import '../../workers/owner.js';", 1],
      ['src/novel/thing.ts', "import { a } from './a.js';", 1],
      ['bench/main.ts', "import { SuperCache } from '../src/index.js';", 1],
    ],
    right: [
      ['native-layout/print.ts', "import { readFileSync } from 'node:fs';\nimport { entry } from './entry.js';"],
      ['src/table/find.ts', "import { hash } from '../memory/hash.js';\nimport { key } from '../codec/keys.js';"],
      [
        'src/memory/slab.ts',
        "import { CacheError } from '../errors.js';\nimport { page } from '../../native-layout/page.js';",
      ],
      ['src/index.ts', "export { SuperCache } from './cache.js';\nexport type { Row } from './types.js';"],
      ['workers/owner.ts', "import { OwnerAgent } from '../src/threads/owner-agent.js';"],
      ['test/unit/a.test.ts', "import { find } from '../../src/table/find.js';"],
    ],
  },
  'one file says Atomics': {
    rule: atomicsHome,
    wrong: [
      ['src/table/find.ts', 'run();\nAtomics.load(words, 0);', 2],
      ['workers/owner.ts', 'const { load } = Atomics;', 1],
      ['src/table/find.ts', "globalThis['Atomics'].load(words, 0);", 1],
    ],
    right: [
      ['src/memory/atomics.ts', 'Atomics.load(words, 0);'],
      ['src/table/find.ts', '// Atomics would be too slow here.\nrun();'],
    ],
  },
  'live bytes are not decoded': {
    rule: decodingOfCopies,
    wrong: [
      ['src/codec/values.ts', 'run();\nbuffer.utf8Slice(0, 4);', 2],
      ['src/codec/values.ts', 'const decoder = new TextDecoder();', 1],
      ['src/codec/values.ts', "buffer['utf8Slice'](0, 4);", 1],
    ],
    right: [['src/codec/values.ts', '// never utf8Slice\nbuffer.latin1Slice(0, 4);']],
  },
  'import.meta has one home': {
    rule: moduleUrlHome,
    wrong: [['src/threads/spawn.ts', 'run();\nconst url = import.meta.url;', 2]],
    right: [['src/threads/location.ts', 'export const moduleUrl: string = import.meta.url;']],
  },
  'file names say the role': {
    rule: fileName,
    wrong: [
      ['src/table/table-manager.ts', 'run();', 1],
      ['test/support/testUtils.ts', 'run();', 1],
    ],
    right: [['src/table/find.ts', "run('util');"]],
  },
  'assertions do not read the wall clock': {
    rule: timedAssertion,
    wrong: [
      ['test/a.test.ts', 'run();\nexpect(Date.now() - start).toBeLessThan(5);', 2],
      ['test/a.test.ts', 'const elapsed = Date.now() - start;\nexpect(elapsed).toBeLessThan(5);', 2],
    ],
    right: [
      ['test/a.test.ts', 'const elapsed = performance.now() - start;\nexpect(elapsed).toBeLessThan(5);'],
      ['test/a.test.ts', 'const seed = 7;\nwhile (Date.now() < end) run();\nexpect(seed).toBe(7);'],
    ],
  },
  'test files state their goal': {
    rule: statedGoal,
    wrong: [['test/unit/a.test.ts', "import { test } from 'vitest';", 1]],
    right: [['test/unit/a.test.ts', "/** Goal: … */\nimport { test } from 'vitest';"]],
  },
};

const sources = readSources();

describe.each(Object.entries(cases))('%s', (_, { rule, wrong, right }) => {
  test.each(wrong)('refused: %s, case %$', (path, text, line) => {
    expect(rule(sourceOf(path, text)).map((violation) => violation.line)).toEqual([line]);
  });

  test.each(right)('accepted: %s, case %$', (path, text) => {
    expect(rule(sourceOf(path, text))).toEqual([]);
  });

  test('in every source file', () => {
    expect(sources.flatMap(rule).map(describeViolation).join('\n')).toBe('');
  });
});

test('the walk finds the sources', () => {
  const paths = sources.map((source) => source.path);
  for (const path of ['build.mjs', 'src/index.ts', 'test/tidy/tidy.test.ts']) expect(paths).toContain(path);
});
