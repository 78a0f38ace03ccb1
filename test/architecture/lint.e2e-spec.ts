import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { ROOT } from '../support/project.js';

const { default: config } = (await import(join(ROOT, 'eslint.config.mjs'))) as { default: Linter.Config[] };

/** What the rules on syntax, as they are set for every source, say of a text. */
function lint(text: string): string[] {
  const sets = config.flatMap(({ rules: own }) => (own?.['no-restricted-syntax'] ? [own['no-restricted-syntax']] : []));
  return sets.flatMap((rule) => {
    const own: Linter.Config = {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser as Linter.Parser },
      rules: { 'no-restricted-syntax': rule },
    };
    return new Linter().verify(text, own, 'planted.ts').map(({ message }) => message);
  });
}

const SAGAS = `import { Saga } from '@nestjs/cqrs';\nexport class Sagas {\n  SAGA\n  sell = (): number => 1;\n}\n`;

describe('the linter', () => {
  it.each(['@Saga()', '@Saga'])(
    'refuses %s, in libs and everywhere: it carries nothing that must happen',
    (decorator) => {
      const told = '@Saga carries nothing that must happen: use a reaction on the feed.';
      expect(lint(SAGAS.replace('SAGA', decorator))).toEqual([told, told]);
    },
  );

  it('has nothing against ordinary decorators', () => {
    expect(lint(SAGAS.replace('SAGA', '@Reactor()'))).toEqual([]);
  });
});
