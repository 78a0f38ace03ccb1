import { describe, expect, it } from '@jest/globals';
import { filesBelow, textOf } from '../support/project.js';

/** Lines of code, comments and blanks aside, that a platform lib may have. Raising one takes an ADR (6, 8, 13, 21, 33). */
const BUDGETS: Record<string, number> = {
  kernel: 600,
  config: 200,
  telemetry: 500,
  health: 300,
  persistence: 900,
  jobs: 2_000,
  http: 2_550,
  eventing: 3_000,
};

const sources = filesBelow('libs', '.ts').concat(filesBelow('apps', '.ts'));
const code = sources.filter((path) => !path.endsWith('.spec.ts') && !path.endsWith('metadata.ts'));

function linesOfCode(path: string): number {
  const text = textOf(path).replace(/\/\*[\s\S]*?\*\//g, '');
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

describe('house rules', () => {
  it.each(Object.entries(BUDGETS))('keeps libs/platform/%s within its budget of %d lines', (lib, budget) => {
    const own = code.filter((path) => path.startsWith(`libs/platform/${lib}/src/`));
    expect(own.reduce((sum, path) => sum + linesOfCode(path), 0)).toBeLessThanOrEqual(budget);
  });

  it('gives every platform lib a budget', () => {
    const libs = new Set(
      code.filter((path) => path.startsWith('libs/platform/')).map((path) => path.split('/')[2] ?? ''),
    );
    expect([...libs].filter((lib) => !(lib in BUDGETS))).toEqual([]);
  });

  it('keeps files small', () => {
    expect(code.filter((path) => linesOfCode(path) > 250)).toEqual([]);
  });

  it('gives every command and query exactly one handler', () => {
    const all = code.map(textOf).join('\n');
    const messages = [...all.matchAll(/class (\w+) extends (Command|Query)\b/g)].map(([, name = '', kind = '']) => ({
      name,
      kind,
    }));
    const wrong = messages.filter(
      ({ name, kind }) => [...all.matchAll(new RegExp(`@${kind}Handler\\(${name}\\)`, 'g'))].length !== 1,
    );
    expect(messages.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('lets each migration touch one schema only', () => {
    const touched = filesBelow('libs/platform/persistence/migrations', '.ts')
      .filter((path) => /\/\d{14}-/.test(path))
      .map((path) => {
        const [, context = ''] = /\/\d{14}-([a-z]+)-/.exec(path) ?? [];
        const text = textOf(path);
        const named = [
          ...text.matchAll(
            /(?:table|view|index \w+\s+on|schema\(|guard\(|acrossTenants\(|function|sequence|update|into)\s*[`']?(?:if not exists )?([a-z_]+)\./g,
          ),
        ];
        return {
          path,
          foreign: [...new Set(named.map(([, schema]) => schema))].filter((schema) => schema !== context),
        };
      });
    expect(touched.filter(({ foreign }) => foreign.length > 0)).toEqual([]);
  });

  it('has no default exports, no inner barrels and no forwardRef', () => {
    const barrels = code.filter(
      (path) => path.endsWith('/index.ts') && !/^libs\/(?:platform\/)?[^/]+\/src\/index\.ts$/.test(path),
    );
    const careless = code.filter((path) => /export default|export \* from|forwardRef\(/.test(textOf(path)));
    expect({ barrels, careless }).toEqual({ barrels: [], careless: [] });
  });
});
